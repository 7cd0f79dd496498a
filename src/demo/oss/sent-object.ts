/** What the headers of a PUT or of an Initiate say about the object to be. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { BucketFiles } from './bucket-files.ts';
import { OssError } from './oss-error.ts';
import type { Received } from './receive-file.ts';

const KEPT = /^(content-(type|disposition|encoding|language)|cache-control|expires|x-oss-meta-.+)$/;
const STORAGE_CLASSES = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'];

export interface Described {
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: ReadonlyMap<string, string>;
  readonly forbidOverwrite: boolean;
}

export function describe(headers: IncomingHttpHeaders): Described {
  const kept: Record<string, string> = { 'content-type': 'application/octet-stream' };
  for (const [name, value] of Object.entries(headers)) if (KEPT.test(name)) kept[name] = String(value);
  const encryption = one(headers, 'x-oss-server-side-encryption');
  if (encryption !== undefined) {
    if (!['AES256', 'KMS', 'SM4'].includes(encryption))
      throw new OssError(
        400,
        'InvalidEncryptionAlgorithmError',
        'The Encryption Algorithm is not valid.',
        '0003-00000601',
      );
    kept['x-oss-server-side-encryption'] = encryption;
    const kmsKey = one(headers, 'x-oss-server-side-encryption-key-id');
    if (kmsKey !== undefined) kept['x-oss-server-side-encryption-key-id'] = kmsKey;
  }
  const storageClass = one(headers, 'x-oss-storage-class') ?? 'Standard';
  if (!STORAGE_CLASSES.includes(storageClass))
    throw new OssError(400, 'InvalidArgument', 'The storage class is not valid.', '0016-00000009');
  kept['x-oss-storage-class'] = storageClass;
  return {
    headers: kept,
    tags: new Map(new URLSearchParams(one(headers, 'x-oss-tagging') ?? '')),
    forbidOverwrite: one(headers, 'x-oss-forbid-overwrite') === 'true',
  };
}

export function refuseOverwrite(files: BucketFiles, key: string, forbidden: boolean): void {
  if (forbidden && files.objects.has(key))
    throw new OssError(
      409,
      'FileAlreadyExists',
      'The object you specified already exists and can not be overwritten.',
      '0026-00000015',
    );
}

export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes < 1 || bytes > 1023 || /^[/\\]/.test(key))
    throw new OssError(400, 'InvalidObjectName', 'The specified object is not valid.', '0002-00000212');
}

/** https://help.aliyun.com/en/oss/user-guide/http-status-code-411 */
export function checkLength(headers: IncomingHttpHeaders): void {
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    throw new OssError(
      411,
      'MissingContentLength',
      'You must provide the Content-Length HTTP header.',
      '0017-00000101',
    );
}

/** Content-MD5 is checked before anything is kept. */
export function checkMd5(headers: IncomingHttpHeaders, received: Pick<Received, 'md5'>): void {
  const given = one(headers, 'content-md5');
  if (given === undefined) return;
  const digest = Buffer.from(given, 'base64');
  if (digest.length !== 16)
    throw new OssError(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.', '0017-00000105');
  if (!digest.equals(received.md5))
    throw new OssError(
      400,
      'InvalidDigest',
      'The Content-MD5 you specified did not match what we received.',
      '0017-00000106',
      { ClientComputedContentDigest: given, ServerComputedContentDigest: received.md5.toString('base64') },
    );
}

export const md5Of = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();

export function one(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
