/** What every object store does, whichever it is. Runs on a store that is started and stopped for each test. */
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ObjectStore,
  type PresignedPart,
  SMALL_OBJECT_BYTES,
  type StoredPart,
  StoreError,
} from '../../src/worker/store/object-store.ts';
import { aPart, md5Of } from './a-part.ts';

export interface StoreUnderTest {
  readonly store: ObjectStore;
  stop(): Promise<void>;
}

const KEY = 'shop/order-service/prod/堆 dump+(1)*!.hprof.gz';

export function objectStoreContract(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`${name} is an object store`, () => {
    let under: StoreUnderTest;
    const { signal } = new AbortController();

    beforeEach(async () => {
      under = await start();
    });
    afterEach(() => under.stop());

    const begin = (metadata: Record<string, string> = {}): Promise<string> =>
      under.store.beginUpload({ objectKey: KEY, metadata }, signal);
    const send = async (uploadId: string, number: number, body: Uint8Array): Promise<StoredPart> =>
      under.store.uploadPart(KEY, uploadId, await aPart(number, body), signal);
    const full = (): Buffer => randomBytes(under.store.limits.minPartBytes);
    async function codeOf(call: Promise<unknown>): Promise<string> {
      const error: unknown = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return error instanceof StoreError ? error.code : `no StoreError: ${String(error)}`;
    }

    it('puts parts together in the order of their numbers, whichever came first', async () => {
      const { store } = under;
      const bodies = [full(), full(), randomBytes(1)] as const;
      const uploadId = await begin();
      const third = await send(uploadId, 3, bodies[2]);
      const first = await send(uploadId, 1, bodies[0]);
      const second = await send(uploadId, 2, bodies[1]);

      const stored = await store.completeUpload(KEY, uploadId, [first, second, third], signal);

      expect(stored.sizeBytes).toBe(2 * store.limits.minPartBytes + 1);
      const whole = await buffer(await store.read(KEY, undefined, signal));
      expect(whole.equals(Buffer.concat(bodies))).toBe(true);
    });

    it('keeps the metadata that the upload began with, and tells it with size and checksum', async () => {
      const { store } = under;
      const uploadId = await begin({ 'request-id': 'a1b2c3d4', sha256: 'abc def' });
      const part = await send(uploadId, 1, Buffer.from('123456789'));
      const completed = await store.completeUpload(KEY, uploadId, [part], signal);

      const found = await store.head(KEY, signal);

      expect(found).toEqual(completed);
      expect(found).toMatchObject({
        sizeBytes: 9,
        metadata: { 'request-id': 'a1b2c3d4', sha256: 'abc def' },
      });
      expect([undefined, '11051210869376104954']).toContain(found?.crc64);
    });

    it('takes a part again in the place of the one before', async () => {
      const { store } = under;
      const uploadId = await begin();
      await send(uploadId, 1, Buffer.from('spoiled'));
      const part = await send(uploadId, 1, Buffer.from('right'));

      await store.completeUpload(KEY, uploadId, [part], signal);

      expect((await buffer(await store.read(KEY, undefined, signal))).toString()).toBe('right');
    });

    it('lists the parts that it has, by number', async () => {
      const { store } = under;
      const uploadId = await begin();
      expect(await store.listParts(KEY, uploadId, signal)).toEqual([]);
      const second = await send(uploadId, 2, Buffer.from('two'));
      expect(await store.listParts(KEY, uploadId, signal)).toEqual([second]);
      const first = await send(uploadId, 1, full());

      expect(await store.listParts(KEY, uploadId, signal)).toEqual([first, second]);
    });

    it('sends a part from memory that it shares with a thread', async () => {
      const { store } = under;
      const shared = new Uint8Array(new SharedArrayBuffer(30_000), 1000, 20_000);
      const body = randomBytes(20_000);
      shared.set(body);
      const uploadId = await begin();

      await store.completeUpload(KEY, uploadId, [await send(uploadId, 1, shared)], signal);

      expect((await buffer(await store.read(KEY, undefined, signal))).equals(body)).toBe(true);
    });

    it('refuses a part that is not the one of its checksum', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await aPart(1, 'right');

      expect(
        await codeOf(store.uploadPart(KEY, uploadId, { ...part, body: Buffer.from('wrong') }, signal)),
      ).toBe('checksum-mismatch');
    });

    describe('lets somebody without credentials', () => {
      const presign = (uploadId: string, number: number, body: Buffer) =>
        under.store.presignPart(
          KEY,
          uploadId,
          number,
          { md5: md5Of(body), sizeBytes: body.length, lifetimeMs: 60_000 },
          signal,
        );
      const put = ({ url, headers }: PresignedPart, body: Buffer, more: Record<string, string> = {}) =>
        fetch(url, { method: 'PUT', headers: { ...headers, ...more }, body: new Uint8Array(body) });

      it('store parts, and completes the upload from what is listed of them', async () => {
        const { store } = under;
        const bodies = [full(), full(), randomBytes(9)] as const;
        const uploadId = await begin();
        await send(uploadId, 2, bodies[1]);
        for (const number of [3, 1]) {
          const body = bodies[number - 1] ?? Buffer.alloc(0);
          expect((await put(await presign(uploadId, number, body), body)).status).toBe(200);
        }

        const parts = await store.listParts(KEY, uploadId, signal);
        await store.completeUpload(KEY, uploadId, parts, signal);

        expect(parts.map(({ number, sizeBytes }) => [number, sizeBytes])).toEqual([
          [1, store.limits.minPartBytes],
          [2, store.limits.minPartBytes],
          [3, 9],
        ]);
        const whole = await buffer(await store.read(KEY, undefined, signal));
        expect(whole.equals(Buffer.concat(bodies))).toBe(true);
      });

      it('store the same part twice, and there is one', async () => {
        const body = Buffer.from('part');
        const uploadId = await begin();
        const presigned = await presign(uploadId, 1, body);

        expect((await put(presigned, body)).status).toBe(200);
        expect((await put(presigned, body)).status).toBe(200);

        expect(await under.store.listParts(KEY, uploadId, signal)).toHaveLength(1);
      });

      it('store those bytes and no others', async () => {
        const body = Buffer.from('part');
        const other = Buffer.from('trap');
        const uploadId = await begin();
        const presigned = await presign(uploadId, 1, body);

        expect((await put(presigned, other)).ok).toBe(false);
        expect((await put(presigned, other, { 'Content-MD5': md5Of(other).toString('base64') })).ok).toBe(
          false,
        );
        expect((await put({ ...presigned, headers: {} }, other)).ok).toBe(false);
        expect(await under.store.listParts(KEY, uploadId, signal)).toEqual([]);
      });

      it('store nothing in an upload that was aborted', async () => {
        const body = Buffer.from('part');
        const uploadId = await begin();
        const presigned = await presign(uploadId, 1, body);
        await under.store.abortUpload(KEY, uploadId, signal);

        expect((await put(presigned, body)).status).toBe(404);
      });

      it('store a part for as long as was wished, and says until when', async () => {
        const before = Date.now();
        const { expiresAt } = await presign(await begin(), 1, Buffer.from('part'));

        expect(expiresAt).toBeGreaterThan(before);
        // Whole seconds, which the SDK rounds for version 1.
        expect(expiresAt).toBeLessThanOrEqual(Date.now() + 61_000);
      });

      it.each([
        { sizeBytes: 0, lifetimeMs: 60_000 },
        { sizeBytes: 6 * 1024 ** 3, lifetimeMs: 60_000 },
        { sizeBytes: 4, lifetimeMs: 999 },
      ])('store no part of $sizeBytes bytes for $lifetimeMs ms', async (wish) => {
        const md5 = md5Of(Buffer.from('part'));

        await expect(under.store.presignPart(KEY, 'any', 1, { md5, ...wish }, signal)).rejects.toThrow(
          RangeError,
        );
      });

      it('see by an answer of any kind that it can be reached', async () => {
        const answer = await fetch(under.store.routeUrl());

        expect(answer.headers.get('x-oss-request-id')).toMatch(/./);
      });
    });

    it('has no object before the upload is completed', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await send(uploadId, 1, Buffer.from('x'));

      expect(await store.head(KEY, signal)).toBeUndefined();
      await store.completeUpload(KEY, uploadId, [part], signal);
      expect(await store.head(KEY, signal)).toBeDefined();
    });

    it('completes an upload again when asked again', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await send(uploadId, 1, Buffer.from('x'));
      const first = await store.completeUpload(KEY, uploadId, [part], signal);

      expect(await store.completeUpload(KEY, uploadId, [part], signal)).toEqual(first);
    });

    it('refuses to complete with a part that it does not have', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await send(uploadId, 1, full());
      const never = { number: 2, sizeBytes: 1, etag: '"00000000000000000000000000000000"' };

      expect(await codeOf(store.completeUpload(KEY, uploadId, [part, never], signal))).toBe(
        'checksum-mismatch',
      );
      expect(await store.head(KEY, signal)).toBeUndefined();
    });

    it('knows nothing more of an upload that was aborted', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await send(uploadId, 1, Buffer.from('x'));

      await store.abortUpload(KEY, uploadId, signal);

      expect(await codeOf(store.listParts(KEY, uploadId, signal))).toBe('no-such-upload');
      expect(await codeOf(send(uploadId, 2, Buffer.from('y')))).toBe('no-such-upload');
      expect(await codeOf(store.completeUpload(KEY, uploadId, [part], signal))).toBe('no-such-upload');
      expect(await store.head(KEY, signal)).toBeUndefined();
    });

    it('aborts an upload that is not there without a word', async () => {
      const { store } = under;
      const uploadId = await begin();
      await store.abortUpload(KEY, uploadId, signal);

      await expect(store.abortUpload(KEY, uploadId, signal)).resolves.toBeUndefined();
    });

    it('keeps nothing of a part that was on its way when its upload was aborted', async () => {
      const { store } = under;
      const uploadId = await begin();
      const sending = [1, 2, 3].map((number) => codeOf(send(uploadId, number, randomBytes(3_000_000))));

      await store.abortUpload(KEY, uploadId, signal);

      await Promise.all(sending);
      expect(await codeOf(store.listParts(KEY, uploadId, signal))).toBe('no-such-upload');
    });

    it('aborts the other uploads of a key, and no upload of another key', async () => {
      const { store } = under;
      const ours = await begin();
      const strays = [await begin(), await begin()];
      const longer = { objectKey: `${KEY}.2`, metadata: {} };
      const ofAnother = await store.beginUpload(longer, signal);

      expect(await store.abortStrayUploads(KEY, ours, signal)).toBe(2);

      expect(await store.listParts(KEY, ours, signal)).toEqual([]);
      expect(await store.listParts(longer.objectKey, ofAnother, signal)).toEqual([]);
      for (const stray of strays)
        expect(await codeOf(store.listParts(KEY, stray, signal))).toBe('no-such-upload');
      expect(await store.abortStrayUploads(KEY, undefined, signal)).toBe(1);
      expect(await store.abortStrayUploads(KEY, undefined, signal)).toBe(0);
    });

    it('removes an object, and one that is not there without a word', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await send(uploadId, 1, Buffer.from('x'));
      await store.completeUpload(KEY, uploadId, [part], signal);

      await store.remove(KEY, signal);
      await store.remove(KEY, signal);

      expect(await store.head(KEY, signal)).toBeUndefined();
    });

    it('reads a range, its end included', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await send(uploadId, 1, Buffer.from('0123456789'));
      await store.completeUpload(KEY, uploadId, [part], signal);

      const middle = await buffer(await store.read(KEY, { start: 3, end: 6 }, signal));

      expect(middle.toString()).toBe('3456');
    });

    it('does not read what it does not have', async () => {
      expect(await codeOf(under.store.read(KEY, undefined, signal))).toBe('refused');
    });

    describe('keeps small objects:', () => {
      const put = (objectKey: string, text: string) =>
        under.store.put({ objectKey, body: Buffer.from(text), contentType: 'application/json' }, signal);
      const listed = async (prefix: string): Promise<[string, number][]> => {
        const found: [string, number][] = [];
        for await (const { objectKey, sizeBytes } of under.store.list(prefix, signal))
          found.push([objectKey, sizeBytes]);
        return found;
      };

      it('one that was put is read back, and putting it again replaces it', async () => {
        await put(`${KEY}.json`, '{"a":1}');
        await put(`${KEY}.json`, '{"a":"堆"}');

        const read = await buffer(await under.store.read(`${KEY}.json`, undefined, signal));
        expect(read.toString()).toBe('{"a":"堆"}');
      });

      it('they are listed by what their keys begin with, in the order of their keys', async () => {
        await put('shop/b.json', 'bb');
        await put('shop/a+ (1)&堆.json', 'a');
        await put('shopping/c.json', 'ccc');
        await put('other/d.json', 'd');

        expect(await listed('shop/')).toEqual([
          ['shop/a+ (1)&堆.json', 1],
          ['shop/b.json', 2],
        ]);
        expect((await listed('')).map(([key]) => key)).toEqual([
          'other/d.json',
          'shop/a+ (1)&堆.json',
          'shop/b.json',
          'shopping/c.json',
        ]);
        expect(await listed('nothing/')).toEqual([]);
      });

      it('one that is too large for a single call is refused', async () => {
        const body = new Uint8Array(SMALL_OBJECT_BYTES + 1);

        await expect(
          under.store.put({ objectKey: 'a', body, contentType: 'text/plain' }, signal),
        ).rejects.toThrow(RangeError);
      });
    });

    it('does nothing once its caller has given up', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await send(uploadId, 1, Buffer.from('x'));
      const gone = AbortSignal.abort(new Error('cancelled by a person'));

      expect(await codeOf(store.beginUpload({ objectKey: KEY, metadata: {} }, gone))).toBe('aborted');
      expect(await codeOf(store.uploadPart(KEY, uploadId, await aPart(1, 'y'), gone))).toBe('aborted');
      expect(await codeOf(store.listParts(KEY, uploadId, gone))).toBe('aborted');
      expect(await codeOf(store.completeUpload(KEY, uploadId, [part], gone))).toBe('aborted');
      expect(await codeOf(store.abortUpload(KEY, uploadId, gone))).toBe('aborted');
      expect(await codeOf(store.abortStrayUploads(KEY, undefined, gone))).toBe('aborted');
      const wish = { md5: md5Of(Buffer.from('y')), sizeBytes: 1, lifetimeMs: 60_000 };
      expect(await codeOf(store.presignPart(KEY, uploadId, 1, wish, gone))).toBe('aborted');
      expect(await codeOf(store.head(KEY, gone))).toBe('aborted');
      const small = { objectKey: 'small', body: Buffer.from('x'), contentType: 'text/plain' };
      expect(await codeOf(store.put(small, gone))).toBe('aborted');
      expect(await codeOf(store.list('', gone)[Symbol.asyncIterator]().next())).toBe('aborted');
      expect(await codeOf(store.remove(KEY, gone))).toBe('aborted');
      expect(await codeOf(store.read(KEY, undefined, gone))).toBe('aborted');
      expect(await store.listParts(KEY, uploadId, signal)).toEqual([part]);
    });
  });
}
