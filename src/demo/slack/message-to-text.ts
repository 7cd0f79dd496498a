/** A message as a terminal can show it. */
import { stripVTControlCharacters } from 'node:util';
import { isObject, type JsonObject, listOf } from './block.ts';
import type { StoredMessage } from './message-log.ts';
import { type Paint, PLAIN } from './paint.ts';
import { unescapeMarkup } from './pings-and-links.ts';
import { type NameOf, richTextToText } from './rich-text-to-text.ts';

/**
 * @param paint `ANSI` for a terminal with colours
 * @returns lines without a trailing newline; buttons look like `[Approve]`
 */
export function messageToText(
  message: StoredMessage,
  nameOf: NameOf = () => undefined,
  paint: Paint = PLAIN,
): string {
  const shown = [
    ...message.blocks.map((block) => blockToText(block, nameOf, paint)),
    ...message.attachments.map((attachment) => attachmentToText(attachment, nameOf, paint)),
  ].filter((part) => part !== '');
  return shown.length > 0 ? shown.join('\n') : markupToText(message.text, nameOf, paint);
}

/** Mentions by name, links as `label (address)`, dates by their fallback, `*bold*` painted, escapes undone. */
export function markupToText(markup: string, nameOf: NameOf = () => undefined, paint: Paint = PLAIN): string {
  const named = markup.replaceAll(/<([^<>]*)>/g, (_whole, inside: string) => {
    const [target = '', given] = inside.split('|');
    // Slack sends `<#C012|>` where it keeps a channel's name to itself.
    const label = given === '' ? undefined : given;
    if (target.startsWith('@')) return `@${nameOf(target.slice(1)) ?? label ?? target.slice(1)}`;
    if (target.startsWith('#')) return `#${label ?? nameOf(target.slice(1)) ?? target.slice(1)}`;
    if (target.startsWith('!date^')) return label ?? target;
    if (target.startsWith('!subteam^')) return label ?? `@${nameOf(target.slice(9)) ?? target.slice(9)}`;
    if (target.startsWith('!')) return `@${target.slice(1)}`;
    return label === undefined ? target : `${label} (${target})`;
  });
  const painted = named.replaceAll(MARKS, (_whole, code?: string, bold?: string) =>
    code === undefined ? paint.bold(bold ?? '') : paint.code(code),
  );
  return unescapeMarkup(painted);
}

// `code`, in which an asterisk means nothing, or *bold* that stands alone.
const MARKS = /`([^`\n]+)`|(?<![\w*])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])/g;

function blockToText(block: JsonObject, nameOf: NameOf, paint: Paint): string {
  switch (block.type) {
    case 'header': {
      const title = textOf(block.text, nameOf, paint);
      return `${paint.bold(title)}\n${'─'.repeat(Math.min(72, widthOf(title)))}`;
    }
    case 'section':
      return sectionToText(block, nameOf, paint);
    case 'context':
      return contextToText(block, nameOf, paint);
    case 'actions':
      return listOf(block.elements)
        .map((element) => elementToText(element, paint))
        .join(' ');
    case 'divider':
      return '─'.repeat(40);
    case 'image':
      return `[image: ${String(block.alt_text)}]`;
    case 'markdown':
      return String(block.text);
    case 'input':
      return `${textOf(block.label, nameOf, paint)}: ${elementToText(block.element, paint)}`;
    case 'rich_text':
      return richTextToText(block, nameOf, paint);
    default:
      return '';
  }
}

function sectionToText(block: JsonObject, nameOf: NameOf, paint: Paint): string {
  const text = textOf(block.text, nameOf, paint);
  const fields = listOf(block.fields).map((field) => textOf(field, nameOf, paint));
  // A field is a label above a value: on a terminal they fit into one line, values below each other.
  const pairs = fields.map((field) => {
    const cut = field.indexOf('\n');
    return cut < 0 ? [field, ''] : [field.slice(0, cut), field.slice(cut + 1)];
  });
  const width = Math.max(0, ...pairs.map(([label = '', value]) => (value === '' ? 0 : widthOf(label))));
  const lines = pairs.map(([label = '', value = '']) => {
    if (value === '') return `  ${label}`;
    const indent = ' '.repeat(width + 4);
    return `  ${label}${' '.repeat(width - widthOf(label))}  ${value.replaceAll('\n', `\n${indent}`)}`;
  });
  const accessory = block.accessory === undefined ? '' : ` ${elementToText(block.accessory, paint)}`;
  return [text === '' ? '' : `${text}${accessory}`, ...lines].filter((line) => line !== '').join('\n');
}

/** Small print; texts that lead on to the next one (`until `, a time) are not torn apart. */
function contextToText(block: JsonObject, nameOf: NameOf, paint: Paint): string {
  const texts = listOf(block.elements)
    .map((element) => textOf(element, nameOf, paint).trim())
    .filter((text) => text !== '');
  return paint.dim(`  ${texts.join(' ')}`.replaceAll('\n', '\n  '));
}

function attachmentToText(attachment: JsonObject, nameOf: NameOf, paint: Paint): string {
  const blocks = listOf(attachment.blocks).filter(isObject);
  const parts = [
    ...['pretext', 'title', 'text', 'footer'].map((key) =>
      markupToText(String(attachment[key] ?? ''), nameOf, paint),
    ),
    ...listOf(attachment.fields)
      .filter(isObject)
      .map((field) => `${String(field.title)}  ${markupToText(String(field.value), nameOf, paint)}`),
    ...blocks.map((block) => blockToText(block, nameOf, paint)),
  ];
  return parts
    .filter((part) => part !== '')
    .join('\n')
    .split('\n')
    .map((line) => `│ ${line}`.trimEnd())
    .join('\n');
}

function elementToText(element: unknown, paint: Paint): string {
  if (!isObject(element)) return '';
  const label = isObject(element.text) ? String(element.text.text) : undefined;
  const placeholder = isObject(element.placeholder) ? String(element.placeholder.text) : '';
  switch (element.type) {
    case 'button': {
      const style = typeof element.style === 'string' ? element.style : undefined;
      const button = paint.button(label ?? '', style);
      return element.url === undefined ? button : `${button} ${String(element.url)}`;
    }
    case 'plain_text_input':
      return `[${placeholder || '          '}]`;
    case 'image':
      return `[image: ${String(element.alt_text)}]`;
    default:
      return `[${label ?? (placeholder || String(element.type))} ▾]`;
  }
}

function textOf(text: unknown, nameOf: NameOf, paint: Paint): string {
  if (!isObject(text)) return '';
  if (text.type === 'image') return `[image: ${String(text.alt_text)}]`;
  const words = String(text.text ?? '');
  return text.type === 'mrkdwn' ? markupToText(words, nameOf, paint) : words;
}

/** Columns on a terminal: Chinese, Japanese, Korean characters and emoji take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += WIDE.test(character) ? 2 : 1;
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
