/** What every object store does, whichever it is. Runs on a store that is started and stopped for each test. */
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ObjectStore, type StoredPart, StoreError } from '../../src/worker/store/object-store.ts';

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
    const send = (uploadId: string, number: number, body: Buffer): Promise<StoredPart> =>
      under.store.uploadPart(KEY, uploadId, number, body, signal);
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

    it('does nothing once its caller has given up', async () => {
      const { store } = under;
      const uploadId = await begin();
      const part = await send(uploadId, 1, Buffer.from('x'));
      const gone = AbortSignal.abort(new Error('cancelled by a person'));

      expect(await codeOf(store.beginUpload({ objectKey: KEY, metadata: {} }, gone))).toBe('aborted');
      expect(await codeOf(store.uploadPart(KEY, uploadId, 1, Buffer.from('y'), gone))).toBe('aborted');
      expect(await codeOf(store.listParts(KEY, uploadId, gone))).toBe('aborted');
      expect(await codeOf(store.completeUpload(KEY, uploadId, [part], gone))).toBe('aborted');
      expect(await codeOf(store.abortUpload(KEY, uploadId, gone))).toBe('aborted');
      expect(await codeOf(store.head(KEY, gone))).toBe('aborted');
      expect(await codeOf(store.remove(KEY, gone))).toBe('aborted');
      expect(await codeOf(store.read(KEY, undefined, gone))).toBe('aborted');
      expect(await store.listParts(KEY, uploadId, signal)).toEqual([part]);
    });
  });
}
