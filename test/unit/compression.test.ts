import { describe, expect, it } from 'vitest';
import { chooseCompressor } from '../../src/worker/transfer/choose-way.ts';
import { fastestOf, type Way } from '../../src/worker/transfer/compression.ts';

/** Moves pieces one after the other, each taking as long as its way does. */
function move(pieces: number, msOf: Readonly<Record<string, number>>, ways: readonly Way[]): Way[] {
  let now = 0;
  const compression = fastestOf(ways, () => now);
  return Array.from({ length: pieces }, () => {
    const way = compression.next();
    now += msOf[way] ?? 0;
    compression.done(way, 8_000_000);
    return way;
  });
}

const countOf = (ways: readonly Way[], way: Way): number => ways.filter((each) => each === way).length;

describe('compress: auto takes what was measured to be the fastest', () => {
  it('compresses where the store is what everybody waits for', () => {
    const taken = move(100, { deflate: 100, stored: 400 }, ['deflate', 'stored']);
    expect(countOf(taken, 'stored')).toBe(6);
    expect(taken.at(-1)).toBe('deflate');
  });

  it('does not where compressing would keep the transfer waiting', () => {
    const taken = move(100, { deflate: 80, stored: 20 }, ['deflate', 'stored']);
    expect(countOf(taken, 'deflate')).toBe(6);
    expect(taken.at(-1)).toBe('stored');
  });

  it('takes the smaller object where both are as fast', () => {
    expect(move(50, { deflate: 100, stored: 100 }, ['deflate', 'stored']).at(-1)).toBe('deflate');
  });

  it('lets the pod compress where the wire out of it is slow', () => {
    const taken = move(50, { deflate: 300, pod: 90, stored: 300 }, ['deflate', 'pod', 'stored']);
    expect(taken.at(-1)).toBe('pod');
  });

  it('looks again after a while, as a store may have become slow', () => {
    const taken = move(200, { deflate: 80, stored: 20 }, ['deflate', 'stored']);
    expect(countOf(taken.slice(100), 'deflate')).toBe(6);
  });

  it('goes on with the first way while pieces of the others are under way', () => {
    const compression = fastestOf(['deflate', 'stored'], () => 1);
    const taken = Array.from({ length: 40 }, () => compression.next());
    expect(taken.slice(12)).toEqual(Array.from({ length: 28 }, () => 'deflate'));
  });
});

describe('who compresses', () => {
  const gzip = new Set(['gzip']);

  it('is nobody where people said none', () => {
    expect(chooseCompressor({ compress: 'none', podCpu: true }, 'relay', gzip, 8)).toEqual(['raw']);
  });

  it("is the worker's threads by default, or nobody, whatever is faster", () => {
    expect(chooseCompressor({ compress: 'auto', podCpu: false }, 'relay', gzip, 8)).toEqual([
      'deflate',
      'stored',
    ]);
  });

  it('is also the pod where the rule lets its CPU be used', () => {
    expect(chooseCompressor({ compress: 'auto', podCpu: true }, 'relay', gzip, 8)).toContain('pod');
    expect(chooseCompressor({ compress: 'auto', podCpu: true }, 'relay', new Set(), 8)).not.toContain('pod');
  });

  it.each([1, 2, 3])('is nobody on a machine whose %i cores are busy moving the bytes', (cores) => {
    expect(chooseCompressor({ compress: 'auto', podCpu: true }, 'relay', gzip, cores)).toEqual(['raw']);
  });

  it('is said to be impossible where the pod shall and has no gzip', () => {
    expect(() => chooseCompressor({ compress: 'pod', podCpu: true }, 'direct', new Set(), 8)).toThrow(
      expect.objectContaining({ code: 'no-gzip' }),
    );
  });
});
