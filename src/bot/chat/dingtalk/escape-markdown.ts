/**
 * Texts of people and pods in DingTalk's markdown, shown as they were written. Pure.
 * https://open.dingtalk.com/document/orgapp/custom-bot-to-send-group-chat-messages#markdown
 */
import { onOneLine, visible } from '../shown-text.ts';

/** Invisible and without width: what stands on both sides of it is shown as one word and read as two. */
const JOINER = '\u2060';

/**
 * What could become a style, a link, an image, a heading, a quote, a list, an entity or HTML is escaped; addresses and
 * mentions, which clients find without any markup, are broken up invisibly.
 */
export function escapeMarkdown(text: string): string {
  return visible(text)
    .replaceAll(JOINER, '')
    .replaceAll(/[\\`*_[\]<>~|]|&(?=#?\w+;)/g, '\\$&')
    .replaceAll(/^(\s*)([#+=-])/gm, '$1\\$2')
    .replaceAll(/^(\s*\d{1,9})([.)])(?=\s|$)/gm, '$1\\$2')
    .replaceAll(/([a-z][a-z0-9+.-]*):(?=\/\/)/gi, `$1:${JOINER}`)
    .replaceAll(/\b(www)\.(?=\w)/gi, `$1${JOINER}.`)
    .replaceAll(/[@＠]/g, `$&${JOINER}`);
}

export function escapeLine(text: string): string {
  return escapeMarkdown(onOneLine(text));
}

/** An address of ours in a link: nothing in it may end the link. */
export function linkTarget(url: string): string {
  return url.replaceAll(
    /[\s()<>\\]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
