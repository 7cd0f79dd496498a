import { describe, expect, it } from 'vitest';
import { createPlatforms } from '../../src/bot/create-platforms.ts';
import { parseConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { aRule, problemsIn, smallest } from '../unit/a-config.ts';

const dingtalk = { clientId: 'dingapp', clientSecret: 's3cret', corpId: 'ding0123456789abcdef' };
const parsed = (chat: object, more: object = {}, role: 'bot' | 'worker' = 'bot') =>
  parseConfig(JSON.stringify({ ...smallest(), chat, ...more }), {}, role);
const log = createLogger({ name: 'test', level: 'silent' });

describe('DingTalk in the config', () => {
  it('needs an app and an organisation, and nothing more', () => {
    expect(parsed({ dingtalk }).chat.dingtalk).toEqual({
      ...dingtalk,
      progress: 'coarse',
      language: 'zh-CN',
      languages: {},
      timeZone: 'Asia/Shanghai',
      messagesPerMinute: 20,
    });
  });

  it.each([
    ['dingtalk', { dingtalk }, ['dingtalk']],
    ['both', { slack: { botToken: 'x', appToken: 'y' }, dingtalk }, ['slack', 'dingtalk']],
  ])('is served alone or beside Slack: %s', (_which, chat, names) => {
    const platforms = createPlatforms(parsed(chat), { log, now: Date.now });

    expect(platforms.map(({ name }) => name)).toEqual(names);
  });

  it('may name people by staff id, roles and conversations in rules', () => {
    const request = [
      'dingtalk:0135_a-b@c.d',
      'dingtalk:group:1507113578',
      'dingtalk:group:cidAb+/9==',
      'everyone',
    ];

    expect(parsed({ dingtalk }, { rules: [aRule({ request })] }).rules[0]?.request).toEqual(request);
    // A guest has a name that no rule can have.
    expect(
      problemsIn({ ...smallest(), rules: [aRule({ request: ['dingtalk:guest:abcdef'] })] }),
    ).toHaveLength(1);
  });

  it.each([
    ['an organisation by no rule', { corpId: '12345' }, /^chat\.dingtalk\.corpId: is "12345"; .*ding/],
    [
      'a time zone that is none',
      { timeZone: 'Mars/Olympus' },
      /^chat\.dingtalk\.timeZone: is "Mars\/Olympus"; .*Asia\/Shanghai/,
    ],
    ['a progress that is none', { progress: 'all' }, /^chat\.dingtalk\.progress: .*coarse/],
    ['an unknown key', { cardTemplate: 'x' }, /^chat\.dingtalk\.cardTemplate: unknown key/],
    [
      'a webhook that is none',
      { announce: { webhookUrl: 's3cret' } },
      /^chat\.dingtalk\.announce\.webhookUrl: has a wrong value/,
    ],
  ])('has its mistakes named: %s', (_what, changes, problem) => {
    const problems = problemsIn({ ...smallest(), chat: { dingtalk: { ...dingtalk, ...changes } } });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
    expect(problems[0]).not.toContain('s3cret');
  });

  it('is not read by a worker, which has no business with its secret', () => {
    expect(
      parsed({ dingtalk: { ...dingtalk, clientSecret: ['wrong'] } }, {}, 'worker').chat.dingtalk,
    ).toBeUndefined();
  });
});
