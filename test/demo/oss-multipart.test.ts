import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type OSS from 'ali-oss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf, type StartedOss, startedOss } from './started-oss.ts';

const MIN = 102_400;
let started: StartedOss;
let sdk: OSS;
let uploadId: string;

beforeEach(async () => {
  started = await startedOss();
  sdk = started.client();
  ({ uploadId } = await sdk.initMultipartUpload('a.hprof'));
});
afterEach(() => started.stop());

interface Sent {
  readonly number: number;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function send(number: number, body: Buffer, headers: Record<string, string> = {}): Promise<Sent> {
  const options: OSS.RequestOptions & { headers: object } = { headers };
  const sent = await sdk.uploadPart('a.hprof', uploadId, number, body, 0, body.length, options);
  return { number, etag: sent.etag, headers: sent.res.headers as Record<string, string> };
}
const complete = (parts: readonly Pick<Sent, 'number' | 'etag'>[], headers: object = {}) =>
  sdk.completeMultipartUpload('a.hprof', uploadId, [...parts], { headers });
const md5 = (...bytes: Buffer[]): Buffer => createHash('md5').update(Buffer.concat(bytes)).digest();

describe('a multipart upload', () => {
  it('gives MD5s as ETags of parts, and the MD5 of those with their count as that of the object', async () => {
    const bodies = [randomBytes(MIN), randomBytes(5)] as const;
    const parts = [await send(1, bodies[0]), await send(2, bodies[1])];

    const done = await complete(parts);

    expect(parts.map(({ etag }) => etag)).toEqual(
      bodies.map((body) => `"${md5(body).toString('hex').toUpperCase()}"`),
    );
    const whole = md5(md5(bodies[0]), md5(bodies[1])).toString('hex').toUpperCase();
    expect(done.etag).toBe(`"${whole}-2"`);
    expect(await readFile(started.oss.objectPath('a.hprof') ?? '')).toEqual(Buffer.concat(bodies));
  });

  it('tells the CRC-64 of a part', async () => {
    expect((await send(1, Buffer.from('123456789'))).headers['x-oss-hash-crc64ecma']).toBe(
      '11051210869376104954',
    );
  });

  it('drops the parts that Complete does not name', async () => {
    await send(1, randomBytes(MIN));
    const second = await send(2, Buffer.from('only this'));

    await complete([second]);

    expect((await sdk.get('a.hprof')).content.toString()).toBe('only this');
  });

  it('is gone once it is completed or aborted', async () => {
    const part = await send(1, Buffer.from('x'));
    await complete([part]);
    const gone = { status: 404, code: 'NoSuchUpload' };

    expect(await refusalOf(complete([part]))).toMatchObject(gone);
    expect(await refusalOf(send(2, Buffer.from('x')))).toMatchObject(gone);
    expect(await refusalOf(sdk.abortMultipartUpload('a.hprof', uploadId))).toMatchObject(gone);
    ({ uploadId } = await sdk.initMultipartUpload('a.hprof'));
    await sdk.abortMultipartUpload('a.hprof', uploadId);
    expect(await refusalOf(send(1, Buffer.from('x')))).toMatchObject(gone);
  });

  it('belongs to its key', async () => {
    expect(await refusalOf(sdk.abortMultipartUpload('b.hprof', uploadId))).toMatchObject({
      code: 'NoSuchUpload',
    });
  });
});

describe('Complete refuses', () => {
  it('a part below 100 KB that is not the last', async () => {
    const parts = [await send(1, randomBytes(MIN - 1)), await send(2, Buffer.from('x'))];
    expect(await refusalOf(complete(parts))).toMatchObject({ status: 400, code: 'EntityTooSmall' });

    const first = await send(1, randomBytes(MIN));
    await complete([first, ...parts.slice(1)]);
    expect(started.oss.objectKeys()).toEqual(['a.hprof']);
  });

  it('a part that is not there, or has another ETag', async () => {
    const part = await send(1, Buffer.from('x'));
    const invalid = { status: 400, code: 'InvalidPart' };

    expect(await refusalOf(complete([part, { number: 2, etag: part.etag }]))).toMatchObject(invalid);
    expect(await refusalOf(complete([{ number: 1, etag: `"${'0'.repeat(32)}"` }]))).toMatchObject(invalid);
  });

  it('an empty list, and what is no list', async () => {
    expect(await refusalOf(complete([]))).toMatchObject({ status: 400, code: 'MalformedXML' });
  });

  it('parts out of order', async () => {
    const parts = [await send(1, randomBytes(MIN)), await send(2, Buffer.from('x'))].reverse();
    const xml = `<CompleteMultipartUpload>${parts
      .map(({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`)
      .join('')}</CompleteMultipartUpload>`;
    const url = await sdk.signatureUrlV4(
      'POST',
      60,
      { headers: { 'content-type': 'text/xml' }, queries: { uploadId } },
      'a.hprof',
    );

    const answer = await fetch(url, { method: 'POST', body: xml, headers: { 'content-type': 'text/xml' } });

    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<Code>InvalidPartOrder</Code>');
  });

  it('to overwrite, where that is forbidden', async () => {
    await sdk.put('a.hprof', Buffer.from('first'));
    const part = await send(1, Buffer.from('second'));

    expect(await refusalOf(complete([part], { 'x-oss-forbid-overwrite': 'true' }))).toMatchObject({
      status: 409,
      code: 'FileAlreadyExists',
    });
    expect((await sdk.get('a.hprof')).content.toString()).toBe('first');
    await complete([part]);
    expect((await sdk.get('a.hprof')).content.toString()).toBe('second');
  });
});

describe('UploadPart refuses', () => {
  it.each([0, 10_001, -1, 1.5])('part number %d', async (number) => {
    expect(await refusalOf(send(number, Buffer.from('x')))).toMatchObject({
      status: 400,
      code: 'InvalidArgument',
    });
  });

  it('a body that is not the one of the Content-MD5', async () => {
    const headers = { 'Content-MD5': md5(Buffer.from('other')).toString('base64') };

    expect(await refusalOf(send(1, Buffer.from('x'), headers))).toMatchObject({
      status: 400,
      code: 'InvalidDigest',
    });
    expect(await refusalOf(send(1, Buffer.from('x'), { 'Content-MD5': 'short' }))).toMatchObject({
      code: 'InvalidDigest',
    });
    expect(started.oss.pendingUploads()[0]?.parts).toEqual([]);
  });
});

describe('a part through a URL with a signed Content-MD5', () => {
  const body = randomBytes(2_000_000);
  const url = (version: string, number = 1): Promise<string> | string =>
    version === 'v4'
      ? sdk.signatureUrlV4(
          'PUT',
          60,
          {
            headers: { 'content-md5': md5(body).toString('base64') },
            queries: { partNumber: number, uploadId },
          },
          'a.hprof',
        )
      : started.client({ authorizationV4: false }).signatureUrl('a.hprof', {
          method: 'PUT',
          expires: 60,
          'content-md5': md5(body).toString('base64'),
          subResource: { partNumber: number, uploadId },
        } as OSS.SignatureUrlOptions);
  const put = async (to: string, bytes: Buffer, headers: Record<string, string> = {}) => {
    const answer = await fetch(to, { method: 'PUT', body: new Uint8Array(bytes), headers });
    return `${answer.status} ${/<Code>(\w+)/.exec(await answer.text())?.[1] ?? ''}`.trim();
  };
  const right = { 'Content-MD5': md5(body).toString('base64') };

  it.each(['v4', 'v1'])(
    'signed with %s, takes these bytes, with this header, and no others',
    async (version) => {
      const to = await url(version);
      const other = Buffer.from('other');

      expect(await put(to, body)).toBe('403 SignatureDoesNotMatch');
      expect(await put(to, other, { 'Content-MD5': md5(other).toString('base64') })).toBe(
        '403 SignatureDoesNotMatch',
      );
      expect(await put(to, body, { ...right, 'Content-Type': 'text/plain' })).toBe(
        '403 SignatureDoesNotMatch',
      );
      expect(await put(to, other, right)).toBe('400 InvalidDigest');
      expect(started.oss.pendingUploads()[0]?.parts).toEqual([]);
      expect(await put(to, body, right)).toBe('200');
      expect(await put(to, body, right)).toBe('200');
      expect(started.oss.pendingUploads()[0]?.parts).toEqual([{ number: 1, sizeBytes: body.length }]);
    },
  );

  it('has no upload any more once that is completed or aborted', async () => {
    const to = await url('v4');
    await complete([await send(1, Buffer.from('x'))]);

    expect(await put(to, body, right)).toBe('404 NoSuchUpload');
    ({ uploadId } = await sdk.initMultipartUpload('a.hprof'));
    const next = await url('v4');
    await sdk.abortMultipartUpload('a.hprof', uploadId);
    expect(await put(next, body, right)).toBe('404 NoSuchUpload');
  });

  it('needs a length, or chunks', async () => {
    const to = new URL(await url('v4'));
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(to.port), to.hostname, () => {
        const head = [`PUT ${to.pathname}${to.search} HTTP/1.1`, `Host: ${to.host}`, 'Connection: close'];
        socket.write(`${head.join('\r\n')}\r\nContent-MD5: ${right['Content-MD5']}\r\n\r\n`);
      });
      text(socket).then(resolve, reject);
    });

    expect(answer).toMatch(/^HTTP\/1\.1 411 .*<Code>MissingContentLength</s);
  });

  it('is counted each time that it comes, as far as it comes', async () => {
    const [first, second] = [await url('v4', 1), await url('v4', 2)];
    started.oss.faults.next({ kind: 'reset', afterBytes: 500_000 });
    await expect(put(first, body, right)).rejects.toThrow();
    await put(first, body, right);
    await put(second, body, right);

    expect([...started.oss.receivedPartBytes('a.hprof')]).toEqual([
      [1, body.length + 500_000],
      [2, body.length],
    ]);
    expect(started.oss.receivedPartBytes('b.hprof').size).toBe(0);
  });
});

it('an object of many parts is read across them, whole or in ranges', async () => {
  const bodies = [randomBytes(MIN), randomBytes(MIN + 1), randomBytes(7)];
  const parts: Sent[] = [];
  for (const [index, body] of bodies.entries()) parts.push(await send(index + 1, body));
  await complete(parts);
  const whole = Buffer.concat(bodies);

  for (const read of ['before', 'after'] as const) {
    if (read === 'after')
      expect((await readFile(started.oss.objectPath('a.hprof') ?? '')).equals(whole)).toBe(true);
    expect((await sdk.get('a.hprof')).content.equals(whole)).toBe(true);
    for (const [start, end] of [
      [0, 0],
      [MIN - 1, MIN],
      [10, 2 * MIN + 3],
      [2 * MIN + 1, whole.length - 1],
    ] as const) {
      const got = await sdk.get('a.hprof', { headers: { Range: `bytes=${start}-${end}` } });
      expect(got.content.equals(whole.subarray(start, end + 1))).toBe(true);
      expect(started.oss.requests.at(-1)?.bytes).toBe(end - start + 1);
    }
  }
});

it('can hash and count bytes without keeping them', async () => {
  await started.stop();
  started = await startedOss({ discard: true });
  sdk = started.client();
  ({ uploadId } = await sdk.initMultipartUpload('a.hprof'));
  const body = Buffer.from('123456789');

  await complete([await send(1, body)]);

  expect((await sdk.head('a.hprof')).res.headers).toMatchObject({
    'content-length': '9',
    'x-oss-hash-crc64ecma': '11051210869376104954',
  });
  expect(started.oss.objectPath('a.hprof')).toBeUndefined();
  expect(await refusalOf(sdk.get('a.hprof'))).toMatchObject({ status: 501 });
});

describe('lists', () => {
  it('parts by number, in pages', async () => {
    for (const number of [3, 1, 10]) await send(number, Buffer.from('x'));
    const query = { 'max-parts': 2, 'part-number-marker': 0, 'encoding-type': 'url' };

    const first = await sdk.listParts('a.hprof', uploadId, query);
    const second = await sdk.listParts('a.hprof', uploadId, { ...query, 'part-number-marker': 3 });

    expect(first.parts.map(({ PartNumber }) => String(PartNumber))).toEqual(['1', '3']);
    expect([first.isTruncated, first.nextPartNumberMarker].map(String)).toEqual(['true', '3']);
    expect([second.parts].flat().map(({ PartNumber }) => String(PartNumber))).toEqual(['10']);
    expect(String(second.isTruncated)).toBe('false');
  });

  it('uploads by key, in pages, and those of a prefix', async () => {
    await sdk.initMultipartUpload('b.hprof');
    await sdk.initMultipartUpload('b.hprof');
    const query = { 'max-uploads': 2, prefix: '' } as OSS.ListUploadsQuery;

    const first = await sdk.listUploads(query);
    const second = await sdk.listUploads({
      ...query,
      'key-marker': first.nextKeyMarker,
      'upload-id-marker': first.nextUploadIdMarker,
    } as unknown as OSS.ListUploadsQuery);
    const ofPrefix = await sdk.listUploads({ ...query, prefix: 'a' } as OSS.ListUploadsQuery);

    expect([...first.uploads, ...second.uploads].map(({ name }) => name)).toEqual([
      'a.hprof',
      'b.hprof',
      'b.hprof',
    ]);
    expect(new Set([...first.uploads, ...second.uploads].map((upload) => upload.uploadId)).size).toBe(3);
    expect(ofPrefix.uploads).toHaveLength(1);
  });
});
