import { ConfigError } from '../config.ts';
import type { Config } from '../config-schema.ts';
import type { Logger } from '../log.ts';
import type { ChatPlatform } from './chat/chat-platform.ts';
import { createSlackPlatform } from './chat/slack/slack-platform.ts';

/** The chat platforms that the config names. @throws ConfigError if it names none */
export function createPlatforms(
  config: Config,
  deps: { readonly log: Logger; readonly now: () => number },
): ChatPlatform[] {
  const { slack } = config.chat;
  if (slack === undefined) throw new ConfigError('heapdump.yaml', ['chat: is empty; allowed: slack']);
  return [createSlackPlatform(slack, { ...deps, log: deps.log.child({ platform: 'slack' }) })];
}
