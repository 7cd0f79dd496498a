/** Where a request is shown besides the place it was made in, also on another platform: for its reviewers there. */
import { ConfigError } from '../config.ts';
import type { Config } from '../config-schema.ts';
import type { ChatPlatform, Place } from './chat/chat-platform.ts';
import type { DumpRequest } from './dump-request.ts';
import type { Rule } from './policy.ts';

/** A copy of the request's card, with the buttons: a click on it counts as the person whom that platform names. */
export interface Copy {
  /** Of what was said: `copy:slack:C012ABC`. */
  readonly slot: string;
  readonly platform: ChatPlatform;
  readonly place: Place;
}

const SLOT = 'copy:';

const isCopy = (slot: string): boolean => slot.startsWith(SLOT);

/** @param name `slack:C012ABC`, `dingtalk:cid…==`. @returns undefined where no platform here knows such a place */
export function copyIn(name: string, platforms: readonly ChatPlatform[]): Copy | undefined {
  const platform = platforms.find((each) => name.startsWith(`${each.name}:`));
  const place = platform?.placeNamed(name.slice(platform.name.length + 1));
  return platform === undefined || place === undefined ? undefined : { slot: SLOT + name, platform, place };
}

/**
 * Those that the rule wants, while there is something to decide, and those that stand somewhere already: these are
 * kept in step also when the config says something else by now.
 */
export function copiesOf(
  request: DumpRequest,
  rule: Rule | undefined,
  platforms: readonly ChatPlatform[],
): Copy[] {
  const said = Object.keys(request.spoken).filter(isCopy);
  const wanted = request.state === 'pending' && rule !== undefined && rule.review !== 'none';
  const slots = new Set([
    ...said,
    ...(wanted ? (rule.review.announce ?? []).map((name) => SLOT + name) : []),
  ]);
  return [...slots].flatMap((slot) => {
    const copy = copyIn(slot.slice(SLOT.length), platforms);
    const isOwnPlace =
      copy !== undefined &&
      request.place === copy.place &&
      request.requester.startsWith(`${copy.platform.name}:`);
    return copy === undefined || isOwnPlace ? [] : [copy];
  });
}

/** @throws ConfigError that names what no platform of this bot knows */
export function checkAnnouncements(config: Config, platforms: readonly ChatPlatform[]): void {
  const problems = config.rules.flatMap(({ review }, at) =>
    review === 'none'
      ? []
      : review.announce.flatMap((name, index) =>
          copyIn(name, platforms) === undefined
            ? [
                `rules.${at}.review.announce.${index}: is "${name}"; allowed: a channel or conversation of ${platforms
                  .map((platform) => platform.name)
                  .join(' or ')}, such as slack:C012ABC or dingtalk:cid…==`,
              ]
            : [],
        ),
  );
  if (problems.length > 0) throw new ConfigError('heapdump.yaml', problems);
}
