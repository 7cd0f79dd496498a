import { createHash } from 'node:crypto';
import type OSS from 'ali-oss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf, type StartedOss, startedOss } from './started-oss.ts';

let started: StartedOss;
let sdk: OSS;

beforeEach(async () => {
  started = await startedOss();
  sdk = started.client();
});
afterEach(() => started.stop());

const put = (key: string, body: string, headers: object = {}) => sdk.put(key, Buffer.from(body), { headers });
async function get(key: string, headers: Record<string, string> = {}, queries: object = {}) {
  const url = await sdk.signatureUrlV4('GET', 60, { queries }, key);
  const answer = await fetch(url, { headers });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

describe('an object', () => {
  it('is described by its headers as OSS describes it', async () => {
    await put('a.txt', '123456789', {
      'x-oss-storage-class': 'IA',
      'x-oss-server-side-encryption': 'AES256',
      'x-oss-meta-by': 'bot',
      'x-oss-tagging': 'a=b',
    });

    const { headers } = (await sdk.head('a.txt')).res as { headers: Record<string, string> };

    expect(headers).toMatchObject({
      server: 'AliyunOSS',
      'x-oss-request-id': expect.stringMatching(/^[0-9A-F]{24}$/),
      'content-length': '9',
      'content-type': 'text/plain',
      'accept-ranges': 'bytes',
      etag: `"${createHash('md5').update('123456789').digest('hex').toUpperCase()}"`,
      'x-oss-object-type': 'Normal',
      'x-oss-hash-crc64ecma': '11051210869376104954',
      'x-oss-storage-class': 'IA',
      'x-oss-server-side-encryption': 'AES256',
      'x-oss-meta-by': 'bot',
      'x-oss-tagging-count': '1',
    });
    expect(Date.parse(headers['last-modified'] ?? '')).not.toBeNaN();
  });

  it('that is not there: NoSuchKey', async () => {
    expect(await refusalOf(sdk.get('b'))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect(await refusalOf(sdk.head('b'))).toMatchObject({ status: 404, code: 'NoSuchKey' });
  });

  it('may be empty', async () => {
    await put('empty', '');

    expect(await get('empty')).toMatchObject({ status: 200, body: '' });
    expect(started.oss.objectKeys()).toEqual(['empty']);
  });

  it('keeps nothing of a body that does not fit its Content-MD5', async () => {
    const headers = { 'Content-MD5': createHash('md5').update('other').digest('base64') };

    expect(await refusalOf(put('a', 'x', headers))).toMatchObject({ status: 400, code: 'InvalidDigest' });
    expect(started.oss.objectKeys()).toEqual([]);
  });

  it('is not overwritten where that is forbidden', async () => {
    await put('a', 'first');
    const forbid = { 'x-oss-forbid-overwrite': 'true' };

    expect(await refusalOf(put('a', 'second', forbid))).toMatchObject({
      status: 409,
      code: 'FileAlreadyExists',
    });
    expect((await get('a')).body).toBe('first');
  });

  it('is deleted, and deleting it again is no error', async () => {
    await put('a', 'x');
    await sdk.delete('a');
    await sdk.delete('a');

    expect(started.oss.objectPath('a')).toBeUndefined();
  });

  it('lets the URL choose headers of the answer', async () => {
    await put('a', 'x');

    const answer = await get(
      'a',
      {},
      {
        'response-content-disposition': 'attachment; filename="b"',
        'response-content-type': 'application/x-hprof',
      },
    );

    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="b"');
    expect(answer.headers.get('content-type')).toBe('application/x-hprof');
  });
});

describe('a range', () => {
  beforeEach(() => put('a', '0123456789'));

  it.each([
    ['bytes=2-4', 'bytes 2-4/10', '234'],
    ['bytes=7-', 'bytes 7-9/10', '789'],
    ['bytes=-3', 'bytes 7-9/10', '789'],
    ['bytes=8-99', 'bytes 8-9/10', '89'],
    ['bytes=-99', 'bytes 0-9/10', '0123456789'],
  ])('%s', async (range, contentRange, body) => {
    const answer = await get('a', { range });

    expect(answer).toMatchObject({ status: 206, body });
    expect(answer.headers.get('content-range')).toBe(contentRange);
  });

  it.each(['bytes=10-', 'bytes=5-2', 'bytes=-', 'lines=1-2'])(
    '%s does not fit: the whole object, or 416 for who asks for the standard',
    async (range) => {
      expect(await get('a', { range })).toMatchObject({ status: 200, body: '0123456789' });

      const url = await sdk.signatureUrlV4(
        'GET',
        60,
        { headers: { 'x-oss-range-behavior': 'standard' } },
        'a',
      );
      const answer = await fetch(url, { headers: { range, 'x-oss-range-behavior': 'standard' } });

      expect(answer.status).toBe(416);
    },
  );
});

describe('a condition', () => {
  it('on the ETag', async () => {
    await put('a', 'x');
    const etag = (await get('a')).headers.get('etag') ?? '';

    expect((await get('a', { 'if-match': etag })).status).toBe(200);
    expect((await get('a', { 'if-match': '"other"' })).status).toBe(412);
    expect((await get('a', { 'if-none-match': etag })).status).toBe(304);
    expect((await get('a', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('on the time', async () => {
    await put('a', 'x');
    const before = new Date(Date.now() - 3_600_000).toUTCString();
    const after = new Date(Date.now() + 3_600_000).toUTCString();

    expect((await get('a', { 'if-modified-since': before })).status).toBe(200);
    expect((await get('a', { 'if-modified-since': after })).status).toBe(304);
    expect((await get('a', { 'if-unmodified-since': after })).status).toBe(200);
    expect((await get('a', { 'if-unmodified-since': before })).status).toBe(412);
  });
});

describe('a list of objects', () => {
  beforeEach(async () => {
    for (const key of ['prod/a/1', 'prod/a/2', 'prod/b', 'test/a']) await put(key, 'x');
  });

  it('has those of the prefix, in the order of their keys', async () => {
    const { objects } = await sdk.listV2({ prefix: 'prod/' }, {});
    expect(objects.map(({ name, size }) => `${name} ${size}`)).toEqual([
      'prod/a/1 1',
      'prod/a/2 1',
      'prod/b 1',
    ]);
  });

  it('folds what lies behind the delimiter', async () => {
    const answer = await sdk.listV2({ prefix: 'prod/', delimiter: '/' }, {});

    expect(answer.objects.map(({ name }) => name)).toEqual(['prod/b']);
    expect(answer.prefixes).toEqual(['prod/a/']);
  });

  it('comes in pages', async () => {
    const first = await sdk.listV2({ 'max-keys': 3 }, {});
    const { nextContinuationToken } = first as unknown as { nextContinuationToken: string };
    const second = await sdk.listV2({ 'max-keys': 3, 'continuation-token': nextContinuationToken }, {});
    const keys = [...first.objects, ...second.objects].map(({ name }) => name);

    expect([first.isTruncated, second.isTruncated]).toEqual([true, false]);
    expect(keys).toEqual(['prod/a/1', 'prod/a/2', 'prod/b', 'test/a']);
  });

  it('also in the older way', async () => {
    const first = await sdk.list({ 'max-keys': 3 }, {});
    const second = await sdk.list({ 'max-keys': 3, marker: first.nextMarker }, {});

    expect([...first.objects, ...second.objects].map(({ name }) => name)).toHaveLength(4);
  });
});

it('a call that the stand-in does not know is refused loudly', async () => {
  expect(await refusalOf(sdk.putACL('a', 'public-read'))).toMatchObject({
    status: 501,
    code: 'NotImplemented',
  });
});
