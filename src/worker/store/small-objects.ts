/** Objects that go out in one call, and the list of what a bucket holds. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type ListedObject, SMALL_OBJECT_BYTES, type SmallObject } from './object-store.ts';
import type { OssCaller } from './oss-caller.ts';
import { uploadHeaders } from './oss-object-headers.ts';
import type { OssOptions } from './oss-options.ts';

/** https://www.alibabacloud.com/help/en/oss/developer-reference/putobject @throws RangeError, StoreError */
export async function putSmall(
  caller: OssCaller,
  timeoutMs: number,
  options: OssOptions,
  { objectKey, body, contentType }: SmallObject,
  signal: AbortSignal,
): Promise<void> {
  if (body.byteLength > SMALL_OBJECT_BYTES)
    throw new RangeError(`Small object has ${body.byteLength} bytes: ${objectKey}`);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const headers = {
    // An archived object cannot be read before somebody restores it.
    ...uploadHeaders({ ...options, storageClass: 'Standard' }, {}),
    // ali-oss sends none unless told to.
    'Content-MD5': createHash('md5').update(bytes).digest('base64'),
  };
  await caller.call(
    {
      what: `Object ${objectKey} could not be stored`,
      timeoutMs,
      run: (client, timeout) =>
        client.put(objectKey, bytes, { timeout, mime: contentType, headers: { ...headers } }),
    },
    signal,
  );
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/listobjectsv2 gives at most 1000 at a time. */
const PAGE = 1000;

const page = z.object({
  objects: z.array(z.object({ name: z.string(), size: z.number().int().nonnegative() })),
  isTruncated: z.boolean(),
  nextContinuationToken: z.string().nullish(),
});

export async function* listObjects(
  caller: OssCaller,
  timeoutMs: number,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ListedObject> {
  for (let token: string | undefined; ; ) {
    const answer = await caller.call(
      {
        what: `Objects below "${prefix}" could not be listed`,
        timeoutMs,
        run: async (client, timeout) =>
          page.parse(
            await client.listV2(
              {
                prefix,
                'max-keys': PAGE,
                ...(token === undefined ? {} : { 'continuation-token': token }),
              },
              { timeout },
            ),
          ),
      },
      signal,
    );
    for (const { name, size } of answer.objects) yield { objectKey: name, sizeBytes: size };
    if (!answer.isTruncated) return;
    // Without it the first page would come for ever.
    if (!answer.nextContinuationToken) throw new Error(`Objects below "${prefix}": a page says no next one`);
    token = answer.nextContinuationToken;
  }
}
