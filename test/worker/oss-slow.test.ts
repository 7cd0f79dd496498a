import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { OssCall } from '../../src/demo/oss/demo-oss.ts';
import type { CredentialSource } from '../../src/oss-credentials.ts';
import type { StoredPart } from '../../src/worker/store/object-store.ts';
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

describe('a slow store', () => {
  it('is not broken: a part has the time that its size takes at the least rate', async () => {
    started = await startedStore({ partTimeoutMs: 100, leastRate: 10_000 });
    const { store, oss } = started;
    const uploadId = await begin();
    oss.faults.rate(400_000);

    await Promise.all(
      [1, 2].map(async (number) =>
        store.uploadPart(KEY, uploadId, await aPart(number, randomBytes(100_000)), signal),
      ),
    );

    // Half a second for both, and the first attempt of each was enough.
    expect(asked('UploadPart')).toEqual([200, 200]);
  });

  it('is broken below that rate, and a smaller part has less time', async () => {
    started = await startedStore({
      partTimeoutMs: 100,
      leastRate: 1_000_000,
      retry: { attempts: 1, baseMs: 1, maxMs: 1 },
    });
    const { store, oss } = started;
    const uploadId = await begin();
    oss.faults.rate(1000);

    const error = await storeErrorOf(
      store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(200_000)), signal),
    );

    expect(error).toMatchObject({ code: 'unreachable', message: expect.stringMatching(/within 300 ms/) });
  });

  it.each(['UploadTrafficRateLimitExceeded', 'TotalQpsLimitExceeded', 'SlowDown'])(
    'that asks for less (503 %s) gets the part later',
    async (code) => {
      started = await startedStore();
      const { store, oss } = started;
      const uploadId = await begin();
      oss.faults.next({ kind: 'status', status: 503, code }, callOf('UploadPart'), 3);

      await store.uploadPart(KEY, uploadId, await aPart(1, randomBytes(1000)), signal);

      expect(asked('UploadPart')).toEqual([503, 503, 503, 200]);
    },
  );
});

describe('credentials that end in the middle of an upload', () => {
  it('are replaced, the part goes again, and the parts before are good', async () => {
    started = await startedStore();
    const { oss } = started;
    const issue = () => {
      const { id, secret, securityToken } = oss.keys.assumeRole('everything', 3_600_000);
      return { accessKeyId: id, accessKeySecret: secret, securityToken };
    };
    let current = issue();
    const source: CredentialSource = {
      get: async ({ insteadOf } = {}) => {
        if (insteadOf?.accessKeyId === current.accessKeyId) current = issue();
        return current;
      },
    };
    const store = storeOn(started, {}, source);
    const uploadId = await begin();
    oss.faults.next({ kind: 'key-expires' }, ({ partNumber }) => partNumber === 3);
    const parts: StoredPart[] = [];
    for (const number of [1, 2, 3, 4, 5])
      parts.push(await store.uploadPart(KEY, uploadId, await aPart(number, randomBytes(102_400)), signal));

    await store.completeUpload(KEY, uploadId, parts, signal);

    expect(asked('UploadPart')).toEqual([200, 200, 403, 200, 200, 200]);
    const used = oss.requests.filter(({ operation }) => operation === 'UploadPart');
    expect(new Set(used.map(({ accessKeyId }) => accessKeyId).filter(Boolean)).size).toBe(2);
  });
});

describe('a store that lies', () => {
  it('about the size of an object is not believed', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await begin();
    const part = await store.uploadPart(KEY, uploadId, await aPart(1, 'x'), signal);
    oss.faults.next({ kind: 'wrong-size', by: -1 }, callOf('HeadObject'));

    const error = await storeErrorOf(store.completeUpload(KEY, uploadId, [part], signal));

    expect(error.code).toBe('checksum-mismatch');
  });

  it('about the size of a part is found out when the object is there', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await begin();
    await store.uploadPart(KEY, uploadId, await aPart(1, 'x'), signal);
    oss.faults.next({ kind: 'wrong-size', by: 7 }, callOf('ListParts'));
    const parts = await store.listParts(KEY, uploadId, signal);
    expect(parts).toMatchObject([{ sizeBytes: 8 }]);

    const error = await storeErrorOf(store.completeUpload(KEY, uploadId, parts, signal));

    expect(error.code).toBe('checksum-mismatch');
  });

  it('about the CRC-64 of a part gets the part again', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const uploadId = await begin();
    oss.faults.next({ kind: 'wrong-crc64' }, callOf('UploadPart'));

    await store.uploadPart(KEY, uploadId, await aPart(1, 'x'), signal);

    expect(asked('UploadPart')).toEqual([200, 200]);
  });
});
