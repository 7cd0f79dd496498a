import { describe, expect, it } from 'vitest';
import { backOffMs } from '../../src/worker/store/back-off.ts';

const options = { attempts: 10, baseMs: 100, maxMs: 1500 };
const bounds = (random: number): number[] =>
  [1, 2, 3, 4, 5, 6, 100].map((failures) => backOffMs(options, failures, () => random));

describe('the time before another attempt', () => {
  it('doubles at most, up to its bound', () => {
    expect(bounds(1)).toEqual([100, 200, 400, 800, 1500, 1500, 1500]);
  });

  it('is anything from nothing to that, so that those who failed together do not return together', () => {
    expect(bounds(0)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(bounds(0.5)).toEqual([50, 100, 200, 400, 750, 750, 750]);
  });
});
