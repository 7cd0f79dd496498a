/** PutObject, GetObject, HeadObject, DeleteObject, GetObjectTagging. */
import type { ObjectEntry } from './bucket-files.ts';
import { type Answer, type Exchange, xmlAnswer } from './exchange.ts';
import { OssError, toXml } from './oss-error.ts';
import { receiveFile } from './receive-file.ts';
import { checkKey, checkLength, checkMd5, describe, one, refuseOverwrite } from './sent-object.ts';

/** Query parameters that replace a header of the answer. */
const OVERRIDES = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
];

export async function putObject({ address, headers, body, files }: Exchange): Promise<Answer> {
  const { key } = address;
  checkKey(key);
  checkLength(headers);
  const described = describe(headers);
  refuseOverwrite(files, key, described.forbidOverwrite);
  const received = await receiveFile(body, files.incomingFile());
  try {
    checkMd5(headers, received);
    refuseOverwrite(files, key, described.forbidOverwrite);
  } catch (error) {
    await files.drop(received);
    throw error;
  }
  const entry = await files.putObject({ key, headers: described.headers, tags: described.tags }, received);
  return {
    status: 200,
    headers: {
      etag: entry.etag,
      'x-oss-hash-crc64ecma': String(entry.crc64),
      'content-md5': received.md5.toString('base64'),
      ...encryptionOf(entry),
    },
  };
}

export function getObject(exchange: Exchange): Answer {
  const entry = existing(exchange);
  const early = precondition(exchange, entry);
  if (early !== undefined) return early;
  const range = parseRange(exchange, entry.sizeBytes);
  const headers = { ...objectHeaders(entry), ...overrides(exchange) };
  if (range === undefined)
    return {
      status: 200,
      headers: { ...headers, 'content-length': String(entry.sizeBytes) },
      ...(entry.sizeBytes === 0
        ? {}
        : { body: { segments: kept(entry), start: 0, end: entry.sizeBytes - 1 } }),
    };
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(range.end - range.start + 1),
      'content-range': `bytes ${range.start}-${range.end}/${entry.sizeBytes}`,
    },
    body: { segments: kept(entry), ...range },
  };
}

export function headObject(exchange: Exchange): Answer {
  const entry = existing(exchange);
  return (
    precondition(exchange, entry) ?? {
      status: 200,
      headers: { ...objectHeaders(entry), 'content-length': String(entry.sizeBytes) },
    }
  );
}

/** 204 also if there was none. */
export async function deleteObject({ address, files }: Exchange): Promise<Answer> {
  await files.remove(address.key);
  return { status: 204 };
}

export function getObjectTagging(exchange: Exchange): Answer {
  const tags = [...existing(exchange).tags].map(([Key, Value]) => ({ Key, Value }));
  return xmlAnswer(toXml({ Tagging: { TagSet: { Tag: tags } } }));
}

function kept({ segments, sizeBytes }: ObjectEntry): ObjectEntry['segments'] {
  if (sizeBytes > 0 && segments.length === 0)
    throw new OssError(501, 'NotImplemented', 'The stand-in keeps no bytes.', '0000-00000000');
  return segments;
}

function existing({ address, files }: Exchange): ObjectEntry {
  const entry = files.objects.get(address.key);
  if (entry === undefined)
    throw new OssError(404, 'NoSuchKey', 'The specified key does not exist.', '0026-00000001', {
      Key: address.key,
    });
  return entry;
}

function objectHeaders(entry: ObjectEntry): Record<string, string> {
  return {
    ...entry.headers,
    etag: entry.etag,
    'last-modified': new Date(entry.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
    'x-oss-object-type': entry.type,
    'x-oss-hash-crc64ecma': String(entry.crc64),
    ...(entry.tags.size > 0 ? { 'x-oss-tagging-count': String(entry.tags.size) } : {}),
  };
}

const encryptionOf = (entry: Pick<ObjectEntry, 'headers'>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(entry.headers).filter(([name]) => name.startsWith('x-oss-server-side-encryption')),
  );

function overrides({ address }: Exchange): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = address.query.get(`response-${name}`);
    if (value !== undefined && value !== '') headers[name] = value;
  }
  return headers;
}

/** RFC 9110, 13.2.2, as far as OSS goes with it. */
function precondition({ headers }: Exchange, entry: ObjectEntry): Answer | undefined {
  const tags = (name: string) => one(headers, name)?.split(',').map(bare);
  const seconds = Math.floor(entry.lastModified / 1000) * 1000;
  const match = tags('if-match');
  const unmodifiedSince = Date.parse(one(headers, 'if-unmodified-since') ?? '');
  if (
    (match !== undefined && !match.includes('*') && !match.includes(bare(entry.etag))) ||
    (match === undefined && seconds > unmodifiedSince)
  )
    throw new OssError(
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold.',
      '0015-00000005',
    );
  const noneMatch = tags('if-none-match');
  const modifiedSince = Date.parse(one(headers, 'if-modified-since') ?? '');
  if (
    noneMatch?.includes('*') ||
    noneMatch?.includes(bare(entry.etag)) ||
    (noneMatch === undefined && seconds <= modifiedSince)
  )
    return { status: 304, headers: objectHeaders(entry) };
  return undefined;
}

const bare = (etag: string): string => etag.trim().replaceAll('"', '').toUpperCase();

/**
 * Without `x-oss-range-behavior: standard` OSS answers a range that does not fit with the whole object.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/getobject
 */
function parseRange({ headers }: Exchange, size: number): { start: number; end: number } | undefined {
  const text = one(headers, 'range');
  if (text === undefined) return undefined;
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(text) ?? [];
  if (from !== '' || to !== '') {
    const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
    const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
    if (start <= end && start < size) return { start, end };
  }
  if (one(headers, 'x-oss-range-behavior') !== 'standard') return undefined;
  throw new OssError(416, 'InvalidRange', 'The requested range cannot be satisfied.', '0016-00000011', {
    ActualObjectSize: String(size),
    RangeRequested: text,
  });
}
