/** What OSS's headers say of an object, and the headers that say it to OSS. */
import type { StoredObject } from './object-store.ts';
import type { OssOptions } from './oss-options.ts';

const META = 'x-oss-meta-';

/** `res.headers` of any answer of ali-oss; its own types say too little. */
export function responseHeaders(res: unknown): ReadonlyMap<string, string> {
  const headers = typeof res === 'object' && res !== null && 'headers' in res ? res.headers : undefined;
  const pairs = typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
  return new Map(pairs.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

export function storedObject(headers: ReadonlyMap<string, string>): StoredObject {
  return {
    sizeBytes: Number(headers.get('content-length')),
    crc64: headers.get('x-oss-hash-crc64ecma'),
    metadata: Object.fromEntries(
      [...headers]
        .filter(([name]) => name.startsWith(META))
        .map(([name, value]) => [name.slice(META.length), value]),
    ),
  };
}

/** Said when an upload begins; OSS takes them at no later time. @throws RangeError for metadata OSS would mangle */
export function uploadHeaders(
  options: Pick<OssOptions, 'serverSideEncryption' | 'kmsKeyId' | 'storageClass' | 'tagging'>,
  metadata: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (options.serverSideEncryption !== undefined)
    headers['x-oss-server-side-encryption'] = options.serverSideEncryption;
  if (options.kmsKeyId !== undefined) headers['x-oss-server-side-encryption-key-id'] = options.kmsKeyId;
  if (options.storageClass !== undefined) headers['x-oss-storage-class'] = options.storageClass;
  if (options.tagging !== undefined)
    headers['x-oss-tagging'] = Object.entries(options.tagging)
      .map((tag) => tag.map(encodeURIComponent).join('='))
      .join('&');
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9-]+$/.test(name)) throw new RangeError(`Metadata name must be of a-z, 0-9 and -: ${name}`);
    if (!/^[\x20-\x7e]*$/.test(value) || value !== value.trim())
      throw new RangeError(`Metadata value must be printable ASCII without outer spaces: ${name}`);
    headers[`${META}${name}`] = value;
  }
  return headers;
}
