import { describe, expect, it } from 'vitest';
import { createPieceBuffers } from '../../src/worker/pieces/piece-buffers.ts';

const never = new AbortController().signal;

/** Sizes that no other test of this process uses: what is kept for the next transfer is of all of them. */
let nextSize = 70_000;
const ownSize = (): number => {
  nextSize += 1;
  return nextSize;
};

const settledSoon = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
};

describe('the buffers of a transfer', () => {
  it('are of one size, seen by all threads, and each is one’s own while one has it', async () => {
    const pieceBytes = ownSize();
    const buffers = createPieceBuffers({ pieceBytes, count: 3 });

    const all = await Promise.all([1, 2, 3].map(() => buffers.acquire(never)));

    expect(new Set(all).size).toBe(3);
    for (const buffer of all) {
      expect(buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(buffer.byteLength).toBe(pieceBytes);
    }
  });

  it('are waited for, in the order of asking, when all are out', async () => {
    const buffers = createPieceBuffers({ pieceBytes: ownSize(), count: 1 });
    const only = await buffers.acquire(never);
    const first = buffers.acquire(never);
    const second = buffers.acquire(never);
    expect(await settledSoon(first)).toBe(false);

    buffers.release(only);

    expect(await first).toBe(only);
    expect(await settledSoon(second)).toBe(false);
    buffers.release(only);
    expect(await second).toBe(only);
  });

  it('are used again before another is allocated', async () => {
    const buffers = createPieceBuffers({ pieceBytes: ownSize(), count: 5 });
    const seen = new Set<SharedArrayBuffer>();

    for (let piece = 0; piece < 20; piece++) {
      const buffer = await buffers.acquire(never);
      seen.add(buffer);
      buffers.release(buffer);
    }

    expect(seen.size).toBe(1);
  });

  it('are not waited for any longer than the transfer lasts', async () => {
    const buffers = createPieceBuffers({ pieceBytes: ownSize(), count: 1 });
    const only = await buffers.acquire(never);
    const stop = new AbortController();
    const given = buffers.acquire(stop.signal);
    const patient = buffers.acquire(never);

    stop.abort(new Error('cancelled'));

    await expect(given).rejects.toThrow('cancelled');
    await expect(buffers.acquire(stop.signal)).rejects.toThrow('cancelled');
    buffers.release(only);
    expect(await patient).toBe(only);
  });

  it('cannot be released twice, nor into the wrong transfer', async () => {
    const pieceBytes = ownSize();
    const buffers = createPieceBuffers({ pieceBytes, count: 2 });
    const others = createPieceBuffers({ pieceBytes, count: 2 });
    const buffer = await buffers.acquire(never);
    expect(() => others.release(buffer)).toThrow('not out');

    buffers.release(buffer);

    expect(() => buffers.release(buffer)).toThrow('not out');
  });

  it('cannot be none', () => {
    for (const count of [0, -1, 0.5])
      expect(() => createPieceBuffers({ pieceBytes: 10, count })).toThrow(RangeError);
  });
});

describe('after the transfer', () => {
  it('the next one of the same size gets its buffers, those too that came back late', async () => {
    const pieceBytes = ownSize();
    const before = createPieceBuffers({ pieceBytes, count: 2 });
    const [early, late] = [await before.acquire(never), await before.acquire(never)];
    before.release(early);
    before.free();
    before.release(late);

    const after = createPieceBuffers({ pieceBytes, count: 3 });
    const got = new Set([await after.acquire(never), await after.acquire(never), await after.acquire(never)]);

    expect(got.has(early) && got.has(late)).toBe(true);
    expect(got.size).toBe(3);
  });

  it('one of another size does not', async () => {
    const pieceBytes = ownSize();
    const before = createPieceBuffers({ pieceBytes, count: 1 });
    before.release(await before.acquire(never));
    before.free();

    const other = await createPieceBuffers({ pieceBytes: pieceBytes - 50_000, count: 1 }).acquire(never);

    expect(other.byteLength).toBe(pieceBytes - 50_000);
  });

  it('whoever still waits hears that it is over', async () => {
    const buffers = createPieceBuffers({ pieceBytes: ownSize(), count: 1 });
    await buffers.acquire(never);
    const waiting = buffers.acquire(never);

    buffers.free();

    await expect(waiting).rejects.toThrow('has ended');
    await expect(buffers.acquire(never)).rejects.toThrow('has ended');
  });

  it('no more is kept than a few transfers need', async () => {
    const pieceBytes = 32 * 1024 * 1024 + ownSize();
    const before = createPieceBuffers({ pieceBytes, count: 6 });
    const all = await Promise.all(Array.from({ length: 6 }, () => before.acquire(never)));
    for (const buffer of all) before.release(buffer);
    before.free();

    const after = createPieceBuffers({ pieceBytes, count: 6 });
    const again = await Promise.all(Array.from({ length: 6 }, () => after.acquire(never)));

    expect(again.filter((buffer) => all.includes(buffer))).toHaveLength(3);
  });
});
