import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../src/demo/dingtalk/dingtalk.ts';
import { HprofWalk } from '../../src/worker/hprof-walk.ts';
import {
  about,
  answerTo,
  ask,
  auditOf,
  buttonsOf,
  closed,
  type DingtalkWorld,
  inGroup,
  linkOf,
  press,
  privately,
  readyOf,
  resultOf,
  shown,
  startDingtalkWorld,
} from './dingtalk-conversation.ts';

const ENGLISH = /\b(the|is|was|of|for|and|this|you|your|not|to)\b/i;

describe('the main job in DingTalk, with cards', () => {
  let world: DingtalkWorld;
  let id: string;
  let card: ChatMessage;
  let result: ChatMessage;
  /** How the card looked, state after state. */
  const states: string[] = [];

  beforeAll(async () => {
    world = await startDingtalkWorld({
      config: ({ office }) => ({
        chat: { dingtalk: { languages: { [String(office?.reviewer.id)]: 'en' } } },
      }),
    });
    const { dingtalk, reviewer } = world.office;
    dingtalk.onMessage(({ kind, message }) => {
      if (kind === 'updated') states.push(shown(world, message));
    });
    ({ id, card } = await ask(world, `${world.target} －－reason “内存一直在涨”`));
    await press(world, reviewer, card, '同意');
    result = await readyOf(world, id);
    await closed(world, id);
  });
  afterAll(() => world?.stop());

  it('the link in the result downloads the very file that was dumped, and it is a whole HPROF', async () => {
    const request = await world.requests.get(id);
    const answer = await fetch(linkOf(world, result));
    const stored = Buffer.from(await answer.arrayBuffer());
    const outcome = request?.outcome;
    const bytes =
      outcome?.outcome === 'completed' && outcome.form === 'hprof.gz' ? gunzipSync(stored) : stored;
    const walk = new HprofWalk();
    walk.update(bytes);

    expect(answer.status).toBe(200);
    expect(walk.end().sizeBytes).toBe(bytes.length);
    expect(outcome).toMatchObject({
      outcome: 'completed',
      sizeBytes: stored.length,
      sha256: createHash('sha256').update(stored).digest('hex'),
      dumpSha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(world.dumpsTaken()).toBe(1);
    expect(await world.leftInPod()).toEqual([]);
  });

  it('the card was the thread: it lived from the question to the last step, and its buttons went', () => {
    const first = states.findIndex((state) => state.includes('▶️ 查找 Pod'));
    const dumping = states.findIndex((state) => state.includes('✅ 检查 JDK 工具'));
    expect(first).toBeGreaterThanOrEqual(0);
    expect(dumping).toBeGreaterThan(first);
    expect(shown(world, card)).toMatch(/✅ 清理容器.*\n+用时 /);
    expect(shown(world, card)).toContain('批准人 @安然（审批）');
    expect(buttonsOf(world, card)).toEqual([]);
    expect(about(world, id)).toHaveLength(2);
  });

  it('each change of the card is worth a call: far fewer than the worker told of', () => {
    const changes = world.office.dingtalk.calls.filter(
      ({ method, path }) => method === 'PUT' && path === '/v1.0/card/instances',
    );
    expect(changes.length).toBeLessThanOrEqual(20);
  });

  it('the card called those who are in the reviewers’ role, and the result whoever asked', () => {
    const { reviewer, developer } = world.office;
    expect(card.pings).toEqual([reviewer.id]);
    expect(result.pings).toEqual([developer.id]);
  });

  it('what the group reads is Chinese, with the reason as it was typed', () => {
    for (const message of inGroup(world)) {
      const words = shown(world, message)
        .replaceAll(/\(https?:[^)]*\)|[\w./-]*order-service[\w./-]*/g, '')
        .replaceAll(/Eclipse Memory Analyzer|File ▸ Open Heap Dump…|Leak Suspects/g, '');
      expect(words).toMatch(/\p{Script=Han}/u);
      expect(words).not.toMatch(ENGLISH);
      expect(words).not.toMatch(/\p{Script=Han}[,:;]/u);
    }
    expect(shown(world, card)).toContain('│ 内存一直在涨');
  });

  it('times are those of the organisation’s zone, and say which', () => {
    expect(shown(world, result)).toMatch(/链接失效时间：\d+月\d+日 \d\d:\d\d \(GMT\+8\)/);
  });

  it('列表, 状态 and 帮助 are answered to the person alone', async () => {
    const before = inGroup(world).length;
    expect(await answerTo(world, '列表')).toContain(id);
    expect(await answerTo(world, `状态　${id}`)).toContain('已完成');
    expect(await answerTo(world, '帮助')).toContain('申请堆转储');
    expect(await answerTo(world, 'prod/不行')).toContain('不能作为 Pod 名');
    expect(inGroup(world)).toHaveLength(before);
  });

  it('somebody whom the config says to read English is answered in English', async () => {
    expect(await answerTo(world, 'help', world.office.reviewer)).toContain('ask for a heap dump');
  });

  it('新链接 gives another link, to the one who pressed, on record', async () => {
    const { developer } = world.office;
    const reply = await privately(
      world,
      developer,
      () => press(world, developer, result, '新链接'),
      /您的链接/,
    );
    const link = developer.links(reply).find(({ url }) => url.includes('.hprof'));
    expect((await fetch(String(link?.url))).status).toBe(200);
    expect((await auditOf(world, id)).at(-1)).toBe(`link-handed-out dingtalk:${developer.id}`);
  });

  it('everything is on record, with the staff ids that DingTalk’s payloads name', async () => {
    const { developer, reviewer } = world.office;
    expect((await auditOf(world, id)).slice(0, 6)).toEqual([
      `requested dingtalk:${developer.id}`,
      'inspected bot',
      `approved dingtalk:${reviewer.id}`,
      'queued bot',
      'completed bot',
      'link-handed-out bot',
    ]);
  });

  it('拒绝 ends a request, in the group and for whoever asked, and the application is untouched', async () => {
    const { reviewer } = world.office;
    const denied = await ask(world);
    await press(world, reviewer, denied.card, '拒绝');
    const end = await resultOf(world, denied.id);
    expect(shown(world, end)).toContain('应用未受影响');
    expect(shown(world, denied.card)).toContain('拒绝人 @安然（审批）');
    expect(buttonsOf(world, denied.card)).toEqual([]);
  });

  it('取消 ends it as well: by the button, and by the word', async () => {
    const { developer, group } = world.office;
    const one = await ask(world);
    await press(world, developer, one.card, '取消');
    expect(shown(world, await resultOf(world, one.id))).toContain('已取消');
    const two = await ask(world);
    developer.type(group, `取消　${two.id.toUpperCase()}`);
    expect(shown(world, await resultOf(world, two.id))).toContain('已取消');
  });

  it('whoever is no reviewer, or asked for it, decides nothing, and hears so', async () => {
    const { dingtalk, developer, group } = world.office;
    const passerBy = dingtalk.addPerson({ name: '路人' });
    group.members.add(passerBy.id);
    const open = await ask(world);
    for (const person of [passerBy, developer]) {
      const answer = await privately(world, person, () => press(world, person, open.card, '同意'));
      expect(person.read(answer)).toContain('您不是该申请的审批人');
    }
    expect((await world.requests.get(open.id))?.state).toBe('pending');
    await press(world, developer, open.card, '取消');
    await resultOf(world, open.id);
  });

  it('a guest from another company may do nothing, neither ask nor press nor type', async () => {
    const { dingtalk, developer, group } = world.office;
    const guest = dingtalk.addPerson({ name: '访客', isGuest: true });
    group.members.add(guest.id);
    const before = await world.requests.newest(100);
    const asked = guest.type(group, `/heapdump ${world.target}`);
    if (asked !== undefined) await dingtalk.waitForAck(asked);
    const open = await ask(world);
    guest.type(group, `同意 ${open.id}`);
    await guest.press(open.card, 'approve');
    // What is said after that has been heard after that.
    expect(await answerTo(world, `状态 ${open.id}`)).toContain('等待审批');

    expect((await world.requests.newest(100)).length).toBe(before.length + 1);
    expect((await world.requests.get(open.id))?.state).toBe('pending');
    await press(world, developer, open.card, '取消');
    await resultOf(world, open.id);
  });

  it('a press counts as the one whom DingTalk signs for, whatever the parameters say', async () => {
    const { dingtalk, developer, reviewer } = world.office;
    const open = await ask(world);
    const forged = {
      userId: reviewer.id,
      senderStaffId: reviewer.id,
      requestId: 'zzzzzzzz',
      action: 'approve',
    };
    const answer = await privately(world, developer, () =>
      developer.press(open.card, 'approve', { params: forged }),
    );
    expect(developer.read(answer)).toContain('您不是该申请的审批人');
    expect((await auditOf(world, open.id)).at(-1)).toBe(`decision-refused dingtalk:${developer.id}`);
    expect(dingtalk.cards().every(({ params }) => !JSON.stringify(params).includes(reviewer.id))).toBe(true);
    await press(world, developer, open.card, '取消');
    await resultOf(world, open.id);
  });

  it('what DingTalk delivers twice is one request, one approval and one dump', async () => {
    const { dingtalk, developer, reviewer, group } = world.office;
    const [before, taken] = [(await world.requests.newest(100)).length, world.dumpsTaken()];
    const line = developer.type(group, `/heapdump ${world.target}`);
    if (line === undefined) throw new Error('the bot was not told');
    await dingtalk.waitForAck(line);
    await dingtalk.waitForAck(dingtalk.redeliver(line));
    await dingtalk.waitForAck(dingtalk.redeliver(line));
    const { id: twice } = await world.waitForRequest(
      ({ preflight, state }) => preflight !== undefined && state === 'pending',
    );
    const asked = await dingtalk.waitForMessage(
      (message) => message.card !== undefined && shown(world, message).includes(twice),
    );
    const click = await press(world, reviewer, asked, '同意');
    for (let times = 0; times < 2; times += 1) await dingtalk.waitForAck(dingtalk.redeliver(click));
    const end = await readyOf(world, twice);
    await dingtalk.waitForAck(dingtalk.redeliver(click));
    await dingtalk.waitForAck(dingtalk.redeliver(line));
    await closed(world, twice);

    expect((await world.requests.newest(100)).length).toBe(before + 1);
    expect(world.dumpsTaken()).toBe(taken + 1);
    expect(about(world, twice).map(({ id: message }) => message)).toEqual([asked.id, end.id]);
    expect((await auditOf(world, twice)).filter((entry) => entry.startsWith('approved'))).toHaveLength(1);
  });
});
