/**
 * Lines as elements of a `rich_text` block. It is the one kind of block in which "shown as text" is structure and not
 * escaping: a `text` element is literal (no markup, mention, link or emoji in it), and people, groups, times and links
 * are elements of their own that no text can imitate. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
 */
import type { types } from '@slack/bolt';
import type { CheckState, Inline, Line, Message } from '../message.ts';
import { onOneLine, shorten, type TextBudget, visible } from '../shown-text.ts';
import { groupId, userId } from './places.ts';

export type RichElement = types.RichTextElement;

const TEXT_CHARS = 2000;
const CODE_CHARS = 500;
export const LABEL_CHARS = 150;
export const QUOTE_CHARS = 2500;

export const NEW_LINE: RichElement = { type: 'text', text: '\n' };

interface Emoji {
  readonly name: string;
  readonly unicode: string;
}

const TONES: Readonly<Record<Message['tone'], Emoji | undefined>> = {
  neutral: undefined,
  waiting: { name: 'hourglass_flowing_sand', unicode: '23f3' },
  good: { name: 'white_check_mark', unicode: '2705' },
  bad: { name: 'warning', unicode: '26a0-fe0f' },
};

const CHECKS: Readonly<Record<CheckState, Emoji>> = {
  waiting: { name: 'white_circle', unicode: '26aa' },
  running: { name: 'arrow_forward', unicode: '25b6-fe0f' },
  finished: { name: 'white_check_mark', unicode: '2705' },
  failed: { name: 'x', unicode: '274c' },
  cancelled: { name: 'no_entry_sign', unicode: '1f6ab' },
  skipped: { name: 'heavy_minus_sign', unicode: '2796' },
};

export function titleElements(message: Message, budget: TextBudget): RichElement[] {
  const emoji = TONES[message.tone];
  const title = plainElement(budget.take(onOneLine(message.title), TEXT_CHARS), { bold: true });
  return emoji === undefined
    ? title
    : [{ type: 'emoji', ...emoji } satisfies RichElement, plain(' '), ...title];
}

export function lineElements(line: Line, budget: TextBudget): RichElement[] {
  return line.flatMap((inline) => inlineElements(inline, budget));
}

export function quoteElements(text: string, budget: TextBudget): RichElement[] {
  return plainElement(budget.take(visible(text).trim(), QUOTE_CHARS));
}

export function fieldElements(
  fields: readonly { readonly label: string; readonly value: Line }[],
  budget: TextBudget,
): RichElement[] {
  return separated(
    fields.map(({ label, value }) => [
      ...plainElement(budget.take(onOneLine(label), LABEL_CHARS), { bold: true }),
      plain('  '),
      ...lineElements(value, budget),
    ]),
  );
}

export function checklistElements(
  items: readonly { readonly state: CheckState; readonly label: string; readonly note?: string }[],
  budget: TextBudget,
): RichElement[] {
  return separated(
    items.map(({ state, label, note }) => [
      { type: 'emoji', ...CHECKS[state] },
      plain(' '),
      ...plainElement(
        budget.take(onOneLine(label), LABEL_CHARS),
        state === 'running' ? { bold: true } : undefined,
      ),
      ...(note === undefined ? [] : plainElement(budget.take(` · ${onOneLine(note)}`, 2 * LABEL_CHARS))),
    ]),
  );
}

/** Lines, one below the other. */
export function separated(lines: readonly (readonly RichElement[])[]): RichElement[] {
  return lines.flatMap((line, index) => (index === 0 ? line : [NEW_LINE, ...line]));
}

/** What stands there for readers whose client shows no time. */
export function timeAsText(at: number): string {
  return new Date(at).toISOString().replace(/T(\d\d:\d\d).*/, ' $1 UTC');
}

export const DATE_FORMAT = '{date_short_pretty} {time}';

function inlineElements(inline: Inline, budget: TextBudget): RichElement[] {
  switch (inline.kind) {
    case 'text':
      return plainElement(
        budget.take(onOneLine(inline.text), TEXT_CHARS),
        inline.bold === true ? { bold: true } : undefined,
      );
    case 'code':
      return plainElement(budget.take(onOneLine(inline.text), CODE_CHARS), { code: true });
    case 'person': {
      const id = userId(inline.person);
      return id === undefined
        ? plainElement(shorten(onOneLine(inline.person), LABEL_CHARS))
        : [{ type: 'user', user_id: id }];
    }
    case 'group': {
      const id = groupId(inline.group);
      return id === undefined
        ? plainElement(shorten(onOneLine(inline.group), LABEL_CHARS))
        : [{ type: 'usergroup', usergroup_id: id }];
    }
    case 'time':
      return [
        {
          type: 'date',
          timestamp: Math.floor(inline.at / 1000),
          format: DATE_FORMAT,
          fallback: timeAsText(inline.at),
        },
      ];
  }
}

type Style = NonNullable<types.RichTextText['style']>;

const plain = (text: string): RichElement => ({ type: 'text', text });

/** Slack refuses elements without text. */
function plainElement(text: string, style?: Style): RichElement[] {
  if (text === '') return [];
  return [style === undefined ? plain(text) : { type: 'text', text, style }];
}
