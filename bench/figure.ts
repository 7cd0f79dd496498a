/** One number out of several runs: the median, and how far the runs lie apart. */
export interface Figure {
  /** The median. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** @throws RangeError without a single value */
export function figureOf(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || min === undefined || max === undefined)
    throw new RangeError('No runs, no figure');
  return { value: (low + high) / 2, min, max, runs: sorted.length };
}

/** Run by run, as what is compared was measured side by side. @throws RangeError */
export const ratioOf = (values: readonly number[], others: readonly number[]): Figure =>
  figureOf(values.map((value, run) => value / (others[run] ?? Number.NaN)));
