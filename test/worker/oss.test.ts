import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { combineCrc64 } from '../../src/worker/store/crc64.ts';
import type { StoredPart } from '../../src/worker/store/object-store.ts';
import { aPart } from '../contract/a-part.ts';
import { objectStoreContract } from '../contract/object-store.ts';
import { crc64Of, type StartedStore, startedStore, storeErrorOf, storeOn } from './started-store.ts';

objectStoreContract('OSS, signed with version 4', () => startedStore());
objectStoreContract('OSS, signed with version 1', () => startedStore({ signatureVersion: 'v1' }));
objectStoreContract('OSS behind the bucket’s own domain', () =>
  startedStore({ pathStyle: false, cname: true }, { oss: { cnames: ['localhost'] } }),
);

const KEY = 'shop/order-service/prod/a.hprof';
const { signal } = new AbortController();

describe('a dump in OSS', () => {
  let started: StartedStore;
  afterEach(() => started.stop());

  it('is encrypted, classed, tagged and described as the config says', async () => {
    started = await startedStore({
      serverSideEncryption: 'KMS',
      kmsKeyId: 'key-1',
      storageClass: 'IA',
      tagging: { 'kept for': '7 days', by: 'bot' },
    });
    const { store, client } = started;
    const metadata = { 'request-id': 'a1b2c3d4' };
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata }, signal);
    const part = await store.uploadPart(KEY, uploadId, await aPart(1, 'x'), signal);
    await store.completeUpload(KEY, uploadId, [part], signal);

    const head = await client().head(KEY);
    const tagging = client() as unknown as { getObjectTagging(key: string): Promise<{ tag: unknown }> };
    const tags = await tagging.getObjectTagging(KEY);

    expect(head.res.headers).toMatchObject({
      'x-oss-server-side-encryption': 'KMS',
      'x-oss-server-side-encryption-key-id': 'key-1',
      'x-oss-storage-class': 'IA',
      'content-type': 'application/octet-stream',
      'x-oss-meta-request-id': 'a1b2c3d4',
    });
    expect(tags.tag).toEqual({ 'kept for': '7 days', by: 'bot' });
  });

  it('has the CRC-64 that the worker combines from its parts', async () => {
    started = await startedStore();
    const { store, oss } = started;
    const bodies = [randomBytes(200_000), randomBytes(150_000), randomBytes(77)];
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    const parts: StoredPart[] = [];
    let ours = 0n;
    for (const [index, body] of bodies.entries()) {
      parts.push(await store.uploadPart(KEY, uploadId, await aPart(index + 1, body), signal));
      ours = combineCrc64(ours, BigInt(await crc64Of(body)), body.length);
    }

    const stored = await store.completeUpload(KEY, uploadId, parts, signal);

    expect(stored.crc64).toBe(ours.toString());
    const bytes = await readFile(oss.objectPath(KEY) ?? '');
    expect(await crc64Of(bytes)).toBe(stored.crc64);
  });

  it('keeps its parts when another process goes on with the upload', async () => {
    started = await startedStore();
    const uploadId = await started.store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    const body = randomBytes(started.store.limits.minPartBytes);
    await started.store.uploadPart(KEY, uploadId, await aPart(1, body), signal);

    const other = storeOn(started);
    await other.uploadPart(KEY, uploadId, await aPart(2, 'end'), signal);
    const parts = await other.listParts(KEY, uploadId, signal);
    await other.completeUpload(KEY, uploadId, parts, signal);

    const whole = await buffer(await other.read(KEY, undefined, signal));
    expect(whole.equals(Buffer.concat([body, Buffer.from('end')]))).toBe(true);
  });

  it('may have more parts than OSS lists at a time', async () => {
    started = await startedStore({}, { oss: { largestPage: 4 } });
    const { store, oss } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    const numbers = [1, 2, 3, 5, 7, 8, 9, 10, 11];
    for (const number of numbers) await store.uploadPart(KEY, uploadId, await aPart(number, 'x'), signal);

    const parts = await store.listParts(KEY, uploadId, signal);

    expect(parts.map(({ number }) => number)).toEqual(numbers);
    expect(oss.requests.filter(({ operation }) => operation === 'ListParts')).toHaveLength(3);
  });

  it('may lie among more objects than OSS lists at a time', async () => {
    started = await startedStore({}, { oss: { largestPage: 4 } });
    const { store, oss } = started;
    const keys = Array.from({ length: 9 }, (_, at) => `shop/${at}.json`);
    for (const objectKey of keys)
      await store.put({ objectKey, body: Buffer.from('{}'), contentType: 'application/json' }, signal);

    const found: string[] = [];
    for await (const { objectKey } of store.list('shop/', signal)) found.push(objectKey);

    expect(found).toEqual(keys);
    expect(oss.requests.filter(({ operation }) => operation === 'ListObjectsV2')).toHaveLength(3);
  });

  it('has small objects beside it that are encrypted as it is, and can be read at once', async () => {
    started = await startedStore({ serverSideEncryption: 'AES256', storageClass: 'Archive' });
    const body = Buffer.from('{}');
    await started.store.put({ objectKey: `${KEY}.json`, body, contentType: 'application/json' }, signal);

    const head = await started.client().head(`${KEY}.json`);

    expect(head.res.headers).toMatchObject({
      'x-oss-server-side-encryption': 'AES256',
      'x-oss-storage-class': 'Standard',
      'content-type': 'application/json',
    });
  });

  it('of one small part too many is refused, with OSS’s own word for it', async () => {
    started = await startedStore();
    const { store } = started;
    const uploadId = await store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
    const parts = [
      await store.uploadPart(KEY, uploadId, await aPart(1, 'small'), signal),
      await store.uploadPart(KEY, uploadId, await aPart(2, 'last'), signal),
    ];

    const error = await storeErrorOf(store.completeUpload(KEY, uploadId, parts, signal));

    expect(error).toMatchObject({ code: 'refused', vendor: { code: 'EntityTooSmall', status: 400 } });
  });
});

describe('what OSS would misunderstand is refused before it is sent', () => {
  let started: StartedStore;
  afterEach(() => started.stop());

  it.each(['/a', '', 'a/../b', './a', '?a', 'x'.repeat(1024), 'a/\ud800'])(
    'object key %j',
    async (objectKey) => {
      started = await startedStore();

      await expect(
        (async () => started.store.beginUpload({ objectKey, metadata: {} }, signal))(),
      ).rejects.toThrow(RangeError);
      expect(started.oss.requests).toEqual([]);
    },
  );

  it.each([{ Name: 'x' }, { name: 'a\nb' }, { name: 'größe' }, { name: ' x' }])(
    'metadata %j',
    async (metadata) => {
      started = await startedStore();

      await expect(started.store.beginUpload({ objectKey: KEY, metadata }, signal)).rejects.toThrow(
        RangeError,
      );
    },
  );

  it.each(['http://127.0.0.1:9000', 'https://[::1]', 'ftp://oss.example', 'not a host'])(
    'endpoint %s',
    async (endpoint) => {
      started = await startedStore();

      expect(() => storeOn(started, { endpoint })).toThrow(TypeError);
    },
  );
});
