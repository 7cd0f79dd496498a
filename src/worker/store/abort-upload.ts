/**
 * Aborting, until nothing is left. OSS does not delete a part that is on its way while its upload is aborted:
 * https://www.alibabacloud.com/help/en/oss/developer-reference/abortmultipartupload
 */
import type OSS from 'ali-oss';
import { backOffMs, type RetryOptions } from './back-off.ts';
import { StoreError } from './object-store.ts';
import { type OssCaller, pause } from './oss-caller.ts';
import { listPage } from './oss-parts.ts';

export interface Aborting {
  readonly caller: OssCaller;
  readonly timeoutMs: number;
  readonly retry: RetryOptions;
  readonly random: () => number;
}

export async function abortUntilGone(
  aborting: Aborting,
  objectKey: string,
  uploadId: string,
  signal: AbortSignal,
): Promise<void> {
  const { caller, timeoutMs, retry, random } = aborting;
  const what = `Upload of ${objectKey} could not be aborted`;
  const isGone = (run: (client: OSS, timeoutMs: number) => Promise<unknown>): Promise<boolean> =>
    caller.call({ what, timeoutMs, run }, signal).then(
      () => false,
      (error: unknown) => {
        if (error instanceof StoreError && error.code === 'no-such-upload') return true;
        throw error;
      },
    );

  for (let times = 1; ; times += 1) {
    await isGone((client, timeout) => client.abortMultipartUpload(objectKey, uploadId, { timeout }));
    if (await isGone((client, timeout) => listPage(client, objectKey, uploadId, 0, timeout))) return;
    if (times >= retry.attempts)
      throw new StoreError('unreachable', `${what}: it was there again after ${times} times`);
    await pause(backOffMs(retry, times, random), what, signal);
  }
}

/** @returns how many there were */
export async function abortStrays(
  aborting: Aborting,
  objectKey: string,
  keepUploadId: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const all = await uploadsOf(aborting, objectKey, signal);
  const strays = all.filter((uploadId) => uploadId !== keepUploadId);
  for (const uploadId of strays) await abortUntilGone(aborting, objectKey, uploadId, signal);
  return strays.length;
}

/** OSS gives at most 1000 uploads at a time. */
const PAGE = 1000;

async function uploadsOf(
  { caller, timeoutMs }: Aborting,
  objectKey: string,
  signal: AbortSignal,
): Promise<string[]> {
  const found: string[] = [];
  for (let after: { 'key-marker': string; 'upload-id-marker': string } | undefined; ; ) {
    const query = { prefix: objectKey, 'max-uploads': PAGE, ...after };
    const page = await caller.call(
      {
        what: `Uploads of ${objectKey} could not be listed`,
        timeoutMs,
        run: (client, timeout) => client.listUploads(query, { timeout }),
      },
      signal,
    );
    const ofKey = page.uploads.filter(({ name }) => name === objectKey);
    found.push(...ofKey.map(({ uploadId }) => uploadId));
    // By key in order: of all with this prefix, the key itself comes first.
    if (!page.isTruncated || ofKey.length < page.uploads.length) return found;
    after = { 'key-marker': page.nextKeyMarker, 'upload-id-marker': page.nextUploadIdMarker };
  }
}
