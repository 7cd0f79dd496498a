import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, packedBound, packPiece } from '../../src/worker/pieces/chunked-gzip.ts';
import {
  ChunkedGzip,
  ChunkedGzipError,
  type StoredBytes,
} from '../../src/worker/pieces/read-chunked-gzip.ts';
import { seeded } from './seeded.ts';

const MIB = 1024 * 1024;
const PIECE_BYTES = 2 * MIB;
const LEVELS = [0, 1, 6, 9];

/** Noise, text and zeros by turns, each for 300 kB or so: members of very different size. */
function dumpOf(sizeBytes: number): Buffer {
  const dump = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 900_000) {
    randomBytes(300_000).copy(dump, at);
    dump.fill('java.util.HashMap$Node ', at + 300_000, Math.min(at + 600_000, sizeBytes));
  }
  return dump;
}

function packed(raw: Uint8Array, options: Partial<Parameters<typeof packPiece>[2]> = {}): Buffer {
  const out = Buffer.alloc(packedBound(raw.length), 0xaa);
  return out.subarray(0, packPiece(raw, out, { first: true, level: 1, ...options }));
}

/** As it is stored: one piece after the other. */
function chunked(dump: Buffer, level = 1): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < dump.length; at += PIECE_BYTES)
    pieces.push(packed(dump.subarray(at, at + PIECE_BYTES), { first: at === 0, level }));
  return Buffer.concat(pieces);
}

interface Watched extends StoredBytes {
  readonly reads: { readonly position: number; readonly length: number }[];
}

function storedIn(file: Buffer): Watched {
  const reads: Watched['reads'] = [];
  return {
    reads,
    sizeBytes: file.length,
    read: (position, length) => {
      if (position + length > file.length) throw new Error('Read beyond the end');
      reads.push({ position, length });
      return Promise.resolve(file.subarray(position, position + length));
    },
  };
}

async function readWhole(file: Buffer): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of (await ChunkedGzip.open(storedIn(file))).blocks()) blocks.push(block);
  return Buffer.concat(blocks);
}

async function errorOf(file: Buffer): Promise<{ code: string; position: number }> {
  try {
    await readWhole(file);
  } catch (error) {
    if (error instanceof ChunkedGzipError) return { code: error.code, position: error.position };
    throw error;
  }
  throw new Error('Nothing was wrong with it');
}

describe('a packed dump', () => {
  it.each(LEVELS)('is unpacked by gzip to what was dumped, at level %i', (level) => {
    const dump = dumpOf(5 * MIB + 12_345);

    const file = chunked(dump, level);

    expect(gunzipSync(file).equals(dump)).toBe(true);
    const options = { input: file, maxBuffer: 16 * MIB };
    expect(execFileSync('gzip', ['-dc'], options).equals(dump)).toBe(true);
  });

  it('says in its first header, and only there, that each member holds a MiB', () => {
    const file = chunked(dumpOf(3 * MIB));

    expect(file.subarray(0, 4)).toEqual(Buffer.from([0x1f, 0x8b, 8, 0x10]));
    expect(file.subarray(10, 34).toString('latin1')).toBe('HPROF BLOCKSIZE=1048576\0');
    expect(file.lastIndexOf('HPROF BLOCKSIZE')).toBe(10);
  });

  it('has members that are gzip files of a MiB by themselves', () => {
    const dump = dumpOf(2 * MIB);
    const first = packed(dump.subarray(0, MIB));

    const both = packed(dump);

    expect(both.subarray(0, first.length).equals(first)).toBe(true);
    expect(gunzipSync(both.subarray(first.length)).equals(dump.subarray(MIB))).toBe(true);
  });

  it('never takes more than its bound, which is hardly more than the dump', () => {
    for (const size of [1, 65_535, 65_536, MIB - 1, MIB, MIB + 1, PIECE_BYTES])
      for (const level of LEVELS) {
        const noise = randomBytes(size);
        const file = packed(noise, { level });
        expect(gunzipSync(file).equals(noise)).toBe(true);
        expect(file.length).toBeLessThanOrEqual(packedBound(size));
      }
    expect(packedBound(8 * MIB) - 8 * MIB).toBeLessThan(1024);
  });

  it('refuses room that might not do, and a level that there is not', () => {
    const raw = Buffer.alloc(MIB);
    expect(() => packPiece(raw, Buffer.alloc(packedBound(MIB) - 1), { first: true, level: 1 })).toThrow(
      RangeError,
    );
    expect(() => packed(raw, { level: 10 })).toThrow(RangeError);
  });

  it('is packed in shared memory as well', () => {
    const dump = dumpOf(MIB + 77);
    const raw = new Uint8Array(new SharedArrayBuffer(dump.length));
    raw.set(dump);
    const out = new Uint8Array(new SharedArrayBuffer(packedBound(dump.length)));

    const bytes = packPiece(raw, out, { first: true, level: 1 });

    expect(Buffer.from(out.subarray(0, bytes)).equals(packed(dump))).toBe(true);
  });
});

describe('a piece that shrinks below the least size of a part', () => {
  it.each([100 * 1024, MIB, MIB + 1, PIECE_BYTES])(
    'is stored in part as it is, to have %i bytes',
    (minBytes) => {
      const zeros = Buffer.alloc(2 * PIECE_BYTES + 5);

      const file = packed(zeros, { minBytes });

      expect(file.length).toBeGreaterThanOrEqual(minBytes);
      expect(file.length).toBeLessThan(minBytes + MIB + 16_384);
      expect(gunzipSync(file).equals(zeros)).toBe(true);
    },
  );

  it('keeps its comment, and what follows is found', async () => {
    const dump = Buffer.alloc(2 * PIECE_BYTES, 'abc');
    const first = packed(dump.subarray(0, PIECE_BYTES), { minBytes: 100 * 1024 });
    const second = packed(dump.subarray(PIECE_BYTES), { minBytes: 100 * 1024, first: false });

    expect((await readWhole(Buffer.concat([first, second]))).equals(dump)).toBe(true);
  });

  it('is as large as it can be where there is not so much in it', () => {
    const zeros = Buffer.alloc(50_000);

    const file = packed(zeros, { minBytes: 100 * 1024 });

    expect(file.length).toBeGreaterThan(50_000);
    expect(gunzipSync(file).equals(zeros)).toBe(true);
  });

  it('is left alone if it is large enough', () => {
    const dump = dumpOf(PIECE_BYTES);
    expect(packed(dump, { minBytes: 100 * 1024 }).equals(packed(dump))).toBe(true);
  });
});

describe('reading a packed dump', () => {
  const dump = dumpOf(9 * MIB + 4321);

  it.each(LEVELS)('gives any range of it, at level %i', async (level) => {
    const gzip = await ChunkedGzip.open(storedIn(chunked(dump, level)));
    const random = seeded(level);
    const ranges = Array.from(
      { length: 40 },
      () => [random.below(dump.length), random.below(3 * MIB)] as const,
    );

    for (const [offset, length] of [...ranges, [MIB, MIB] as const, [MIB - 1, 2] as const]) {
      const found = await gzip.read(offset, length);
      expect(found.equals(dump.subarray(offset, offset + length)), `${length} from ${offset}`).toBe(true);
    }
  });

  it('knows how large the dump is, and gives nothing beyond it', async () => {
    for (const size of [1, MIB, MIB + 1, dump.length]) {
      const gzip = await ChunkedGzip.open(storedIn(chunked(dump.subarray(0, size))));
      expect(await gzip.sizeBytes()).toBe(size);
      expect(await gzip.read(size, 10)).toHaveLength(0);
      expect(await gzip.read(size - 1, 10)).toHaveLength(1);
      expect(await gzip.read(1e12, 10)).toHaveLength(0);
    }
  });

  it('is done in order as well', async () => {
    expect((await readWhole(chunked(dump))).equals(dump)).toBe(true);
  });

  it('asks for the members that it needs alone, once it knows where they are', async () => {
    const file = chunked(dump);
    const stored = storedIn(file);
    const gzip = await ChunkedGzip.open(stored);
    await gzip.sizeBytes();
    stored.reads.length = 0;

    await gzip.read(4 * MIB + 10, 20);

    expect(stored.reads).toHaveLength(1);
    expect(stored.reads[0]?.length).toBeLessThanOrEqual(packedBound(MIB));
  });

  it('asks for every byte once while it looks for them, and never for much at a time', async () => {
    const file = chunked(dump, 0);
    const stored = storedIn(file);
    const gzip = await ChunkedGzip.open(stored);
    stored.reads.length = 0;

    await gzip.sizeBytes();

    expect(stored.reads.reduce((sum, { length }) => sum + length, 0)).toBe(file.length);
    expect(Math.max(...stored.reads.map(({ length }) => length))).toBeLessThanOrEqual(4 * MIB);
  });

  it('may be asked for several ranges at once', async () => {
    const gzip = await ChunkedGzip.open(storedIn(chunked(dump)));
    const offsets = [7 * MIB, 0, 3 * MIB + 5, 8 * MIB, 100];

    const found = await Promise.all(offsets.map((offset) => gzip.read(offset, 2 * MIB)));

    for (const [index, offset] of offsets.entries())
      expect(found[index]?.equals(dump.subarray(offset, offset + 2 * MIB))).toBe(true);
  });

  it('finds its way when members hold less, as a JVM’s sometimes do', async () => {
    const parts = [
      packed(dump.subarray(0, MIB)),
      gzipSync(dump.subarray(MIB, MIB + 500)),
      packed(dump.subarray(MIB + 500), { first: false }),
    ];
    const gzip = await ChunkedGzip.open(storedIn(Buffer.concat(parts)));

    for (const [offset, length] of [
      [MIB - 10, 1000] as const,
      [MIB + 499, 2] as const,
      [5 * MIB, MIB] as const,
    ])
      expect((await gzip.read(offset, length)).equals(dump.subarray(offset, offset + length))).toBe(true);
    expect(await gzip.sizeBytes()).toBe(dump.length);
    expect((await gzip.read(MIB + 400, 200)).equals(dump.subarray(MIB + 400, MIB + 600))).toBe(true);
  });

  it('takes the size of the blocks from the comment', async () => {
    const blocks = [dump.subarray(0, 4096), dump.subarray(4096, 8192), dump.subarray(8192, 8200)];
    const [head, ...others] = blocks.map((block) => gzipSync(block));
    const comment = Buffer.from('HPROF BLOCKSIZE=4096\0', 'latin1');
    const first = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 0x10]),
      head?.subarray(4, 10) ?? comment,
      comment,
    ]);
    const file = Buffer.concat([first, head?.subarray(10) ?? comment, ...others]);

    const gzip = await ChunkedGzip.open(storedIn(file));

    expect(gzip.blockBytes).toBe(4096);
    expect((await gzip.read(4000, 5000)).equals(dump.subarray(4000, 8200))).toBe(true);
  });
});

describe('what is no packed dump', () => {
  const file = chunked(dumpOf(3 * MIB));
  const second = packed(gunzipSync(file).subarray(0, MIB)).length;
  const whole = { code: 'not-chunked-gzip', position: 0 };

  it('is refused: other files, gzip of another form, nothing at all', async () => {
    expect(await errorOf(Buffer.alloc(0))).toEqual(whole);
    expect(await errorOf(Buffer.from('JAVA PROFILE 1.0.2\0'))).toEqual(whole);
    expect(await errorOf(gzipSync(Buffer.alloc(5000)))).toEqual(whole);
    expect(await errorOf(file.subarray(second))).toEqual(whole);
    const otherComment = Buffer.from(file);
    otherComment.write('HPROF BLOCKSIZE=0000000', 10);
    expect(await errorOf(otherComment)).toEqual(whole);
  });

  it('is named with the member that is cut short, wherever it is', async () => {
    const broken = { code: 'broken-chunked-gzip', position: second };
    for (const length of [second + 1, second + 9, second + 10, second + 500])
      expect(await errorOf(file.subarray(0, length)), `cut at ${length}`).toEqual(broken);
    const third = packed(gunzipSync(file).subarray(0, 2 * MIB)).length;
    for (const length of [third - 1, third - 8, third - 9])
      expect(await errorOf(file.subarray(0, length)), `cut at ${length}`).toEqual(broken);
  });

  it('is named with the member in which a bit is wrong', async () => {
    for (const at of [second, second + 1000, second + 200_000]) {
      const flipped = Buffer.from(file);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 0x40, at);
      expect(await errorOf(flipped), `at ${at}`).toEqual({ code: 'broken-chunked-gzip', position: second });
    }
  });

  it('is named with the first member that holds nothing or too much, or other bytes that follow', async () => {
    const rest = file.subarray(second);
    const start = file.subarray(0, second);
    const broken = { code: 'broken-chunked-gzip', position: second };
    expect(await errorOf(Buffer.concat([start, gzipSync(Buffer.alloc(MIB + 1)), rest]))).toEqual(broken);
    expect(await errorOf(Buffer.concat([start, gzipSync(Buffer.alloc(0))]))).toEqual(broken);
    expect(await errorOf(Buffer.concat([start, Buffer.alloc(64)]))).toEqual(broken);
  });
});

it('a block is what the readers of the world expect', () => {
  expect(BLOCK_BYTES).toBe(1_048_576);
});
