/** A message as a terminal can show it. */
import { isObject, type JsonObject, listOf, objectsIn } from './block.ts';
import type { StoredMessage } from './message-log.ts';
import { unescapeMarkup } from './pings-and-links.ts';

/** Names for the ids that stand in mentions; ids without a name are shown as they are. */
export type NameOf = (id: string) => string | undefined;

/** @returns lines without a trailing newline: `*bold*` stays as people type it, buttons look like `[Approve]` */
export function messageToText(message: StoredMessage, nameOf: NameOf = () => undefined): string {
  const shown = [
    ...message.blocks.map((block) => blockToText(block, nameOf)),
    ...message.attachments.map((attachment) => attachmentToText(attachment, nameOf)),
  ].filter((part) => part !== '');
  return shown.length > 0 ? shown.join('\n') : markupToText(message.text, nameOf);
}

/** Mentions by name, links as `label (address)`, dates by their fallback, escapes undone. */
export function markupToText(markup: string, nameOf: NameOf = () => undefined): string {
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
  return unescapeMarkup(named);
}

function blockToText(block: JsonObject, nameOf: NameOf): string {
  switch (block.type) {
    case 'header': {
      const title = textOf(block.text, nameOf);
      return `${title}\n${'─'.repeat(Math.min(72, widthOf(title)))}`;
    }
    case 'section':
      return sectionToText(block, nameOf);
    case 'context':
      return `  ${listOf(block.elements)
        .map((element) => textOf(element, nameOf))
        .filter((text) => text !== '')
        .join('  ·  ')}`;
    case 'actions':
      return listOf(block.elements).map(elementToText).join(' ');
    case 'divider':
      return '─'.repeat(40);
    case 'image':
      return `[image: ${String(block.alt_text)}]`;
    case 'markdown':
      return String(block.text);
    case 'input':
      return `${textOf(block.label, nameOf)}: ${elementToText(block.element)}`;
    case 'rich_text':
      return [...objectsIn(block.elements)].map((each) => richTextToText(each, nameOf)).join('');
    default:
      return '';
  }
}

function sectionToText(block: JsonObject, nameOf: NameOf): string {
  const text = textOf(block.text, nameOf);
  const fields = listOf(block.fields).map((field) => textOf(field, nameOf));
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
  const accessory = block.accessory === undefined ? '' : ` ${elementToText(block.accessory)}`;
  return [text === '' ? '' : `${text}${accessory}`, ...lines].filter((line) => line !== '').join('\n');
}

function attachmentToText(attachment: JsonObject, nameOf: NameOf): string {
  const blocks = listOf(attachment.blocks).filter(isObject);
  const parts = [
    ...['pretext', 'title', 'text', 'footer'].map((key) =>
      markupToText(String(attachment[key] ?? ''), nameOf),
    ),
    ...listOf(attachment.fields)
      .filter(isObject)
      .map((field) => `${String(field.title)}  ${markupToText(String(field.value), nameOf)}`),
    ...blocks.map((block) => blockToText(block, nameOf)),
  ];
  return parts
    .filter((part) => part !== '')
    .join('\n')
    .split('\n')
    .map((line) => `│ ${line}`.trimEnd())
    .join('\n');
}

function elementToText(element: unknown): string {
  if (!isObject(element)) return '';
  const label = isObject(element.text) ? String(element.text.text) : undefined;
  const placeholder = isObject(element.placeholder) ? String(element.placeholder.text) : '';
  switch (element.type) {
    case 'button':
      return element.url === undefined ? `[${label}]` : `[${label}] ${String(element.url)}`;
    case 'plain_text_input':
      return `[${placeholder || '          '}]`;
    case 'image':
      return `[image: ${String(element.alt_text)}]`;
    default:
      return `[${label ?? (placeholder || String(element.type))} ▾]`;
  }
}

function richTextToText(element: JsonObject, nameOf: NameOf): string {
  switch (element.type) {
    case 'text':
      return String(element.text);
    case 'user':
      return `@${nameOf(String(element.user_id)) ?? String(element.user_id)}`;
    case 'link':
      return element.text === undefined
        ? String(element.url)
        : `${String(element.text)} (${String(element.url)})`;
    case 'emoji':
      return `:${String(element.name)}:`;
    case 'broadcast':
      return `@${String(element.range)}`;
    case 'date':
      return String(element.fallback ?? element.timestamp);
    default:
      return '';
  }
}

function textOf(text: unknown, nameOf: NameOf): string {
  if (!isObject(text)) return '';
  if (text.type === 'image') return `[image: ${String(text.alt_text)}]`;
  const words = String(text.text ?? '');
  return text.type === 'mrkdwn' ? markupToText(words, nameOf) : words;
}

/** Columns on a terminal: Chinese, Japanese, Korean characters and emoji take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
