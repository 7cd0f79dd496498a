import type { Inline, Line, PersonRef } from '../chat/message.ts';
import type { Who } from '../policy.ts';

export const text = (value: string): Inline => ({ kind: 'text', text: value });
export const bold = (value: string): Inline => ({ kind: 'text', text: value, bold: true });
export const code = (value: string): Inline => ({ kind: 'code', text: value });
export const person = (who: PersonRef): Inline => ({ kind: 'person', person: who });
export const time = (at: number): Inline => ({ kind: 'time', at });

/** A sentence of ours, in which `backquotes` set what is typed apart. Not for what came from people or pods. */
export const sentence = (words: string): Line =>
  words.split('`').flatMap((part, index) => (part === '' ? [] : [index % 2 === 1 ? code(part) : text(part)]));

/** People and groups of a rule as mentions, with spaces between. */
export function mentions(list: readonly Who[]): Line {
  return list.flatMap((who, index): Inline[] => [
    ...(index === 0 ? [] : [text(' ')]),
    who.includes(':group:')
      ? { kind: 'group', group: who }
      : who.includes(':')
        ? person(who as PersonRef)
        : text(who),
  ]);
}
