/** Initiate, UploadPart, ListParts, Complete, Abort, ListMultipartUploads. */
import { randomBytes } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import type { PartEntry, UploadEntry } from './bucket-files.ts';
import { type Answer, type Exchange, xmlAnswer } from './exchange.ts';
import { OssError, toXml } from './oss-error.ts';
import { receiveFile } from './receive-file.ts';
import { checkKey, checkLength, checkMd5, describe, md5Of, one, refuseOverwrite } from './sent-object.ts';

/** https://www.alibabacloud.com/help/en/oss/user-guide/multipart-upload */
const MAX_PARTS = 10_000;
const MIN_PART_BYTES = 100 * 1024;
const MAX_PART_BYTES = 5 * 1024 ** 3;
const MAX_COMPLETE_BYTES = 4 * 1024 ** 2;

export function initiate({ address, headers, files, now }: Exchange): Answer {
  checkKey(address.key);
  const described = describe(headers);
  refuseOverwrite(files, address.key, described.forbidOverwrite);
  const upload: UploadEntry = {
    uploadId: randomBytes(16).toString('hex').toUpperCase(),
    key: address.key,
    initiated: now(),
    ...described,
    parts: new Map(),
  };
  files.uploads.set(upload.uploadId, upload);
  return xmlAnswer(
    toXml({
      InitiateMultipartUploadResult: {
        Bucket: address.bucket,
        Key: address.key,
        UploadId: upload.uploadId,
      },
    }),
    encryptionOf(upload),
  );
}

export async function uploadPart(exchange: Exchange): Promise<Answer> {
  const { address, headers, body, files } = exchange;
  const number = Number(address.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS)
    throw new OssError(
      400,
      'InvalidArgument',
      `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive.`,
      '0042-00000103',
      { ArgumentName: 'partNumber', ArgumentValue: address.query.get('partNumber') ?? '' },
    );
  checkLength(headers);
  if (Number(one(headers, 'content-length') ?? 0) > MAX_PART_BYTES)
    throw new OssError(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size.');
  const upload = existing(exchange);
  const received = await receiveFile(body, files.incomingFile());
  try {
    checkMd5(headers, received);
    existing(exchange); // aborted or completed while the part was on its way
  } catch (error) {
    await files.drop(received);
    throw error;
  }
  const part = await files.putPart(upload, number, received);
  return {
    status: 200,
    headers: {
      etag: part.etag,
      'content-md5': received.md5.toString('base64'),
      'x-oss-hash-crc64ecma': String(part.crc64),
      ...encryptionOf(upload),
    },
  };
}

export function listParts(exchange: Exchange): Answer {
  const { address, largestPage } = exchange;
  const upload = existing(exchange);
  const marker = Number(address.query.get('part-number-marker') || 0);
  const most = Math.min(largestPage, Number(address.query.get('max-parts') || 1000));
  const after = [...upload.parts.values()].filter(({ number }) => number > marker).sort(byNumber);
  const page = after.slice(0, most);
  return xmlAnswer(
    toXml({
      ListPartsResult: {
        Bucket: address.bucket,
        Key: upload.key,
        UploadId: upload.uploadId,
        PartNumberMarker: marker,
        NextPartNumberMarker: page.at(-1)?.number ?? marker,
        MaxParts: most,
        IsTruncated: after.length > page.length,
        Part: page.map((part) => ({
          PartNumber: part.number,
          LastModified: new Date(part.lastModified).toISOString(),
          ETag: part.etag,
          HashCrc64ecma: String(part.crc64),
          Size: part.sizeBytes,
        })),
      },
    }),
  );
}

export async function complete(exchange: Exchange): Promise<Answer> {
  const { address, headers, files } = exchange;
  const body = await readSmall(exchange);
  const upload = existing(exchange);
  const parts = namedParts(upload, body);
  const forbidden = upload.forbidOverwrite || one(headers, 'x-oss-forbid-overwrite') === 'true';
  refuseOverwrite(files, address.key, forbidden);
  const entry = await files.complete(upload, parts);
  return xmlAnswer(
    toXml({
      CompleteMultipartUploadResult: {
        Location: `http://${address.host}/${address.key}`,
        Bucket: address.bucket,
        Key: address.key,
        ETag: entry.etag,
      },
    }),
    { etag: entry.etag, 'x-oss-hash-crc64ecma': String(entry.crc64), ...encryptionOf(upload) },
  );
}

export async function abort(exchange: Exchange): Promise<Answer> {
  await exchange.files.abort(existing(exchange));
  return { status: 204 };
}

export function listUploads({ address, files, largestPage }: Exchange): Answer {
  const { query } = address;
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const most = Math.min(largestPage, Number(query.get('max-uploads') || 1000));
  const after = [...files.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .filter(
      ({ key, uploadId }) => key > keyMarker || (idMarker !== '' && key === keyMarker && uploadId > idMarker),
    )
    .sort((a, b) => (`${a.key}\0${a.uploadId}` < `${b.key}\0${b.uploadId}` ? -1 : 1));
  const page = after.slice(0, most);
  return xmlAnswer(
    toXml({
      ListMultipartUploadsResult: {
        Bucket: address.bucket,
        Prefix: prefix,
        KeyMarker: keyMarker,
        UploadIdMarker: idMarker,
        NextKeyMarker: page.at(-1)?.key ?? '',
        NextUploadIdMarker: page.at(-1)?.uploadId ?? '',
        MaxUploads: most,
        IsTruncated: after.length > page.length,
        Upload: page.map((upload) => ({
          Key: upload.key,
          UploadId: upload.uploadId,
          StorageClass: upload.headers['x-oss-storage-class'],
          Initiated: new Date(upload.initiated).toISOString(),
        })),
      },
    }),
  );
}

function existing({ address, files }: Exchange): UploadEntry {
  const uploadId = address.query.get('uploadId') ?? '';
  const upload = files.uploads.get(uploadId);
  if (upload === undefined || upload.key !== address.key)
    throw new OssError(
      404,
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      '0042-00000002',
      { UploadId: uploadId },
    );
  return upload;
}

interface NamedPart {
  readonly PartNumber: string;
  readonly ETag: string;
}

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'Part' });

function namedParts(upload: UploadEntry, xml: string): PartEntry[] {
  const malformed = () =>
    new OssError(
      400,
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema.',
      '0042-00000003',
    );
  let named: readonly NamedPart[] | undefined;
  try {
    named = parser.parse(xml)?.CompleteMultipartUpload?.Part;
  } catch {
    throw malformed();
  }
  if (named === undefined || named.length === 0) throw malformed();
  let before = 0;
  const parts = named.map(({ PartNumber, ETag }) => {
    const number = Number(PartNumber);
    if (!(number > before))
      throw new OssError(
        400,
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts list must be specified in order by part number.',
        '0042-00000107',
        { UploadId: upload.uploadId, PartNumber: String(PartNumber) },
      );
    before = number;
    const part = upload.parts.get(number);
    if (part === undefined || bare(part.etag) !== bare(String(ETag)))
      throw new OssError(
        400,
        'InvalidPart',
        "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.",
        '0042-00000105',
        { UploadId: upload.uploadId, PartNumber: String(PartNumber), PartEtag: String(ETag) },
      );
    return part;
  });
  for (const part of parts.slice(0, -1))
    if (part.sizeBytes < MIN_PART_BYTES)
      throw new OssError(
        400,
        'EntityTooSmall',
        'Your proposed upload smaller than the minimum allowed size.',
        '0042-00000108',
        {
          ProposedSize: String(part.sizeBytes),
          MinSizeAllowed: String(MIN_PART_BYTES),
          PartNumber: String(part.number),
          ETag: part.etag,
        },
      );
  return parts;
}

async function readSmall({ body, headers }: Exchange): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_COMPLETE_BYTES)
      throw new OssError(400, 'MalformedXML', 'The XML you provided is too long.', '0042-00000004');
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  checkMd5(headers, { md5: md5Of(bytes) });
  return bytes.toString('utf8');
}

const encryptionOf = (upload: UploadEntry): Record<string, string> =>
  Object.fromEntries(
    Object.entries(upload.headers).filter(([name]) => name.startsWith('x-oss-server-side-encryption')),
  );

const bare = (etag: string): string => etag.replaceAll('"', '').toUpperCase();
const byNumber = (a: PartEntry, b: PartEntry): number => a.number - b.number;
