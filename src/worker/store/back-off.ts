/** How long to wait before trying again. */

export interface RetryOptions {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Exponential with full jitter: any time up to the bound, so that workers that failed together do not return together.
 * @param failures so far, 1 or more
 * @param random from 0 up to 1
 */
export function backOffMs({ baseMs, maxMs }: RetryOptions, failures: number, random: () => number): number {
  return Math.round(random() * Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30)));
}
