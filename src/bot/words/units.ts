/** Numbers with units as people read them; the words for the units are each language's own. */

const SIZE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** Decimal units (1 MB = 1,000,000 bytes), three significant digits. */
export function sizeParts(bytes: number): { amount: string; unit: (typeof SIZE_UNITS)[number] } {
  let amount = bytes;
  let at = 0;
  while (amount >= 999.5 && at < SIZE_UNITS.length - 1) {
    amount /= 1000;
    at += 1;
  }
  const digits = at === 0 ? 0 : amount < 9.995 ? 2 : amount < 99.95 ? 1 : 0;
  return { amount: amount.toFixed(digits), unit: SIZE_UNITS[at] ?? 'B' };
}

export type DurationUnit = 'ms' | 's' | 'min' | 'h' | 'd';

/** The one or two largest units: 340 ms, 4.2 s, 42 s, 3 min 5 s, 2 h 10 min. */
export function durationParts(ms: number): { amount: string; unit: DurationUnit }[] {
  if (ms < 999.5) return [{ amount: String(Math.round(ms)), unit: 'ms' }];
  if (ms < 9950) return [{ amount: (ms / 1000).toFixed(1), unit: 's' }];
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return [{ amount: String(seconds), unit: 's' }];
  const pairs: readonly [number, DurationUnit, number, DurationUnit][] = [
    [86_400, 'd', 3600, 'h'],
    [3600, 'h', 60, 'min'],
    [60, 'min', 1, 's'],
  ];
  for (const [large, largeUnit, small, smallUnit] of pairs) {
    if (seconds < large) continue;
    const rest = Math.floor((seconds % large) / small);
    const first = { amount: String(Math.floor(seconds / large)), unit: largeUnit };
    return rest === 0 ? [first] : [first, { amount: String(rest), unit: smallUnit }];
  }
  return [];
}
