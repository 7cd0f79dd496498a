import { describe, expect, it } from 'vitest';
import { checkAnnouncements, copiesOf } from '../../src/bot/announce.ts';
import type { ChatPlatform } from '../../src/bot/chat/chat-platform.ts';
import { createPlatforms } from '../../src/bot/create-platforms.ts';
import { approve } from '../../src/bot/dump-request.ts';
import type { Rule } from '../../src/bot/policy.ts';
import type { Config } from '../../src/config-schema.ts';
import { createLogger } from '../../src/log.ts';
import { aRule, parsed, problemsOf, smallest } from '../unit/a-config.ts';
import { BOB, NOW, pending } from '../unit/a-request.ts';

const CONVERSATION = 'dingtalk:cidAbCdEfGh0123456789==';
const ELSEWHERE = 'dingtalk:cidZyXwVu9876543210==';

const configWith = (announce: string[], chat: object = {}): Config =>
  parsed({
    ...smallest(),
    chat: {
      ...smallest().chat,
      dingtalk: { clientId: 'ding1', clientSecret: 's', corpId: 'ding0123' },
      ...chat,
    },
    rules: [aRule({ review: { by: ['everyone'], announce } })],
  });

function platformsOf(config: Config): ChatPlatform[] {
  return createPlatforms(config, { log: createLogger({ name: 'test', level: 'silent' }), now: () => NOW });
}

function ruleOf(config: Config): Rule {
  const [rule] = config.rules;
  if (rule === undefined || rule.review === 'none') throw new Error('no rule with a review');
  return { ...rule, review: { ...rule.review, expireAfterMs: 1 } };
}

describe('an announcement', () => {
  it('may name a channel of Slack and a conversation of DingTalk', () => {
    const config = configWith(['slack:C0123REVIEW', CONVERSATION]);

    expect(() => checkAnnouncements(config, platformsOf(config))).not.toThrow();
  });

  it.each([
    ['a person of Slack', 'slack:U0BOB'],
    ['a platform that is none', 'teams:19abc'],
    ['a channel by its name', 'slack:reviews'],
  ])('to %s stops the start, and the mistake is named', (_what, name) => {
    const config = configWith([name]);

    expect(problemsOf(() => checkAnnouncements(config, platformsOf(config)))).toEqual([
      expect.stringMatching(`^rules\\.0\\.review\\.announce\\.0: is "${name}"; allowed: .*slack or dingtalk`),
    ]);
  });

  it('to a platform that this bot does not serve stops the start as well', () => {
    const config = configWith([CONVERSATION], { dingtalk: undefined });

    expect(problemsOf(() => checkAnnouncements(config, platformsOf(config)))).toHaveLength(1);
  });

  it('stands wherever the rule says, but not a second time where the request was made', () => {
    const config = configWith(['slack:C0HERE', CONVERSATION]);
    const request = { ...pending(), place: 'C0HERE' };

    expect(copiesOf(request, ruleOf(config), platformsOf(config)).map(({ slot }) => slot)).toEqual([
      `copy:${CONVERSATION}`,
    ]);
  });

  it('that stands is kept in step when the rule names another place by now, and after the decision none is added', () => {
    const config = configWith([CONVERSATION]);
    const spoken = { [`copy:${ELSEWHERE}`]: { attempts: 1, generation: 0, ref: 'r', digest: 'd' } };
    const asked = { ...pending(), spoken };
    const slots = (request: typeof asked) =>
      copiesOf(request, ruleOf(config), platformsOf(config)).map(({ slot }) => slot);

    expect(slots(asked)).toEqual([`copy:${ELSEWHERE}`, `copy:${CONVERSATION}`]);
    expect(slots(approve(asked, BOB, NOW) as typeof asked)).toEqual([`copy:${ELSEWHERE}`]);
  });
});
