/** What Slack's clients make of what people type. */
import type { Directory } from './directory.ts';
import { escapeMarkup } from './pings-and-links.ts';

const NAME = /(^|[\s(])@([\w.-]*\w)/g;
const CHANNEL = /(^|[\s(])#([\w-]+)/g;
const URL = /\bhttps?:\/\/[^\s<>|]+/g;

/**
 * A message as events carry it: `&`, `<` and `>` escaped, `@name` and `#channel` as ids, addresses in angle brackets.
 * Names that nobody has stay as they are.
 * @param labels as in commands with `should_escape`: `<@U012|ann>` instead of `<@U012>`
 */
export function typedMarkup(typed: string, directory: Directory, labels = false): string {
  const label = (name: string) => (labels ? `|${name}` : '');
  return escapeMarkup(typed)
    .replaceAll(URL, (url) => `<${url}>`)
    .replaceAll(NAME, (whole, before: string, name: string) => {
      const person = [...directory.people.values()].find((each) => each.name === name);
      return person === undefined ? whole : `${before}<@${person.id}${label(name)}>`;
    })
    .replaceAll(CHANNEL, (whole, before: string, name: string) => {
      const channel = [...directory.channels.values()].find(
        (each) => each.kind !== 'direct' && each.name === name,
      );
      return channel === undefined ? whole : `${before}<#${channel.id}|${labels ? name : ''}>`;
    });
}
