/** Whom a message would notify and which addresses Slack would fetch for it. */
import { isObject, objectsIn, type TextSpot, textSpots } from './block.ts';

export interface MessageContent {
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly attachments: readonly unknown[];
  /** `link_names` or `parse: full`: bare @names become mentions. */
  readonly linkNames: boolean;
}

// https://docs.slack.dev/messaging/formatting-message-text : <!channel>, <!subteam^S012>, <@U012>, each with an
// optional |label. Text in which `<` was written as `&lt;` does not match.
const MENTION = /<(?:!(channel|here|everyone|group)|!subteam\^(S\w+)|@([UWB]\w+))(?:\|[^>]*)?>/g;
const BARE_NAME = /(?:^|[\s(])@([\w.-]+)/g;
const URL_IN_MARKUP = /<(https?:\/\/[^|>\s]+)(?:\|[^>]*)?>/gi;
const BARE_URL = /https?:\/\/[^\s<>|"'`]+/gi;

function spotsOf(content: MessageContent): TextSpot[] {
  return [{ text: content.text, markup: true }, ...textSpots(content.blocks, content.attachments)];
}

/** @returns `channel`, `here`, `everyone`, user ids and user group ids, each once */
export function pingsOf(content: MessageContent): string[] {
  const pings = new Set<string>();
  for (const { text, markup } of spotsOf(content)) {
    if (!markup) continue;
    for (const [, broadcast, group, person] of text.matchAll(MENTION)) {
      const ping = broadcast ?? group ?? person;
      if (ping !== undefined) pings.add(ping);
    }
    if (!content.linkNames) continue;
    for (const [, name] of text.matchAll(BARE_NAME)) if (name !== undefined) pings.add(name);
  }
  // Rich text names people in elements of their own.
  for (const object of objectsIn([content.blocks, content.attachments])) {
    const ping =
      (object.type === 'user' && object.user_id) ||
      (object.type === 'usergroup' && object.usergroup_id) ||
      (object.type === 'broadcast' && object.range);
    if (typeof ping === 'string') pings.add(ping);
  }
  return [...pings];
}

/**
 * Every web address in a message, those of buttons included: Slack's pages say that its servers fetch "every URL in a
 * message" unless both unfurl flags are false, and name no exception.
 */
export function linksOf(content: MessageContent): string[] {
  const links = new Set<string>();
  for (const { text, markup } of spotsOf(content)) {
    let rest = text;
    if (markup) {
      for (const [, url] of text.matchAll(URL_IN_MARKUP))
        if (url !== undefined) links.add(unescapeMarkup(url));
      rest = text.replaceAll(URL_IN_MARKUP, ' ');
    }
    for (const [url] of rest.matchAll(BARE_URL)) links.add(markup ? unescapeMarkup(url) : url);
  }
  for (const object of objectsIn([content.blocks, content.attachments])) {
    for (const key of ['url', 'title_link', 'author_link']) {
      const url = object[key];
      if (typeof url === 'string' && /^https?:/i.test(url)) links.add(url);
    }
  }
  return [...links];
}

/** Pictures go through Slack's image proxy whatever the unfurl flags say. */
export function imagesOf(content: MessageContent): string[] {
  const images = new Set<string>();
  for (const object of objectsIn([content.blocks, content.attachments])) {
    for (const key of ['image_url', 'thumb_url']) {
      const url = object[key];
      if (typeof url === 'string') images.add(url);
    }
    const file = object.slack_file;
    if (isObject(file) && typeof file.url === 'string') images.add(file.url);
  }
  return [...images];
}

/** Slack escapes exactly these three. */
export function unescapeMarkup(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
