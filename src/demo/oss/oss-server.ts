/** The one port of the stand-in: who asks, may they, what is done, and what a fault makes of it. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Address, parseAddress } from './address.ts';
import { authenticate, type Gate } from './authenticate.ts';
import { CutByFault, troubled } from './body-trouble.ts';
import type { BucketFiles } from './bucket-files.ts';
import type { Answer, Exchange } from './exchange.ts';
import type { OssFault, OssFaults } from './faults.ts';
import { listObjects, listObjectsV2 } from './list-objects.ts';
import * as multipart from './multipart-operations.ts';
import * as objects from './object-operations.ts';
import { actionFor, type Operation, operationOf } from './operation.ts';
import { OssError } from './oss-error.ts';
import type { Pace } from './pace.ts';
import type { RequestLog } from './request-log.ts';
import { readSegments } from './segments.ts';

export interface Shop extends Gate {
  readonly bucket: string;
  readonly cnames: readonly string[];
  readonly files: BucketFiles;
  readonly largestPage: number;
  readonly faults: OssFaults;
  readonly pace: Pace;
  readonly log: RequestLog;
}

export async function serve(shop: Shop, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomBytes(12).toString('hex').toUpperCase();
  const method = request.method ?? '';
  const entry = shop.log.begin(method);
  const { socket } = request; // a request that has broken off knows it no more
  // A body that nobody wants is still taken, or the client would not get to read the answer.
  response.once('finish', () => {
    request.resume();
    entry.end(response.statusCode);
  });
  response.once('close', () => entry.end(response.headersSent ? response.statusCode : undefined));
  request.on('error', () => undefined);
  let fault: OssFault | undefined;
  try {
    let answer: Answer;
    try {
      const address = parseAddress(request, shop.bucket, shop.cnames);
      const operation = operationOf(method, address);
      const partNumber = address.query.has('partNumber')
        ? Number(address.query.get('partNumber'))
        : undefined;
      entry.describe(operation, address.key, partNumber);
      fault = shop.faults.take({ method, operation, key: address.key, partNumber });
      if (fault?.kind === 'silence') {
        request.resume();
        return;
      }
      answer = await answerTo(shop, request, address, operation, fault, entry);
    } catch (error) {
      if (!(error instanceof OssError)) throw error;
      answer = refusal(error, method, requestId, request.headers.host ?? '');
    }
    if (fault?.kind === 'answer-lost') throw new CutByFault('answer lost');
    await send(response, method, spoiled(answer, fault), requestId, fault, entry);
  } catch (error) {
    // A client that went away, or a fault that cuts: both end the connection. All else is the stand-in's own.
    if (!(error instanceof CutByFault) && !request.destroyed && !response.destroyed)
      console.error('stand-in OSS failed', error);
    reset(socket);
  }
}

async function answerTo(
  shop: Shop,
  request: IncomingMessage,
  address: Address,
  operation: Operation,
  fault: OssFault | undefined,
  entry: ReturnType<RequestLog['begin']>,
): Promise<Answer> {
  if (fault?.kind === 'html')
    return {
      status: fault.status,
      headers: { 'content-type': 'text/html' },
      body: '<html><head><title>Bad Gateway</title></head><body><hr><center>proxy</center></body></html>',
    };
  if (fault?.kind === 'status') throw statusError(fault.status, fault.code);
  if (fault?.kind === 'reset' && request.method !== 'PUT' && request.method !== 'GET')
    throw new CutByFault('cut before the answer');
  const key = authenticate(shop, request, address);
  if (fault?.kind === 'key-expires') {
    shop.keys.expire(key.id);
    authenticate(shop, request, address);
  }
  entry.signedBy(key.id);
  const action = actionFor(operation);
  if (action === undefined)
    throw new OssError(501, 'NotImplemented', 'The stand-in does not know this call.', '0000-00000000');
  if (key.allow !== 'everything' && !key.allow.includes(action))
    throw new OssError(
      403,
      'AccessDenied',
      'You have no right to access this object because of ram policy.',
      '0003-00000104',
      {
        AuthAction: action,
        AuthPrincipalType: key.securityToken === undefined ? 'SubUser' : 'AssumedRoleUser',
      },
    );
  if (address.bucket !== shop.bucket)
    throw new OssError(404, 'NoSuchBucket', 'The specified bucket does not exist.', '0015-00000101', {
      BucketName: address.bucket,
    });
  const exchange: Exchange = {
    address,
    headers: request.headers,
    body: entry.counted(shop.pace.paced(troubled(request.iterator({ destroyOnReturn: false }), fault))),
    files: shop.files,
    now: shop.now,
    largestPage: shop.largestPage,
  };
  if (fault?.kind === 'abort-leaves-parts' && operation === 'AbortMultipartUpload') return { status: 204 };
  return perform(operation, exchange);
}

async function perform(operation: Operation, exchange: Exchange): Promise<Answer> {
  switch (operation) {
    case 'ListObjects':
      return listObjects(exchange);
    case 'ListObjectsV2':
      return listObjectsV2(exchange);
    case 'ListMultipartUploads':
      return multipart.listUploads(exchange);
    case 'InitiateMultipartUpload':
      return multipart.initiate(exchange);
    case 'UploadPart':
      return multipart.uploadPart(exchange);
    case 'CompleteMultipartUpload':
      return multipart.complete(exchange);
    case 'AbortMultipartUpload':
      return multipart.abort(exchange);
    case 'ListParts':
      return multipart.listParts(exchange);
    case 'PutObject':
      return objects.putObject(exchange);
    case 'GetObject':
      return objects.getObject(exchange);
    case 'HeadObject':
    case 'GetObjectMeta':
      return objects.headObject(exchange);
    case 'GetObjectTagging':
      return objects.getObjectTagging(exchange);
    case 'DeleteObject':
      return objects.deleteObject(exchange);
    case 'Unknown':
      throw new Error('an unknown operation has no right and was refused before');
  }
}

function statusError(status: number, code: string | undefined): OssError {
  const usual: Readonly<Record<number, string>> = {
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
  };
  return new OssError(
    status,
    code ?? usual[status] ?? 'InternalError',
    'Please try again later.',
    '0000-00000001',
  );
}

/** A HEAD has no body: its error travels in a header, as base64. */
function refusal(error: OssError, method: string, requestId: string, host: string): Answer {
  const xml = error.toXml(requestId, host);
  const headers = { 'content-type': 'application/xml', 'x-oss-ec': error.ec };
  return method === 'HEAD'
    ? { status: error.status, headers: { ...headers, 'x-oss-err': Buffer.from(xml).toString('base64') } }
    : { status: error.status, headers, body: xml };
}

function spoiled(answer: Answer, fault: OssFault | undefined): Answer {
  const { headers } = answer;
  if (fault?.kind === 'wrong-etag' && headers?.etag !== undefined)
    return { ...answer, headers: { ...headers, etag: `"${'0'.repeat(32)}"` } };
  if (fault?.kind === 'wrong-crc64' && headers?.['x-oss-hash-crc64ecma'] !== undefined)
    return { ...answer, headers: { ...headers, 'x-oss-hash-crc64ecma': '1' } };
  if (fault?.kind === 'wrong-size') return otherSize(answer, fault.by);
  return answer;
}

function otherSize({ status, headers, body }: Answer, by: number): Answer {
  const length = headers?.['content-length'];
  return {
    status,
    headers: {
      ...headers,
      ...(length === undefined ? {} : { 'content-length': String(Number(length) + by) }),
    },
    ...(typeof body === 'string'
      ? { body: body.replace(/<Size>(\d+)</g, (_, size: string) => `<Size>${Number(size) + by}<`) }
      : {}),
  };
}

async function send(
  response: ServerResponse,
  method: string,
  answer: Answer,
  requestId: string,
  fault: OssFault | undefined,
  entry: ReturnType<RequestLog['begin']>,
): Promise<void> {
  response.writeHead(answer.status, {
    server: 'AliyunOSS',
    'x-oss-request-id': requestId,
    'x-oss-server-time': '1',
    ...lengthOf(answer),
    ...answer.headers,
  });
  if (answer.body === undefined || typeof answer.body === 'string' || method === 'HEAD') {
    entry.end(answer.status); // before a client can know of it
    response.end(method === 'HEAD' ? undefined : answer.body);
    return;
  }
  const { segments, start, end } = answer.body;
  const bytes = troubled(readSegments(segments, start, end), fault);
  const sent = entry.counted(bytes, { until: end - start + 1, status: answer.status });
  await pipeline(Readable.from(sent, { objectMode: false }), response);
}

function lengthOf({ status, body }: Answer): Record<string, number> {
  if (typeof body === 'string') return { 'content-length': Buffer.byteLength(body) };
  return body === undefined && status === 200 ? { 'content-length': 0 } : {};
}

/** As a broken network does it: no goodbye. */
function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy(); // not a plain TCP socket
  }
}
