import { describe, expect, it } from 'vitest';
import { PieceQueue } from '../../src/worker/transfer/piece-queue.ts';
import { pieceBytesFor, piecesOf } from '../../src/worker/transfer/pieces.ts';

const MIB = 1024 * 1024;
const OSS = { minPartBytes: 100 * 1024, maxParts: 10_000 };
const never = new AbortController().signal;

describe('a dump travels in pieces', () => {
  it('covers the dump without a gap, the last piece being what is left', () => {
    const pieces = piecesOf(20 * MIB + 5, 8 * MIB);
    expect(pieces).toEqual([
      { number: 1, offset: 0, sizeBytes: 8 * MIB },
      { number: 2, offset: 8 * MIB, sizeBytes: 8 * MIB },
      { number: 3, offset: 16 * MIB, sizeBytes: 4 * MIB + 5 },
    ]);
  });

  it('has no empty piece at the end of a dump that comes out even', () => {
    expect(piecesOf(16 * MIB, 8 * MIB)).toHaveLength(2);
  });

  it('takes pieces of the size that the config wishes', () => {
    expect(pieceBytesFor(30e9, 8, OSS)).toBe(8 * MIB);
  });

  it('takes larger ones where the store would not take so many parts', () => {
    const pieceBytes = pieceBytesFor(500e9, 8, OSS);
    expect(pieceBytes % MIB).toBe(0);
    expect(piecesOf(500e9, pieceBytes).length).toBeLessThanOrEqual(OSS.maxParts);
  });
});

describe('the queue of pieces', () => {
  const queueOf = (count: number): PieceQueue => new PieceQueue(piecesOf(count * MIB, MIB));

  it('gives the lowest first, also when a lost one comes back', async () => {
    const queue = queueOf(3);
    const first = await queue.take(never);
    await queue.take(never);
    if (first !== undefined) queue.putBack(first);
    expect((await queue.take(never))?.number).toBe(1);
    expect((await queue.take(never))?.number).toBe(3);
  });

  it('keeps a lane waiting while the last piece is under way, as it may come back', async () => {
    const queue = queueOf(1);
    const piece = await queue.take(never);
    const other = queue.take(never);
    if (piece !== undefined) queue.putBack(piece);
    expect((await other)?.number).toBe(1);
  });

  it('lets the lanes go when the last piece is stored', async () => {
    const queue = queueOf(1);
    await queue.take(never);
    const other = queue.take(never);
    queue.done();
    expect(await other).toBeUndefined();
    expect(queue.left).toBe(0);
  });

  it('lets a waiting lane go when the transfer is aborted', async () => {
    const queue = queueOf(1);
    await queue.take(never);
    const stop = new AbortController();
    const other = queue.take(stop.signal);
    stop.abort(new Error('cancelled'));
    await expect(other).rejects.toThrow('cancelled');
  });
});
