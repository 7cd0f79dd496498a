/** What Slack made of a person's words → what the person typed. Pure. */

/** https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages */
const TOKEN = /<([^<>]*)>/g;

/**
 * Mentions and links become their text again, entities their characters, and the quotes, spaces and dashes that phones
 * and word processors put in become those of a keyboard.
 */
export function typedText(text: string): string {
  return (
    unescapeMarkup(text.replaceAll(TOKEN, (_whole, inside: string) => tokenText(inside)))
      .replaceAll(/[\u00a0\u2007\u202f\u3000]/g, ' ')
      .replaceAll(/[\u200b\u2060\ufeff]/g, '')
      .replaceAll(/[\u201c\u201d\u201e\u201f]/g, '"')
      .replaceAll(/[\u2018\u2019\u201a\u201b]/g, "'")
      // Some keyboards make one dash of two: `--reason` arrives as `—reason`.
      .replaceAll(/(^|\s)[\u2013\u2014](?=[a-z])/g, '$1--')
      .trim()
  );
}

/** @returns what follows the first mention of the bot; the whole text where there is none */
export function afterMention(text: string, botUserId: string): string {
  const mention = new RegExp(`<@${botUserId}(?:\\|[^>]*)?>`);
  const found = mention.exec(text);
  return found === null ? text : text.slice(found.index + found[0].length);
}

function tokenText(inside: string): string {
  const bar = inside.indexOf('|');
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? undefined : inside.slice(bar + 1);
  switch (target.charAt(0)) {
    case '@':
    case '#':
      return label === undefined || label === '' ? target : withSign(target.charAt(0), label);
    case '!':
      return label === undefined ? `@${target.slice(1)}` : withSign('@', label);
    default:
      return label ?? target.replace(/^mailto:/, '');
  }
}

const withSign = (sign: string, label: string): string => (label.startsWith(sign) ? label : sign + label);

function unescapeMarkup(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
