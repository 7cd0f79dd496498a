import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createPosixCksum } from '../../src/worker/pieces/posix-cksum.ts';
import { seeded } from './seeded.ts';

/** What the program prints before the byte count. */
const printed = (bytes: Uint8Array): string =>
  execFileSync('cksum', { input: bytes }).toString('latin1').split(' ')[0] ?? '';

function sumOf(...chunks: Uint8Array[]): string {
  const sum = createPosixCksum();
  for (const chunk of chunks) sum.update(chunk);
  return sum.value();
}

function bytesOf(length: number): Buffer {
  const random = seeded(length);
  return Buffer.from(Uint8Array.from({ length }, () => random.below(256)));
}

describe('the checksum that a pod’s cksum prints', () => {
  it('is known for nothing and for a few digits', () => {
    expect(sumOf()).toBe('4294967295');
    expect(sumOf(Buffer.from('123456789'))).toBe('930766865');
  });

  it('is the program’s, for lengths around all that it is computed by', () => {
    const lengths = [
      0, 1, 2, 3, 4, 5, 7, 8, 255, 256, 257, 65_535, 65_536, 131_071, 131_072, 131_073, 400_003,
    ];
    for (const length of lengths) {
      const bytes = bytesOf(length);
      expect(sumOf(bytes), `${length} bytes`).toBe(printed(bytes));
    }
  });

  it('does not depend on how the bytes are cut, nor on where they lie in memory', () => {
    const bytes = bytesOf(300_001);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
    shared.set(bytes);

    expect(sumOf(bytes.subarray(0, 1), bytes.subarray(1, 131_074), bytes.subarray(131_074))).toBe(
      sumOf(bytes),
    );
    expect(sumOf(shared)).toBe(sumOf(bytes));
  });

  it('can be looked at on the way, and begun anew', () => {
    const sum = createPosixCksum();
    sum.update(Buffer.from('12345'));
    expect(sum.value()).toBe(printed(Buffer.from('12345')));
    sum.update(Buffer.from('6789'));
    expect(sum.value()).toBe('930766865');

    sum.reset();

    expect(sum.value()).toBe('4294967295');
  });
});
