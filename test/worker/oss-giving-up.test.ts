import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { OssCall } from '../../src/demo/oss/demo-oss.ts';
import type { StoredPart } from '../../src/worker/store/object-store.ts';
import { aPart } from '../contract/a-part.ts';
import { answersTo, callOf, type StartedStore, startedStore, storeErrorOf } from './started-store.ts';

const KEY = 'shop/order-service/prod/a.hprof';
const { signal } = new AbortController();

let started: StartedStore;
afterEach(() => started.stop());

const asked = (operation: OssCall['operation']) => answersTo(started, operation);

describe('a store that does not answer', () => {
  it('gets a part again when its time is over, and the old connection is closed', async () => {
    started = await startedStore({ partTimeoutMs: 300 });
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    oss.faults.next({ kind: 'silence' }, callOf('UploadPart'));

    await store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal);

    expect(asked('UploadPart')).toEqual([undefined, 200]);
  });

  it('is called unreachable in the end, and the error says how long it was waited for', async () => {
    started = await startedStore({ partTimeoutMs: 200, retry: { attempts: 2, baseMs: 1, maxMs: 1 } });
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    oss.faults.next({ kind: 'silence' }, callOf('UploadPart'), 2);

    const error = await storeErrorOf(
      store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal),
    );

    expect(error.code).toBe('unreachable');
    expect(error.message).toMatch(/no answer within 231 ms \(2 attempts\)$/);
  });

  it('is left at once when the worker gives up, on the wire too', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    const giveUp = new AbortController();
    const heard = new Promise<void>((resolve) => {
      oss.faults.next({ kind: 'silence' }, (call) => {
        if (call.operation !== 'UploadPart') return false;
        resolve();
        return true;
      });
    });
    const sending = storeErrorOf(
      store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), giveUp.signal),
    );
    await heard;

    giveUp.abort(new Error('cancelled by a person'));

    expect(await sending).toMatchObject({ code: 'aborted', cause: { message: 'cancelled by a person' } });
    while (asked('UploadPart').length === 0) await sleep(5);
    expect(asked('UploadPart')).toEqual([undefined]);
  });

  it('is left at once also between two attempts', async () => {
    started = await startedStore(
      { retry: { attempts: 5, baseMs: 3_600_000, maxMs: 3_600_000 } },
      { random: () => 0.999 },
    );
    const { store, oss } = started;
    oss.faults.next({ kind: 'status', status: 503 });
    const giveUp = new AbortController();
    const beginning = storeErrorOf(store.beginUpload({ objectKey: KEY, metadata: {} }, giveUp.signal));
    while (asked('InitiateMultipartUpload').length === 0) await sleep(5);

    giveUp.abort();

    expect((await beginning).code).toBe('aborted');
  });

  it('is left in the middle of reading', async () => {
    started = await startedStore();
    const { store, oss, client } = started;
    await client().put(KEY, randomBytes(500_000));
    oss.faults.next({ kind: 'slow', bytesPerSecond: 20_000 }, callOf('GetObject'));
    const giveUp = new AbortController();
    const reading = await store.read(KEY, undefined, giveUp.signal);
    const ended = storeErrorOf(buffer(reading));
    await once(reading, 'readable');

    giveUp.abort();

    expect((await ended).code).toBe('aborted');
  });
});

describe('errors keep secrets', () => {
  it('no URL, upload id, key or signature in anything that an error shows', async () => {
    started = await startedStore({ retry: { attempts: 1, baseMs: 1, maxMs: 1 }, partTimeoutMs: 300 });
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    const send = async (): Promise<StoredPart> =>
      store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(5000)), signal);
    const shown: string[] = [];
    for (const trouble of [
      { kind: 'reset', afterBytes: 1000 },
      { kind: 'silence' },
      { kind: 'html', status: 502 },
      { kind: 'status', status: 403, code: 'SignatureDoesNotMatch' },
    ] as const) {
      oss.faults.next(trouble);
      shown.push(inspect(await storeErrorOf(send()), { depth: 20, showHidden: true }));
    }
    oss.faults.goneFor(60_000);
    shown.push(inspect(await storeErrorOf(send()), { depth: 20, showHidden: true }));

    for (const text of shown) {
      expect(text).toContain(`Part 1 of ${KEY} could not be stored`);
      for (const secret of [
        'http://',
        uploadId,
        oss.accessKeys.upload.id,
        oss.accessKeys.upload.secret,
        'Signature=',
      ])
        expect(text).not.toContain(secret);
    }
  });
});
