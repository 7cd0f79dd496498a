/** A URL for one part, for a pod that has no credentials. */
import type { OssAddress } from '../../oss-client.ts';
import { checkLifetime, presign } from '../../oss-presign.ts';
import type { PartToPresign, PresignedPart } from './object-store.ts';
import type { OssCaller } from './oss-caller.ts';
import type { OssOptions } from './oss-options.ts';

export interface PartUrl extends PartToPresign {
  readonly objectKey: string;
  readonly uploadId: string;
  readonly number: number;
}

/** https://www.alibabacloud.com/help/en/oss/user-guide/multipart-upload */
const LARGEST_PART_BYTES = 5 * 1024 ** 3;
/** Looking up credentials; signing itself takes no time. */
const TIMEOUT_MS = 10_000;

export function podAddress(options: OssOptions): OssAddress {
  const { podEndpoint = options.endpoint, podCname = options.cname } = options;
  return {
    ...options,
    endpoint: podEndpoint,
    cname: podCname,
    pathStyle: podCname ? false : options.pathStyle,
  };
}

/**
 * The MD5 is signed, so the URL takes these bytes and no others. A Content-Type would be signed as well, and none is:
 * whoever sends one is refused. The length is not signed; the MD5 says it all.
 */
export async function presignPart(
  caller: OssCaller,
  address: OssAddress,
  { objectKey, uploadId, number, md5, sizeBytes, lifetimeMs }: PartUrl,
  signal: AbortSignal,
): Promise<PresignedPart> {
  checkLifetime(lifetimeMs);
  if (!Number.isInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > LARGEST_PART_BYTES)
    throw new RangeError(`A part must have 1 to ${LARGEST_PART_BYTES} bytes: ${sizeBytes}`);
  const contentMd5 = md5.toString('base64');
  const signed = await caller.call(
    {
      what: `Part ${number} of ${objectKey} could not be signed`,
      timeoutMs: TIMEOUT_MS,
      goodForMs: lifetimeMs,
      run: (_client, _timeoutMs, credentials) =>
        presign(address, credentials, {
          method: 'PUT',
          objectKey,
          lifetimeMs,
          headers: { 'content-md5': contentMd5 },
          queries: { partNumber: number, uploadId },
        }),
    },
    signal,
  );
  return { ...signed, headers: { 'Content-MD5': contentMd5 } };
}
