/** DingTalk's markdown, as its clients read it: https://open.dingtalk.com/document/orgapp/message-type */
import type { Paint } from '../slack/paint.ts';

export interface Link {
  readonly label: string;
  readonly url: string;
}

// In this order: escaped character, code, image, link, HTML tag, entity, bare address, bold, italic, struck.
const INLINE = new RegExp(
  [
    String.raw`\\(?<escaped>[!-/:-@[-\x60{-~])`,
    String.raw`(?<ticks>\x60+)(?<code>.+?)\k<ticks>(?!\x60)`,
    String.raw`!\[(?<alt>(?:\\.|[^\]\\])*)\]\([^()\s]*\)`,
    String.raw`\[(?<label>(?:\\.|[^\]\\])*)\]\((?<url>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)`,
    String.raw`(?<tag><\/?[a-z][^<>]*>)`,
    String.raw`&(?<entity>#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});`,
    String.raw`(?<bare>\bhttps?:\/\/[^\s<>()\u2060]+)`,
    String.raw`\*\*(?=\S)(?<bold>(?:\\.|(?!\*\*)[^\\])+?)(?<=\S)\*\*`,
    String.raw`(?<!\w)__(?=\S)(?<strong>(?:\\.|(?!__)[^\\])+?)(?<=\S)__(?!\w)`,
    String.raw`\*(?=\S)(?<italic>(?:\\.|[^*\\])+?)(?<=\S)\*`,
    // Within a word an underscore means nothing.
    String.raw`(?<!\w)_(?=\S)(?<emphasis>(?:\\.|[^_\\])+?)(?<=\S)_(?!\w)`,
    String.raw`~~(?<struck>(?:\\.|[^~\\])+)~~`,
  ].join('|'),
  'gi',
);

/** In the order of the text: what is in brackets, and bare addresses, which clients make links of. */
export function linksIn(markdown: string): Link[] {
  return [...markdown.matchAll(INLINE)].flatMap(({ groups = {} }) => {
    const { label, url, bare } = groups;
    if (label !== undefined && url !== undefined) return [{ label: inlineText(label), url }];
    if (bare !== undefined) return [{ label: bare, url: bare }];
    return linksIn(styledPart(groups));
  });
}

function styledPart({ bold, strong, italic, emphasis, struck }: Record<string, string | undefined>): string {
  return bold ?? strong ?? italic ?? emphasis ?? struck ?? '';
}

/** @returns what a `dtmd://dingtalkclient/sendMessage?content=…` link sends as the person who taps it */
export function sendMessageText(url: string): string | undefined {
  const [, query] = /^dtmd:\/\/dingtalkclient\/sendMessage\?(.*)$/s.exec(url) ?? [];
  return query === undefined ? undefined : (new URLSearchParams(query).get('content') ?? undefined);
}

export interface Show {
  link(label: string, url: string): string;
  readonly paint: Pick<Paint, 'bold' | 'code'>;
}

const BARE: Show = { link: (label) => label, paint: { bold: (text) => text, code: (text) => text } };

/** One line as it is read: escapes undone, styles painted or gone, HTML gone, what has no width gone. */
export function inlineText(markdown: string, show: Show = BARE): string {
  const text = markdown.replaceAll(INLINE, (...match) => {
    const groups = match.at(-1) as Record<string, string | undefined>;
    const { escaped, code, alt, label, url = '', tag, entity, bare, bold, strong } = groups;
    if (escaped !== undefined) return escaped;
    if (code !== undefined) return show.paint.code(code);
    if (alt !== undefined) return `[image: ${alt}]`;
    if (label !== undefined) return show.link(inlineText(label, show), url);
    if (tag !== undefined) return '';
    if (entity !== undefined) return decoded(entity);
    if (bare !== undefined) return bare;
    const styled = inlineText(styledPart(groups), show);
    return (bold ?? strong) === undefined ? styled : show.paint.bold(styled);
  });
  return text.replaceAll(/[\u200b\u2060\ufeff]/g, '');
}

/** Lines as clients break them: at two spaces before a newline, between paragraphs, before headings, quotes and items. */
export function linesOf(markdown: string): string[] {
  const lines: string[] = [];
  for (const line of markdown.split('\n')) {
    const last = lines.at(-1);
    const goesOn =
      last !== undefined &&
      last.trim() !== '' &&
      line.trim() !== '' &&
      !/ {2}$/.test(last) &&
      !BLOCK.test(line) &&
      !HEADING.test(last);
    if (goesOn) lines[lines.length - 1] = `${last} ${line.trimStart()}`;
    else lines.push(line);
  }
  return lines.map((line) => line.trimEnd());
}

export const HEADING = /^ {0,3}#{1,6} +(.*)$/;
export const QUOTE = /^ {0,3}> ?(.*)$/;
export const ITEM = /^ {0,3}[-*+] +(.*)$/;
const BLOCK = /^ {0,3}(?:#{1,6} |>|[-*+] |\d{1,9}[.)] )/;

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  nbsp: ' ',
  ensp: ' ',
  emsp: ' ',
};

function decoded(entity: string): string {
  if (!entity.startsWith('#')) return ENTITIES[entity.toLowerCase()] ?? `&${entity};`;
  const code = /^#x/i.test(entity) ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : '';
}
