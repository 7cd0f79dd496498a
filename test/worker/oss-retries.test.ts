import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OssCall, OssFault } from '../../src/demo/oss/demo-oss.ts';
import { fixedCredentials } from '../../src/oss-credentials.ts';
import type { ObjectStore } from '../../src/worker/store/object-store.ts';
import { aPart } from '../contract/a-part.ts';
import {
  answersTo,
  callOf,
  type StartedStore,
  startedStore,
  storeErrorOf,
  storeOn,
} from './started-store.ts';

const KEY = 'shop/order-service/prod/a.hprof';
const { signal } = new AbortController();

let started: StartedStore;
/** urllib warns there, with URLs. */
const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
beforeEach(() => warned.mockClear());
afterEach(async () => {
  await started.stop();
  expect(warned).not.toHaveBeenCalled();
});

const asked = (operation: OssCall['operation']) => answersTo(started, operation);

/** One upload from the first call to the last, with everything a worker asks of a store. */
async function wholeUpload(store: ObjectStore, body: Buffer): Promise<Buffer> {
  const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
  await store.uploadPart(KEY, uploadId, await aPart(1, body), signal);
  const parts = await store.listParts(KEY, uploadId, signal);
  await store.completeUpload(KEY, uploadId, parts, signal);
  return buffer(await store.read(KEY, undefined, signal));
}

describe('trouble that passes is not seen by the worker', () => {
  const troubles: OssFault[] = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 429 },
    { kind: 'html', status: 502 },
    { kind: 'reset', afterBytes: 1000 },
    { kind: 'answer-lost' },
  ];
  const operations: OssCall['operation'][] = [
    'InitiateMultipartUpload',
    'UploadPart',
    'ListParts',
    'CompleteMultipartUpload',
    'HeadObject',
    'GetObject',
  ];

  it.each(troubles)('$kind $status $code', async (trouble) => {
    started = await startedStore();
    const { store, oss } = started;
    for (const operation of operations) oss.faults.next(trouble, callOf(operation));
    const body = randomBytes(120_000);

    const back = await wholeUpload(store, body);

    expect(back.equals(body)).toBe(true);
    expect(oss.faults.left()).toBe(0);
    expect(oss.objectKeys()).toEqual([KEY]);
  });

  it('OSS says that we were too slow', async () => {
    started = await startedStore();
    const { store, oss } = started;
    oss.faults.next({ kind: 'status', status: 400, code: 'RequestTimeout' }, callOf('UploadPart'));

    await wholeUpload(store, randomBytes(1000));

    expect(asked('UploadPart')).toEqual([400, 200]);
  });

  it('OSS is gone for a while', async () => {
    started = await startedStore({ retry: { attempts: 50, baseMs: 20, maxMs: 100 } });
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    oss.faults.goneFor(400);

    const part = await store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(200_000)), signal);

    expect(await store.listParts(KEY, uploadId, signal)).toEqual([part]);
  });

  it('a bit turns on the way: OSS sees it by the MD5 that we send, and gets the part again', async () => {
    started = await startedStore();
    const { store, oss } = started;
    oss.faults.next({ kind: 'flipped-bit' }, callOf('UploadPart'));
    const body = randomBytes(120_000);

    const back = await wholeUpload(store, body);

    expect(asked('UploadPart')).toEqual([400, 200]);
    expect(back.equals(body)).toBe(true);
  });

  it('OSS stored something else than we sent: its ETag tells, and the part goes again', async () => {
    started = await startedStore();
    const { store, oss } = started;
    oss.faults.next({ kind: 'wrong-etag' }, callOf('UploadPart'));

    await wholeUpload(store, randomBytes(120_000));

    expect(asked('UploadPart')).toEqual([200, 200]);
  });

  it('reading goes on at the byte where the connection broke', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const body = randomBytes(900_000);
    await wholeUpload(store, body);
    oss.requests.length = 0;
    oss.faults.next({ kind: 'reset', afterBytes: 300_000 }, callOf('GetObject'), 2);

    const back = await buffer(await store.read(KEY, { start: 10, end: 899_989 }, signal));

    expect(back.equals(body.subarray(10, 899_990))).toBe(true);
    expect(asked('GetObject').at(-1)).toBe(206);
    expect(asked('GetObject')).toHaveLength(3);
  });
});

describe('an answer that is lost', () => {
  it('to Complete: the object is there, and that is success', async () => {
    started = await startedStore();
    const { store, oss } = started;
    oss.faults.next({ kind: 'answer-lost' }, callOf('CompleteMultipartUpload'));
    const body = randomBytes(1000);

    expect((await wholeUpload(store, body)).equals(body)).toBe(true);
    expect(asked('CompleteMultipartUpload')).toEqual([undefined, 404]);
  });

  it('to Complete, with an object of another size in its place: that is not ours', async () => {
    started = await startedStore();
    const { store, client } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    const part = await store.uploadPart(KEY, uploadId, await aPart(1, 'ours'), signal);
    await store.abortUpload(KEY, uploadId, signal);
    await client().put(KEY, Buffer.from('of somebody else'));

    const error = await storeErrorOf(store.completeUpload(KEY, uploadId, [part], signal));

    expect(error.code).toBe('no-such-upload');
  });
});

describe('trouble that stays', () => {
  it.each<OssFault>([
    { kind: 'status', status: 503 },
    { kind: 'html', status: 502 },
    { kind: 'reset', afterBytes: 10 },
  ])('$kind $status: the store is called unreachable after as many attempts as allowed', async (trouble) => {
    started = await startedStore({ retry: { attempts: 3, baseMs: 1, maxMs: 2 } });
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    oss.faults.next(trouble, callOf('UploadPart'), 10);

    const error = await storeErrorOf(
      store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal),
    );

    expect(error.code).toBe('unreachable');
    expect(oss.faults.left()).toBe(7);
    if (trouble.kind === 'status')
      expect(error.vendor).toEqual({
        code: 'ServiceUnavailable',
        status: 503,
        requestId: expect.stringMatching(/^[0-9A-F]{24}$/),
      });
  });

  it('bits that always turn: a checksum that does not match', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    oss.faults.next({ kind: 'flipped-bit' }, callOf('UploadPart'), 4);

    const error = await storeErrorOf(
      store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal),
    );

    expect(error.code).toBe('checksum-mismatch');
    expect(oss.faults.left()).toBe(0);
  });

  it('an ETag that is never our MD5: a checksum that does not match', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    oss.faults.next({ kind: 'wrong-etag' }, callOf('UploadPart'), 4);

    const error = await storeErrorOf(
      store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal),
    );

    expect(error.code).toBe('checksum-mismatch');
  });

  it('unless KMS encrypts, where ETags are no MD5s, and the CRC-64 speaks for the part', async () => {
    started = await startedStore({ serverSideEncryption: 'KMS' });
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    oss.faults.next({ kind: 'wrong-etag' }, callOf('UploadPart'));

    await store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal);

    expect(asked('UploadPart')).toEqual([200]);
  });

  it('two checksums for one object: Complete says one and the object another', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    const part = await store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal);
    oss.faults.next({ kind: 'wrong-crc64' }, callOf('CompleteMultipartUpload'));

    const error = await storeErrorOf(store.completeUpload(KEY, uploadId, [part], signal));

    expect(error.code).toBe('checksum-mismatch');
  });
});

describe('what another try would not change is not tried again', () => {
  it('a key without the right', async () => {
    started = await startedStore();
    const { id, secret } = started.oss.accessKeys.download;
    const readOnly = fixedCredentials({ accessKeyId: id, accessKeySecret: secret });
    const store = storeOn(started, {}, readOnly);

    const error = await storeErrorOf(store.beginUpload({ objectKey: KEY, metadata: {} }, signal));

    expect(error).toMatchObject({ code: 'refused', vendor: { code: 'AccessDenied', status: 403 } });
    expect(asked('InitiateMultipartUpload')).toEqual([403]);
  });

  it('a bucket that is not there', async () => {
    started = await startedStore({ bucket: 'another-bucket' });

    const error = await storeErrorOf(started.store.beginUpload({ objectKey: KEY, metadata: {} }, signal));

    expect(error).toMatchObject({ code: 'refused', vendor: { code: 'NoSuchBucket', status: 404 } });
    expect(asked('InitiateMultipartUpload')).toEqual([404]);
  });
});
