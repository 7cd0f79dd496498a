/** A message as a terminal can show it. */
import { type Paint, PLAIN } from '../slack/paint.ts';
import type { CardFace } from './cards.ts';
import type { ChatMessage } from './chat-log.ts';
import { HEADING, ITEM, inlineText, linesOf, QUOTE, type Show, sendMessageText } from './markdown.ts';

/**
 * @param face of a card, for one reader
 * @returns lines without a trailing newline; buttons look like `[同意]`
 */
export function messageToText(
  message: Pick<ChatMessage, 'content'>,
  face: CardFace | undefined,
  paint: Paint = PLAIN,
): string {
  if (face !== undefined) return cardToText(face, paint);
  const { content } = message;
  switch (content.kind) {
    case 'text':
    case 'other':
      return content.text;
    case 'markdown':
      return markdownToText(content.text, paint);
    case 'link':
      return `${paint.bold(content.title)}\n${content.text}\n${content.url}`;
    case 'actionCard': {
      const buttons = content.buttons.map(({ label, url }) => linkButton(label, url, paint));
      return `${markdownToText(content.text, paint)}\n${buttons.join(' ')}`;
    }
  }
}

export function cardToText({ title, markdown, buttons }: CardFace, paint: Paint = PLAIN): string {
  const row = buttons.map(({ label, style, url, disabled }) => {
    if (url !== undefined) return linkButton(label, url, paint);
    return disabled ? paint.dim(`(${label})`) : paint.button(label, STYLE[style ?? '']);
  });
  const parts = [paint.bold(title), markdownToText(markdown, paint, false), row.join(' ')];
  return parts.filter((part) => part !== '').join('\n');
}

/** The card builder's colours in the words of `Paint`. */
const STYLE: Readonly<Record<string, string>> = { blue: 'primary', green: 'primary', red: 'danger' };

/**
 * Links as `label (address)`; those that send a message as `[label]` with what they send.
 * @param canSend false in a card, whose markdown has no such links
 */
export function markdownToText(markdown: string, paint: Paint = PLAIN, canSend = true): string {
  const show: Show = {
    paint,
    link(label, url) {
      if (sendMessageText(url) === undefined) return `${label} (${url})`;
      return canSend ? linkButton(label, url, paint) : label;
    },
  };
  return linesOf(markdown)
    .map((line) => lineToText(line, show))
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

function lineToText(line: string, show: Show): string {
  const [, heading] = HEADING.exec(line) ?? [];
  if (heading !== undefined) return show.paint.bold(inlineText(heading, show));
  const [, quoted] = QUOTE.exec(line) ?? [];
  if (quoted !== undefined) return `│ ${inlineText(quoted, show)}`;
  const [, item] = ITEM.exec(line) ?? [];
  if (item !== undefined) return `• ${inlineText(item, show)}`;
  return inlineText(line, show);
}

function linkButton(label: string, url: string, paint: Paint): string {
  const sends = sendMessageText(url);
  const button = paint.button(label, undefined);
  return sends === undefined ? `${button} ${url}` : `${button} → “${sends}”`;
}
