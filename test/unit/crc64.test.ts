import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { joinCrc64, startCrc64 } from '../../src/demo/oss/crc64.ts';
import { combineCrc64, createCrc64 } from '../../src/worker/store/crc64.ts';

/** Bit by bit, as the catalogue of CRCs defines CRC-64/XZ. */
function byDefinition(bytes: Uint8Array): bigint {
  const ones = 0xffffffffffffffffn;
  let crc = ones;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0xc96c5795d7870f42n : crc >> 1n;
  }
  return crc ^ ones;
}

/** The worker's and the stand-in's combine in two ways that share no line; each must be right by itself. */
const kinds = [
  {
    name: 'worker',
    of: async (...pieces: Uint8Array[]) => {
      const crc = await createCrc64();
      for (const piece of pieces) crc.update(piece);
      return crc.value();
    },
    combine: combineCrc64,
  },
  {
    name: 'stand-in',
    of: async (...pieces: Uint8Array[]) => {
      const crc = await startCrc64();
      for (const piece of pieces) crc.update(piece);
      return crc.end();
    },
    combine: joinCrc64,
  },
];

describe.each(kinds)('CRC-64 of the $name', ({ of, combine }) => {
  it('is what Alibaba Cloud names for its test vector', async () => {
    expect(await of(Buffer.from('123456789'))).toBe(0x995dc9bbdf1939fan);
  });

  it('of nothing is 0', async () => {
    expect(await of()).toBe(0n);
    expect(await of(Buffer.alloc(0))).toBe(0n);
  });

  it('agrees with the definition for every length, wherever the bytes lie in memory', async () => {
    const bytes = randomBytes(80);
    for (let start = 0; start < 9; start++)
      for (let length = 0; length < 40; length++) {
        const slice = bytes.subarray(start, start + length);
        expect(await of(slice)).toBe(byDefinition(slice));
      }
  });

  it('does not depend on how the bytes are cut', async () => {
    const bytes = randomBytes(100_003);
    expect(
      await of(bytes.subarray(0, 1), bytes.subarray(1, 7), bytes.subarray(7, 65_536), bytes.subarray(65_536)),
    ).toBe(await of(bytes));
  });

  it('of a whole is combined from the CRCs of its parts', async () => {
    const bytes = randomBytes(300_000);
    for (const cut of [0, 1, 7, 8, 4096, 131_072, 299_999, 300_000]) {
      const [head, tail] = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect(combine(await of(head), await of(tail), tail.length)).toBe(await of(bytes));
    }
  });
});

describe('CRC-64 of the worker', () => {
  it('can be looked at on the way, and begun anew', async () => {
    const crc = await createCrc64();
    crc.update(Buffer.from('12345'));
    expect(crc.value()).toBe(byDefinition(Buffer.from('12345')));
    crc.update(Buffer.from('6789'));
    expect(crc.value()).toBe(0x995dc9bbdf1939fan);

    crc.reset();

    expect(crc.value()).toBe(0n);
    crc.update(Buffer.from('123456789'));
    expect(crc.value()).toBe(0x995dc9bbdf1939fan);
  });

  it('combines parts of gigabytes as the stand-in does', () => {
    for (const length of [5 * 1024 ** 2, 5 * 1024 ** 3, 48 * 1024 ** 4])
      expect(combineCrc64(0x995dc9bbdf1939fan, 42n, length)).toBe(
        joinCrc64(0x995dc9bbdf1939fan, 42n, length),
      );
  });

  it('refuses a length that is none', () => {
    for (const length of [-1, 1.5, Number.NaN])
      expect(() => combineCrc64(1n, 2n, length)).toThrow(RangeError);
  });
});
