/** Numbers and times for people. */
import type { Language } from '../page-state.ts';
import type { Words } from './words.ts';

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let amount = count / 1000;
  let at = 0;
  while (amount >= 999.5 && at < units.length - 1) {
    amount /= 1000;
    at += 1;
  }
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[at]}`;
}

export const duration = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

export const clock = (at: number, language: Language): string =>
  new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);

export const clockWithSeconds = (at: number, language: Language): string =>
  new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(at);

export const millisOf = (ts: string): number => Number(ts) * 1000;

/** Slack's date formats: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export function slackDate(
  seconds: number,
  format: string,
  { language, words }: { language: Language; words: Words },
): string {
  const at = seconds * 1000;
  return format.replace(/\{(\w+)\}/g, (whole, token: string) => {
    const [, kind, pretty] = /^(date|date_num|date_short|date_long)(_pretty)?$/.exec(token) ?? [];
    if (kind !== undefined)
      return (pretty === undefined ? undefined : dayName(at, words)) ?? day(at, kind, language);
    if (token === 'time') return clock(at, language);
    if (token === 'time_secs') return clockWithSeconds(at, language);
    return whole;
  });
}

function day(at: number, kind: string, language: Language): string {
  const options: Intl.DateTimeFormatOptions =
    kind === 'date_num'
      ? { year: 'numeric', month: '2-digit', day: '2-digit' }
      : { year: 'numeric', month: kind === 'date_short' ? 'short' : 'long', day: 'numeric' };
  return new Intl.DateTimeFormat(language, options).format(at);
}

function dayName(at: number, words: Words): string | undefined {
  const start = (time: number): number => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((start(at) - start(Date.now())) / 86_400_000);
  if (days === 0) return words.today;
  if (days === -1) return words.yesterday;
  return days === 1 ? words.tomorrow : undefined;
}
