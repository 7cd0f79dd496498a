/** The bucket as a listing shows it, and the uploads that are under way. */
import { createOssClient } from '../../oss-client.ts';
import type { DemoOss } from '../oss/demo-oss.ts';
import type { Behind } from '../page/page-state.ts';

const MOST_OBJECTS = 50;

/** @returns a look at it; it asks for a listing only where there is something new to list */
export function watchBucket(oss: DemoOss): () => Promise<Behind['bucket']> {
  const { bucket, region, endpoint, accessKeys } = oss;
  const client = createOssClient(
    { bucket, region, endpoint, pathStyle: true, signatureVersion: 'v4' },
    { accessKeyId: accessKeys.download.id, accessKeySecret: accessKeys.download.secret },
  );
  let listed: { readonly keys: string; readonly objects: Behind['bucket']['objects'] } | undefined;

  async function objects(): Promise<Behind['bucket']['objects']> {
    const keys = oss.objectKeys().join('\n');
    if (listed?.keys === keys) return listed.objects;
    const answer = await client.listV2({ 'max-keys': '1000' });
    const found = (answer.objects ?? [])
      .map(({ name, size, lastModified }) => ({ key: name, sizeBytes: size, at: Date.parse(lastModified) }))
      .sort((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1))
      .slice(0, MOST_OBJECTS);
    listed = { keys, objects: found };
    return found;
  }

  return async () => ({
    name: bucket,
    objects: await objects(),
    arriving: oss.pendingUploads().map(({ key, parts }) => ({
      key,
      parts: parts.length,
      sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    })),
  });
}
