import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { OssCall } from '../../src/demo/oss/demo-oss.ts';
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
afterEach(() => started.stop());

const asked = (operation: OssCall['operation']) => answersTo(started, operation);
const begin = () => started.store.beginUpload({ objectKey: KEY, metadata: {} }, signal);

describe('an upload that is aborted', () => {
  it('ends the parts that are under way, on the wire too', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await begin();
    oss.faults.next({ kind: 'silence' }, callOf('UploadPart'));
    const sending = storeErrorOf(store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal));
    while (oss.faults.left() > 0) await sleep(5);

    await store.abortUpload(KEY, uploadId, signal);

    expect(await sending).toMatchObject({ code: 'aborted' });
    while (asked('UploadPart').length === 0) await sleep(5);
    expect(asked('UploadPart')).toEqual([undefined]);
    expect(oss.pendingUploads()).toEqual([]);
  });

  it('does not end the parts of another upload', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const [aborted, other] = [await begin(), await begin()];
    oss.faults.next({ kind: 'slow', bytesPerSecond: 100_000 }, callOf('UploadPart'));
    const sending = store.uploadPart(KEY, other, await aPart(1, randomBytes(20_000)), signal);
    while (oss.faults.left() > 0) await sleep(5);

    await store.abortUpload(KEY, aborted, signal);

    expect(await sending).toMatchObject({ number: 1, sizeBytes: 20_000 });
  });

  it('is aborted again if OSS kept a part that was on its way', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await begin();
    await store.uploadPart(KEY, uploadId, await aPart(1, 'x'), signal);
    oss.faults.next({ kind: 'abort-leaves-parts' }, callOf('AbortMultipartUpload'), 2);

    await store.abortUpload(KEY, uploadId, signal);

    expect(asked('AbortMultipartUpload')).toEqual([204, 204, 204]);
    expect(oss.pendingUploads()).toEqual([]);
  });

  it('and is there again and again is said to be there', async () => {
    started = await startedStore({ retry: { attempts: 3, baseMs: 1, maxMs: 1 } });
    const { store, oss } = started;
    const uploadId = await begin();
    oss.faults.next({ kind: 'abort-leaves-parts' }, callOf('AbortMultipartUpload'), 3);

    const error = await storeErrorOf(store.abortUpload(KEY, uploadId, signal));

    expect(error.code).toBe('unreachable');
    expect(oss.pendingUploads()).toHaveLength(1);
  });
});

describe('an upload that nobody knows of, as the answer to its beginning was lost', () => {
  it('is found by its key and aborted', async () => {
    started = await startedStore();
    const { store, oss } = started;
    oss.faults.next({ kind: 'answer-lost' }, callOf('InitiateMultipartUpload'), 2);
    const uploadId = await begin();
    expect(oss.pendingUploads()).toHaveLength(3);

    expect(await store.abortStrayUploads(KEY, uploadId, signal)).toBe(2);

    expect(oss.pendingUploads().map((upload) => upload.uploadId)).toEqual([uploadId]);
  });

  it('is found among more than OSS lists at a time', async () => {
    started = await startedStore({}, { oss: { largestPage: 3 } });
    const { store, oss } = started;
    for (let count = 0; count < 8; count++) await begin();
    await store.beginUpload({ objectKey: `${KEY}.gz`, metadata: {} }, signal);

    expect(await store.abortStrayUploads(KEY, undefined, signal)).toBe(8);

    expect(oss.pendingUploads().map(({ key }) => key)).toEqual([`${KEY}.gz`]);
  });

  it('stays where the key may not list uploads, and the worker is told', async () => {
    started = await startedStore();
    const { id, secret } = started.oss.keys.create(['oss:PutObject', 'oss:AbortMultipartUpload']);
    const store = storeOn(started, {}, { get: async () => ({ accessKeyId: id, accessKeySecret: secret }) });

    const error = await storeErrorOf(store.abortStrayUploads(KEY, undefined, signal));

    expect(error).toMatchObject({ code: 'refused', vendor: { code: 'AccessDenied' } });
  });
});
