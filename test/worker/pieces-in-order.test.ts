import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HprofError } from '../../src/worker/hprof-walk.ts';
import { createFileRecord, type FileRecord, type Recorder } from '../../src/worker/pieces/in-order.ts';
import { RunningRecord } from '../../src/worker/pieces/recorded-file.ts';
import { segment, smallHeapDump } from '../unit/hprof-file.ts';

const PIECE_BYTES = 20;

function cut(bytes: Buffer, pieceBytes = PIECE_BYTES): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
}

const sha256 = (...parts: Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

const dump = smallHeapDump();
const pieces = cut(dump);
const pieceAt = (number: number): Buffer => pieces[number - 1] ?? Buffer.alloc(0);
const numbers = pieces.map((_, index) => index + 1);
const packedOf = (number: number): Buffer => Buffer.from(`packed ${number}`);
const offerRaw = (record: FileRecord, number: number): Promise<void> =>
  record.offer(number, pieceAt(number), pieceAt(number));

/** In this thread, a turn of the event loop later, as it takes another one some time. */
function here(): Recorder {
  const record = new RunningRecord();
  return {
    async take(raw, stored) {
      await new Promise((resolve) => setImmediate(resolve));
      record.take(raw, stored);
    },
    end: async () => record.end(),
    close: () => undefined,
  };
}

const settledSoon = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
};

describe('the record of a file', () => {
  it.each([
    { name: 'in order', order: numbers },
    { name: 'backwards', order: numbers.toReversed() },
    {
      name: 'by twos',
      order: numbers.map((number) => ((number - 1) ^ 1) + 1).filter((n) => n <= pieces.length),
    },
  ])('is the same when its pieces come $name', async ({ order }) => {
    const record = createFileRecord(here());
    const missing = numbers.filter((number) => !order.includes(number));

    await Promise.all([...order, ...missing].map((number) => offerRaw(record, number)));

    expect(await record.end()).toEqual({
      dumpSha256: sha256(dump),
      storedSha256: sha256(dump),
      walk: { version: '1.0.2', idSizeBytes: 8, records: 7, segments: 2, sizeBytes: dump.length },
    });
  });

  it('has the hash of what is stored as well, where that is something else', async () => {
    const record = createFileRecord(here());

    await Promise.all(numbers.toReversed().map((n) => record.offer(n, pieceAt(n), packedOf(n))));

    const { dumpSha256, storedSha256, walk } = await record.end();
    expect(dumpSha256).toBe(sha256(dump));
    expect(storedSha256).toBe(sha256(...numbers.map(packedOf)));
    expect(walk.sizeBytes).toBe(dump.length);
  });

  it('goes along with pieces of which some are packed and others are not', async () => {
    const record = createFileRecord(here());
    const stored = (number: number): Buffer => (number % 3 === 2 ? packedOf(number) : pieceAt(number));

    for (const number of numbers) await record.offer(number, pieceAt(number), stored(number));

    expect(await record.end()).toMatchObject({
      dumpSha256: sha256(dump),
      storedSha256: sha256(...numbers.map(stored)),
    });
  });

  it('takes pieces of many MiB', async () => {
    const large = Buffer.concat([dump.subarray(0, -9), segment(5 * 1024 * 1024), dump.subarray(-9)]);
    const record = createFileRecord(here());

    await Promise.all(
      cut(large, 3 * 1024 * 1024).map((piece, index) => record.offer(index + 1, piece, piece)),
    );

    expect(await record.end()).toMatchObject({
      dumpSha256: sha256(large),
      walk: { sizeBytes: large.length },
    });
  });
});

describe('a piece', () => {
  it('is taken when all before it are', async () => {
    const record = createFileRecord(here());
    await offerRaw(record, 1);
    const third = offerRaw(record, 3);
    expect(await settledSoon(third)).toBe(false);

    await offerRaw(record, 2);

    expect(await settledSoon(third)).toBe(true);
  });

  it('is taken once', async () => {
    const record = createFileRecord(here());
    await offerRaw(record, 1);
    const third = offerRaw(record, 3);

    for (const number of [1, 3, 0, 1.5]) await expect(offerRaw(record, number)).rejects.toThrow(RangeError);

    await offerRaw(record, 2);
    await third;
  });

  it('may be taken back while it waits, and offered again', async () => {
    const record = createFileRecord(here());
    const stop = new AbortController();
    const second = record.offer(2, Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES), stop.signal);

    stop.abort(new Error('cancelled'));

    await expect(second).rejects.toThrow('cancelled');
    await expect(record.offer(1, pieceAt(1), pieceAt(1), stop.signal)).rejects.toThrow('cancelled');
    await Promise.all(numbers.map((number) => offerRaw(record, number)));
    expect((await record.end()).dumpSha256).toBe(sha256(dump));
  });

  it('is taken to its end once that has begun: its memory is not free before', async () => {
    const record = createFileRecord(here());
    const stop = new AbortController();
    const large = Buffer.concat([dump.subarray(0, -9), segment(8 * 1024 * 1024), dump.subarray(-9)]);
    const first = record.offer(1, large, large, stop.signal);

    stop.abort(new Error('cancelled'));

    await first;
    expect((await record.end()).dumpSha256).toBe(sha256(large));
  });
});

describe('a file that is no heap dump', () => {
  it('is known with the piece in which that shows, and nothing is taken afterwards', async () => {
    const record = createFileRecord(here());
    // Longer than what is left of the record in which it begins.
    const foreign = Buffer.alloc(200, 0xff);
    await offerRaw(record, 1);
    const waiting = offerRaw(record, 5);
    waiting.catch(() => undefined);
    await offerRaw(record, 2);
    const third = record.offer(3, foreign, foreign);

    const error: unknown = await third.catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(HprofError);
    await expect(waiting).rejects.toBe(error);
    await expect(offerRaw(record, 4)).rejects.toBe(error);
    await expect(record.end()).rejects.toBe(error);
  });

  it('is known at the end if it is cut short', async () => {
    const record = createFileRecord(here());
    for (const number of numbers.slice(0, -1)) await offerRaw(record, number);
    await expect(record.end()).rejects.toThrow(HprofError);
  });

  it('is not called whole while pieces wait for one that never came', async () => {
    const record = createFileRecord(here());
    await offerRaw(record, 1);
    const stop = new AbortController();
    const third = record.offer(3, pieceAt(3), pieceAt(3), stop.signal);

    await expect(record.end()).rejects.toThrow('piece 2');

    stop.abort(new Error('cancelled'));
    await expect(third).rejects.toThrow('cancelled');
  });
});
