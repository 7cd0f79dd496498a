import { ConfigError } from '../config.ts';
import type { Config } from '../config-schema.ts';
import type { Logger } from '../log.ts';
import type { ChatPlatform } from './chat/chat-platform.ts';
import { createDingtalkPlatform } from './chat/dingtalk/dingtalk-platform.ts';
import { createSlackPlatform } from './chat/slack/slack-platform.ts';

/** The chat platforms that the config names: one of them, or both at once. @throws ConfigError if it names none */
export function createPlatforms(
  config: Config,
  deps: { readonly log: Logger; readonly now: () => number },
): ChatPlatform[] {
  const { slack, dingtalk } = config.chat;
  const logOf = (platform: string) => deps.log.child({ platform });
  const platforms = [
    ...(slack === undefined ? [] : [createSlackPlatform(slack, { ...deps, log: logOf('slack') })]),
    ...(dingtalk === undefined
      ? []
      : [createDingtalkPlatform(dingtalk, { ...deps, log: logOf('dingtalk') })]),
  ];
  if (platforms.length === 0)
    throw new ConfigError('heapdump.yaml', ['chat: is empty; allowed: slack, dingtalk, or both']);
  return platforms;
}
