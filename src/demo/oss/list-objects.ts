/** ListObjects and ListObjectsV2: prefix, delimiter, pages. */
import type { ObjectEntry } from './bucket-files.ts';
import { type Answer, type Exchange, xmlAnswer } from './exchange.ts';
import { toXml } from './oss-error.ts';

interface Page {
  readonly objects: readonly ObjectEntry[];
  readonly prefixes: readonly string[];
  /** The last name of the page, if more follow. */
  readonly next: string | undefined;
}

export function listObjects({ address, files, largestPage }: Exchange): Answer {
  const { query, bucket } = address;
  const most = Math.min(largestPage, Number(query.get('max-keys') || 100));
  const marker = query.get('marker') ?? '';
  const page = pageOf(files.objects, query.get('prefix') ?? '', query.get('delimiter') ?? '', marker, most);
  return xmlAnswer(
    toXml({
      ListBucketResult: {
        Name: bucket,
        Prefix: query.get('prefix') ?? '',
        Marker: marker,
        MaxKeys: most,
        Delimiter: query.get('delimiter') ?? '',
        IsTruncated: page.next !== undefined,
        ...(page.next === undefined ? {} : { NextMarker: page.next }),
        ...entries(page, true),
      },
    }),
  );
}

export function listObjectsV2({ address, files, largestPage }: Exchange): Answer {
  const { query, bucket } = address;
  const most = Math.min(largestPage, Number(query.get('max-keys') || 100));
  const token = query.get('continuation-token') ?? '';
  const after =
    token === '' ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64').toString('utf8');
  const page = pageOf(files.objects, query.get('prefix') ?? '', query.get('delimiter') ?? '', after, most);
  return xmlAnswer(
    toXml({
      ListBucketResult: {
        Name: bucket,
        Prefix: query.get('prefix') ?? '',
        StartAfter: query.get('start-after') ?? '',
        ContinuationToken: token,
        MaxKeys: most,
        Delimiter: query.get('delimiter') ?? '',
        IsTruncated: page.next !== undefined,
        ...(page.next === undefined
          ? {}
          : { NextContinuationToken: Buffer.from(page.next, 'utf8').toString('base64') }),
        ...entries(page, query.get('fetch-owner') === 'true'),
        KeyCount: page.objects.length + page.prefixes.length,
      },
    }),
  );
}

function pageOf(
  objects: ReadonlyMap<string, ObjectEntry>,
  prefix: string,
  delimiter: string,
  after: string,
  most: number,
): Page {
  // A name is a key, or what keys have in common up to the delimiter.
  const names = new Map<string, ObjectEntry | undefined>();
  for (const [key, entry] of objects) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut < 0) names.set(key, entry);
    else names.set(key.slice(0, cut + delimiter.length), undefined);
  }
  const sorted = [...names].filter(([name]) => name > after).sort(([a], [b]) => (a < b ? -1 : 1));
  const page = sorted.slice(0, most);
  return {
    objects: page.flatMap(([, entry]) => entry ?? []),
    prefixes: page.filter(([, entry]) => entry === undefined).map(([name]) => name),
    next: sorted.length > page.length ? page.at(-1)?.[0] : undefined,
  };
}

const OWNER = { ID: '1234567890123456', DisplayName: '1234567890123456' };

const entries = (page: Page, withOwner: boolean) => ({
  Contents: page.objects.map((entry) => ({
    Key: entry.key,
    LastModified: new Date(entry.lastModified).toISOString(),
    ETag: entry.etag,
    Type: entry.type,
    Size: entry.sizeBytes,
    StorageClass: entry.headers['x-oss-storage-class'],
    ...(withOwner ? { Owner: OWNER } : {}),
  })),
  CommonPrefixes: page.prefixes.map((Prefix) => ({ Prefix })),
});
