import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../src/demo/dingtalk/dingtalk.ts';
import {
  about,
  answerTo,
  ask,
  auditOf,
  closed,
  type DingtalkWorld,
  linkOf,
  privately,
  readyOf,
  resultOf,
  shown,
  startDingtalkWorld,
  tap,
} from './dingtalk-conversation.ts';

const FAST = { messagesPerMinute: 1000 };
const UNLIMITED = { limits: { messagesPerMinute: 'off' } } as const;

describe('the main job in DingTalk, without a card template', () => {
  let world: DingtalkWorld;

  beforeAll(async () => {
    world = await startDingtalkWorld({
      dingtalk: { cards: false, ...UNLIMITED },
      config: () => ({ chat: { dingtalk: FAST } }),
    });
  });
  afterAll(() => world?.stop());

  /** What the reviewer is asked in their own chat. */
  const askedInSingle = (id: string): Promise<ChatMessage> => {
    const { dingtalk, reviewer } = world.office;
    return dingtalk.waitForMessage(
      (message) =>
        message.conversation === reviewer.singleChat && reviewer.read(message).includes(`→ “同意 ${id}”`),
      110_000,
    );
  };

  it('the reviewer taps 同意 in their own chat, and the group reads who decided, how far it is, and the link', async () => {
    const { reviewer } = world.office;
    const { id } = await ask(world, `${world.target} --reason "内存一直在涨"`);
    const asked = await askedInSingle(id);
    expect(reviewer.read(asked)).toContain('│ 内存一直在涨');
    const heard = await privately(world, reviewer, () => tap(reviewer, asked, '同意'));
    expect(reviewer.read(heard)).toContain(`已收到：同意 ${id}`);
    const result = await readyOf(world, id);
    await closed(world, id);

    const told = about(world, id).map((message) => shown(world, message));
    expect(told.every((text) => text.startsWith(`申请 ${id} · `))).toBe(true);
    expect(told[0]).toContain(`请发送给机器人： 同意 ${id}`);
    expect(told[1]).toContain('批准人');
    // What stands in the group already is not said again.
    expect(told[1]).not.toContain('内存一直在涨');
    expect(told.slice(2, -1).every((text) => text.includes('正在处理'))).toBe(true);
    expect(told.slice(2, -1).length).toBeLessThanOrEqual(3);
    expect(told.at(-1)).toContain('已就绪');
    expect((await fetch(linkOf(world, result))).status).toBe(200);
    expect(world.dumpsTaken()).toBe(1);
    expect(await auditOf(world, id)).toContain(`approved dingtalk:${reviewer.id}`);
  });

  it('the reviewer denies by typing, in the group, with the reason behind the number', async () => {
    const { reviewer, group } = world.office;
    const { id } = await ask(world);
    reviewer.type(group, `拒绝 ${id.toUpperCase()} 大促期间不行`);
    const result = shown(world, await resultOf(world, id));
    expect(result).toContain('被拒绝');
    expect(result).toContain('│ 大促期间不行');
    expect(result).toContain('应用未受影响');
  });

  it('full-width letters and spaces of a Chinese keyboard do as well', async () => {
    const { reviewer, developer, group } = world.office;
    const { id } = await ask(world);
    const wide = id.replaceAll(/[a-z0-9]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0));
    reviewer.type('single', `同意：${wide}`);
    await readyOf(world, id);
    expect(await answerTo(world, `状态　${id}`)).toContain('已完成');
    const reply = await privately(world, developer, () => developer.type(group, `新链接 ${id}`), /您的链接/);
    expect(developer.links(reply).some(({ url }) => url.includes('.hprof'))).toBe(true);
  });

  it('somebody who is no reviewer cannot approve by typing what the reviewers type', async () => {
    const { developer, group } = world.office;
    const { id } = await ask(world);
    const answer = await privately(world, developer, () => developer.type(group, `同意 ${id}`));
    expect(developer.read(answer)).toContain('您不是该申请的审批人');
    expect((await world.requests.get(id))?.state).toBe('pending');
    developer.type('single', `取消 ${id}`);
    await resultOf(world, id);
  });

  it('a session webhook that has ended costs nobody an answer', async () => {
    const { dingtalk, reviewer } = world.office;
    const { id } = await ask(world);
    const asked = await askedInSingle(id);
    dingtalk.endSessionWebhooks();
    tap(reviewer, asked, '拒绝');
    // Whom it calls is called on that webhook where it is open; here the robot speaks of its own accord.
    const result = await resultOf(world, id);
    expect(result.via).toBe('robot');
    expect(shown(world, result)).toContain('@小梅（开发）');
    await closed(world, id);
  });
});

describe('a card template that does not exist', () => {
  let world: DingtalkWorld;

  beforeAll(async () => {
    world = await startDingtalkWorld({
      dingtalk: { cards: false, ...UNLIMITED },
      config: () => ({ chat: { dingtalk: { ...FAST, cardTemplateId: 'gone.schema' } } }),
    });
  });
  afterAll(() => world?.stop());

  it('is named for the operator, and people get the same in words', async () => {
    const { reviewer, group } = world.office;
    const { id } = await ask(world);
    reviewer.type(group, `同意 ${id}`);
    const result = await readyOf(world, id);
    expect((await fetch(linkOf(world, result))).status).toBe(200);
    expect(about(world, id).every(({ card }) => card === undefined)).toBe(true);

    const errors = world.logLines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ level, dingtalkCode }) => level === 'error' && dingtalkCode !== undefined);
    expect(errors).toMatchObject([
      {
        dingtalkCode: 'param.templateNotExist',
        msg: expect.stringContaining('chat.dingtalk.cardTemplateId'),
      },
    ]);
  });
});
