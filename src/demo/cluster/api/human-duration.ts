const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds as kubectl's columns show them: two units while the first is small, then one. */
export const humanDuration = (ms: number): string => {
  const two = (first: number, firstUnit: string, rest: number, restUnit: string) =>
    rest === 0 ? `${first}${firstUnit}` : `${first}${firstUnit}${rest}${restUnit}`;
  const floor = (unit: number) => Math.floor(ms / unit);
  if (ms < 2 * MINUTE) return `${Math.max(0, floor(SECOND))}s`;
  if (ms < 10 * MINUTE) return two(floor(MINUTE), 'm', floor(SECOND) % 60, 's');
  if (ms < 3 * HOUR) return `${floor(MINUTE)}m`;
  if (ms < 8 * HOUR) return two(floor(HOUR), 'h', floor(MINUTE) % 60, 'm');
  if (ms < 2 * DAY) return `${floor(HOUR)}h`;
  if (ms < 8 * DAY) return two(floor(DAY), 'd', floor(HOUR) % 24, 'h');
  return `${floor(DAY)}d`;
};
