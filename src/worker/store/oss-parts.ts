/** Sending a part and listing parts, with the checks that ali-oss leaves to its caller. */
import type OSS from 'ali-oss';
import { z } from 'zod';
import { BytesInMemory } from './bytes-in-memory.ts';
import type { PartToSend, StoredPart } from './object-store.ts';
import type { OssCaller } from './oss-caller.ts';
import { ChecksumMismatch } from './oss-failure.ts';
import { responseHeaders } from './oss-object-headers.ts';

export interface PartOfUpload extends PartToSend {
  readonly objectKey: string;
  readonly uploadId: string;
}

/** OSS checks our MD5 of what arrived, and we check OSS's of what it stored. Nothing is hashed here. */
export function sendPart(
  caller: OssCaller,
  timeoutMs: number,
  { objectKey, uploadId, number, body, md5, crc64 }: PartOfUpload,
  signal: AbortSignal,
): Promise<StoredPart> {
  // ali-oss sends no Content-MD5 for parts unless told to.
  const headers = { 'Content-MD5': md5.toString('base64') };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return caller.call(
    {
      what: `Part ${number} of ${objectKey} could not be stored`,
      timeoutMs,
      run: async (client, timeout) => {
        const options: OSS.RequestOptions & { headers: object } = { timeout, headers: { ...headers } };
        const sent = await client.uploadPart(
          objectKey,
          uploadId,
          number,
          new BytesInMemory(bytes),
          0,
          bytes.length,
          options,
        );
        const answer = responseHeaders(sent.res);
        checkPart(md5, crc64, answer);
        return {
          number,
          sizeBytes: bytes.length,
          etag: sent.etag,
          crc64: answer.get('x-oss-hash-crc64ecma'),
        };
      },
    },
    signal,
  );
}

/**
 * A part's ETag is its MD5. OSS does not promise that for ever, least of all where KMS encrypts
 * (https://www.alibabacloud.com/help/en/oss/use-cases/can-i-use-etag-values-as-oss-md5-hashes-to-check-data-consistency),
 * so there the CRC-64, which it does promise, may speak for the part.
 */
function checkPart(md5: Buffer, crc64: string, headers: ReadonlyMap<string, string>): void {
  const theirs = headers.get('x-oss-hash-crc64ecma');
  if (theirs !== undefined && theirs !== crc64)
    throw new ChecksumMismatch('the CRC-64 that OSS gave is not that of the part');
  if (headers.get('etag')?.replaceAll('"', '').toLowerCase() === md5.toString('hex')) return;
  if (headers.get('x-oss-server-side-encryption') === 'KMS' && theirs === crc64) return;
  throw new ChecksumMismatch('the ETag that OSS gave is not the MD5 of the part');
}

/** One part comes as an object and several as an array, and every value is text. */
const listed = z.object({
  PartNumber: z.coerce.number().int().positive(),
  ETag: z.string(),
  Size: z.coerce.number().int().nonnegative(),
  HashCrc64ecma: z.string().optional(),
});
const listedParts = z.union([z.array(listed), listed.transform((part) => [part])]);

/** OSS gives at most 1000 parts at a time. */
const PAGE = 1000;

/**
 * @param after the number of the last part of the page before; 0 for the first page
 * @returns `next`: the `after` of the next page, if there is one
 */
export async function listPage(
  client: OSS,
  objectKey: string,
  uploadId: string,
  after: number,
  timeoutMs: number,
): Promise<{ parts: StoredPart[]; next: number | undefined }> {
  const query = { 'max-parts': PAGE, ...(after > 0 ? { 'part-number-marker': after } : {}) };
  const page = await client.listParts(objectKey, uploadId, query as OSS.ListPartsQuery, {
    timeout: timeoutMs,
  });
  const parts = listedParts.parse(page.parts).map(({ PartNumber, ETag, Size, HashCrc64ecma }) => ({
    number: PartNumber,
    sizeBytes: Size,
    etag: ETag,
    crc64: HashCrc64ecma,
  }));
  const next = String(page.isTruncated) === 'true' ? Number(page.nextPartNumberMarker) : undefined;
  return { parts, next };
}
