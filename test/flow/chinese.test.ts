import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import { hasButton, startWorld, type World } from '../world.ts';
import { now, privately, shown } from './conversation.ts';

const HAN = /\p{Script=Han}/u;
/** What stays as it is in every language: names, units, programs, and what pods and Slack say. */
const SENTENCE_OF_ENGLISH = /\b(the|is|was|of|for|and|this|you|your|not|to)\b/i;

describe('the main job in Chinese', () => {
  let world: World;
  let card: StoredMessage;
  let result: StoredMessage;

  beforeAll(async () => {
    world = await startWorld({
      heapMb: 8,
      config: () => ({ chat: { slack: { language: 'zh-CN' } } }),
    });
    for (const person of [world.cast.developer, world.cast.reviewer]) person.locale = 'zh-CN';
    await world.type(`${world.target} －－reason “内存一直在涨”`);
    card = await world.slack.waitForMessage((message) => hasButton(message, '同意'), 110_000);
    await world.press('同意', card, world.cast.reviewer);
    result = await world.slack.waitForMessage(
      (message) => message.threadTs === card.ts && /已就绪|失败/.test(message.text),
      110_000,
    );
  });
  afterAll(() => world?.stop());

  it('ends with the link', async () => {
    expect(result.text).toContain('已就绪');
    const link = result.links.find((url) => url.includes('.hprof'));
    expect((await fetch(String(link))).status).toBe(200);
  });

  it('what the channel reads is Chinese, with the reason as it was typed', () => {
    const said = world.slack.messages(world.cast.channel).filter(({ fromBot }) => fromBot);
    expect(said).toHaveLength(3);
    for (const message of said) {
      expect(message.text).toMatch(HAN);
      const words = shown(message).replaceAll(/https?:\S+|[\w./-]*order-service[\w./-]*/g, '');
      expect(words).toMatch(HAN);
      expect(words).not.toMatch(SENTENCE_OF_ENGLISH);
    }
    expect(now(world, card)).toContain('内存一直在涨');
  });

  it('each person is answered in the language of their own', async () => {
    const zoe = world.slack.addPerson({ name: 'Zoe' });
    const help = await privately(world, zoe, () => world.type('help', zoe));
    expect(shown(help)).toContain('ask for a heap dump');
    const { developer } = world.cast;
    const usage = await privately(world, developer, () => world.type('prod/不行'));
    expect(shown(usage)).toContain('不能作为 Pod 名');
    const list = await privately(world, developer, () => world.type('列表'));
    expect(shown(list)).toContain('堆转储');
  });

  it('a denial is asked for and told in Chinese', async () => {
    await world.type(world.target);
    const next = await world.slack.waitForMessage((message) => hasButton(message, '拒绝'), 110_000);
    await world.press('拒绝', next, world.cast.reviewer);
    const form = await world.slack.waitForView(world.cast.reviewer);
    expect(form.title).toBe('拒绝这次堆转储');
    await world.slack.submitView(world.cast.reviewer, form, { answer: '高峰期' });
    const denied = await world.slack.waitForMessage((message) => message.text.includes('被拒绝'), 110_000);
    expect(shown(denied)).toContain('高峰期');
  });
});
