import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf, type StartedOss, startedOss } from './started-oss.ts';

let started: StartedOss;
const body = randomBytes(300_000);

beforeEach(async () => {
  started = await startedOss();
  await started.client().put('a', body);
  started.oss.requests.length = 0;
});
afterEach(() => started.stop());

const put = () => started.client().put('b', body);
const get = async () => (await started.client().get('a')).content as Buffer;
const statuses = () => started.oss.requests.map(({ status }) => status);

/** As text; the SDK's types do not know of it. */
const sizesOf = ({ parts }: { parts: readonly object[] }): unknown[] =>
  parts.map((part) => ('Size' in part ? part.Size : undefined));

describe('a fault', () => {
  it('is met once by the first call that it is meant for', async () => {
    const { faults } = started.oss;
    faults.next({ kind: 'status', status: 503 }, (call) => call.method === 'GET' && call.key === 'a');

    await put();
    expect(faults.left()).toBe(1);
    expect(await refusalOf(get())).toMatchObject({ status: 503, code: 'ServiceUnavailable' });
    expect(faults.left()).toBe(0);
    expect((await get()).equals(body)).toBe(true);
  });

  it('can be meant for one part', async () => {
    const { faults } = started.oss;
    faults.next({ kind: 'status', status: 500 }, ({ partNumber }) => partNumber === 2);
    const sdk = started.client();
    const { uploadId } = await sdk.initMultipartUpload('c');

    await sdk.uploadPart('c', uploadId, 1, body, 0, 10);
    expect(await refusalOf(sdk.uploadPart('c', uploadId, 2, body, 0, 10))).toMatchObject({
      code: 'InternalError',
    });
  });

  it('can come several times', async () => {
    started.oss.faults.next({ kind: 'status', status: 429 }, undefined, 2);

    expect(await refusalOf(get())).toMatchObject({ status: 429 });
    expect(await refusalOf(get())).toMatchObject({ status: 429 });
    await get();
  });

  it('html: a page of a proxy', async () => {
    started.oss.faults.next({ kind: 'html', status: 502 });

    expect(await refusalOf(get())).toMatchObject({
      status: 502,
      message: expect.stringContaining('raw xml'),
    });
  });

  it('reset: cuts a body on its way in, and nothing of it is kept', async () => {
    started.oss.faults.next({ kind: 'reset', afterBytes: 100_000 });

    expect(await refusalOf(put())).toMatchObject({ status: -1 });
    expect(started.oss.objectKeys()).toEqual(['a']);
  });

  it('reset: cuts a body on its way out', async () => {
    started.oss.faults.next({ kind: 'reset', afterBytes: 100_000 });
    const url = await started.client().signatureUrlV4('GET', 60, undefined, 'a');

    const answer = await fetch(url);

    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow();
  });

  it('flipped-bit: what comes in is not what was sent', async () => {
    started.oss.faults.next({ kind: 'flipped-bit' });
    const url = await started.client().signatureUrlV4('PUT', 60, undefined, 'b');

    await fetch(url, { method: 'PUT', body: Buffer.from([0, 0, 0]) });

    expect((await started.client().get('b')).content).toEqual(Buffer.from([1, 0, 0]));
  });

  it('wrong-etag and wrong-crc64: the answer lies', async () => {
    const { faults } = started.oss;
    const right = (await started.client().head('a')).res.headers as Record<string, string>;
    faults.next({ kind: 'wrong-etag' });
    faults.next({ kind: 'wrong-crc64' });

    const etagLies = (await started.client().head('a')).res.headers as Record<string, string>;
    const crcLies = (await started.client().head('a')).res.headers as Record<string, string>;

    expect(etagLies.etag).not.toBe(right.etag);
    expect(crcLies['x-oss-hash-crc64ecma']).not.toBe(right['x-oss-hash-crc64ecma']);
    expect(crcLies.etag).toBe(right.etag);
  });

  it('slow: so many bytes a second, at most', async () => {
    started.oss.faults.next({ kind: 'slow', bytesPerSecond: 600_000 });
    const before = Date.now();

    expect((await get()).equals(body)).toBe(true);

    expect(Date.now() - before).toBeGreaterThanOrEqual(450);
  });

  it('silence: the request is taken and not answered', async () => {
    started.oss.faults.next({ kind: 'silence' });
    const url = await started.client().signatureUrlV4('GET', 60, undefined, 'a');

    await expect(fetch(url, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    while (started.oss.requests.length === 0) await sleep(5);
    expect(statuses()).toEqual([undefined]);
  });

  it('wrong-size: HEAD and ListParts tell another', async () => {
    const { faults } = started.oss;
    const sdk = started.client();
    const { uploadId } = await sdk.initMultipartUpload('c');
    for (const number of [1, 2]) await sdk.uploadPart('c', uploadId, number, body, 0, 10);
    faults.next({ kind: 'wrong-size', by: -1 }, undefined, 2);

    const head = (await sdk.head('a')).res.headers as Record<string, string>;
    const query = { 'max-parts': 10, 'part-number-marker': 0, 'encoding-type': 'url' };
    const lied = await sdk.listParts('c', uploadId, query);
    const told = await sdk.listParts('c', uploadId, query);

    expect(head['content-length']).toBe('299999');
    expect(sizesOf(lied)).toEqual(['9', '9']);
    expect(sizesOf(told)).toEqual(['10', '10']);
  });

  it('key-expires: the call that meets it is the first that the key is too old for', async () => {
    const key = started.oss.keys.assumeRole('everything', 3_600_000);
    const sts = { accessKeyId: key.id, accessKeySecret: key.secret, stsToken: key.securityToken };
    const sdk = started.client({ ...sts, refreshSTSTokenInterval: 1 });
    await sdk.head('a');
    started.oss.faults.next({ kind: 'key-expires' });

    expect(await refusalOf(sdk.head('a'))).toMatchObject({ status: 403, code: 'SecurityTokenExpired' });
    expect(await refusalOf(sdk.head('a'))).toMatchObject({ status: 403, code: 'SecurityTokenExpired' });
    expect((await started.client().head('a')).status).toBe(200);
  });

  it('abort-leaves-parts: said to be done, and it is not', async () => {
    const sdk = started.client();
    const { uploadId } = await sdk.initMultipartUpload('c');
    await sdk.uploadPart('c', uploadId, 1, body, 0, 10);
    started.oss.faults.next({ kind: 'abort-leaves-parts' });

    await sdk.abortMultipartUpload('c', uploadId);
    expect(started.oss.pendingUploads()).toMatchObject([{ uploadId, parts: [{ number: 1 }] }]);
    await sdk.abortMultipartUpload('c', uploadId);
    expect(started.oss.pendingUploads()).toEqual([]);
  });

  it('answer-lost: it was done, and nobody was told', async () => {
    started.oss.faults.next({ kind: 'answer-lost' });

    expect(await refusalOf(put())).toMatchObject({ status: -1 });
    expect(started.oss.objectKeys()).toEqual(['a', 'b']);
  });
});

it('OSS can be slow for all uploads together, and fast again', async () => {
  const { faults } = started.oss;
  faults.rate(1_000_000);
  const before = Date.now();

  await Promise.all(['b', 'c'].map((key) => started.client().put(key, body)));
  expect(Date.now() - before).toBeGreaterThanOrEqual(500);

  faults.rate(100);
  const slow = started.client().put('d', body);
  faults.rate(undefined);
  await slow;
  expect(started.oss.objectKeys()).toEqual(['a', 'b', 'c', 'd']);
});

it('OSS can be gone, for connections that are open too, and come back', async () => {
  const { faults } = started.oss;
  const pending = refusalOf(
    (async () => {
      faults.next({ kind: 'silence' });
      return get();
    })(),
  );
  while (faults.left() !== 0 || started.oss.faults.gone) await sleep(5);

  faults.goneFor(60_000);

  expect(await pending).toMatchObject({ status: -1 });
  expect(await refusalOf(get())).toMatchObject({ status: -1 });
  faults.comeBack();
  expect((await get()).equals(body)).toBe(true);
});
