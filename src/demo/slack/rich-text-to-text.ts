/** Rich text as a terminal can show it. */
import { isObject, type JsonObject, listOf } from './block.ts';
import type { Paint } from './paint.ts';

/** Names for the ids that stand in mentions; ids without a name are shown as they are. */
export type NameOf = (id: string) => string | undefined;

export function richTextToText(block: JsonObject, nameOf: NameOf, paint: Paint): string {
  return listOf(block.elements)
    .filter(isObject)
    .map((container) => containerToText(container, nameOf, paint))
    .join('\n');
}

function containerToText(container: JsonObject, nameOf: NameOf, paint: Paint): string {
  const elements = listOf(container.elements).filter(isObject);
  const words = () => elements.map((element) => elementToText(element, nameOf, paint)).join('');
  switch (container.type) {
    case 'rich_text_quote':
      return prefixed(words(), '> ');
    case 'rich_text_preformatted':
      return prefixed(words(), '    ');
    case 'rich_text_list': {
      const indent = '  '.repeat(Number(container.indent ?? 0));
      return elements
        .map((item, index) => {
          const bullet = container.style === 'ordered' ? `${index + 1}. ` : '• ';
          return `${indent}${bullet}${containerToText(item, nameOf, paint)}`;
        })
        .join('\n');
    }
    default:
      return words();
  }
}

function elementToText(element: JsonObject, nameOf: NameOf, paint: Paint): string {
  return styled(wordsOf(element, nameOf), element.style, paint);
}

function wordsOf(element: JsonObject, nameOf: NameOf): string {
  const named = (id: unknown) => nameOf(String(id)) ?? String(id);
  switch (element.type) {
    case 'text':
      return String(element.text);
    case 'user':
      return `@${named(element.user_id)}`;
    case 'usergroup':
      return `@${named(element.usergroup_id)}`;
    case 'channel':
      return `#${named(element.channel_id)}`;
    case 'broadcast':
      return `@${String(element.range)}`;
    case 'link':
      return element.text === undefined
        ? String(element.url)
        : `${String(element.text)} (${String(element.url)})`;
    case 'emoji':
      return emojiOf(element);
    case 'date':
      return String(element.fallback ?? new Date(Number(element.timestamp) * 1000).toISOString());
    default:
      return '';
  }
}

/** `unicode` is hexadecimal, with hyphens between code points. */
function emojiOf(element: JsonObject): string {
  const { unicode, name } = element;
  if (typeof unicode !== 'string' || !/^[0-9a-f]+(-[0-9a-f]+)*$/i.test(unicode)) return `:${String(name)}:`;
  return String.fromCodePoint(...unicode.split('-').map((code) => Number.parseInt(code, 16)));
}

function styled(words: string, style: unknown, paint: Paint): string {
  if (!isObject(style)) return words;
  const coded = style.code === true ? paint.code(words) : words;
  return style.bold === true ? paint.bold(coded) : coded;
}

function prefixed(text: string, prefix: string): string {
  return text
    .split('\n')
    .map((line) => `${prefix}${line}`)
    .join('\n');
}
