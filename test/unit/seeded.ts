/** The same 'random' numbers in each run: a test that fails today fails tomorrow too. */
export interface Seeded {
  /** A whole number from 0 to `below` - 1. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  text(alphabet: readonly string[], mostWords: number): string;
}

/** Mulberry32: 32 bits of state are ample for a test. */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  const pick = <T>(list: readonly T[]): T => {
    const item = list[below(list.length)];
    if (item === undefined) throw new Error('Nothing to pick from');
    return item;
  };
  return {
    below,
    pick,
    text: (alphabet, mostWords) =>
      Array.from({ length: below(mostWords + 1) }, () => pick(alphabet)).join(''),
  };
}
