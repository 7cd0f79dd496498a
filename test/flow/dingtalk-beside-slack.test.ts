import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/demo/dingtalk/dingtalk.ts';
import { hasButton } from '../world.ts';
import * as inSlack from './conversation.ts';
import type { DingtalkWorld } from './dingtalk-conversation.ts';
import * as inDingtalk from './dingtalk-conversation.ts';

const OTHER_POD = 'payment-service-7d9f8-k9w2m';
const CREATE = '/v1.0/card/instances/createAndDeliver';

describe('one bot serves Slack and DingTalk', () => {
  let world: DingtalkWorld;
  /** Mei of Slack, who is a reviewer in DingTalk. */
  let mei: Client;

  beforeAll(async () => {
    world = await inDingtalk.startDingtalkWorld({
      chat: 'both',
      dingtalk: { limits: { messagesPerMinute: 'off' } },
      config({ office, cast, reviewers }) {
        if (office === undefined) throw new Error('there is no DingTalk');
        mei = office.dingtalk.addPerson({ name: '小美' });
        office.reviewers.members.add(mei.id);
        office.group.members.add(mei.id);
        return {
          chat: { dingtalk: { messagesPerMinute: 1000 } },
          rules: [
            {
              name: 'both',
              namespaces: ['prod'],
              request: ['everyone'],
              review: {
                by: [`slack:group:${reviewers.id}`, `dingtalk:group:${office.reviewers.id}`],
                announce: [`slack:${cast.channel.id}`, `dingtalk:${office.group.id}`],
              },
            },
          ],
          accounts: [[`slack:${cast.developer.id}`, `dingtalk:${mei.id}`]],
        };
      },
    });
  });
  afterAll(() => world?.stop());

  it('a request from each at the same time: each is answered where it was made, in its language', async () => {
    await world.addPod({ name: OTHER_POD, app: 'payment-service' });
    const [english, chinese] = await Promise.all([
      inSlack.ask(world),
      inDingtalk.ask(world, `prod/${OTHER_POD}`),
    ]);
    await Promise.all([
      world.press('Approve', english.card, world.cast.reviewer),
      inDingtalk.press(world, world.office.reviewer, chinese.card, '同意'),
    ]);
    const [ready, done] = await Promise.all([
      inSlack.readyOf(world, english.id),
      inDingtalk.readyOf(world, chinese.id),
    ]);

    expect(ready.threadTs).toBe(english.card.ts);
    expect((await fetch(String(ready.links.find((url) => url.includes('.hprof'))))).status).toBe(200);
    expect((await fetch(inDingtalk.linkOf(world, done))).status).toBe(200);
    expect(inSlack.shown(ready)).not.toMatch(/\p{Script=Han}/u);
    expect(inDingtalk.shown(world, done)).toMatch(/下载/);
  });

  it('made in Slack, announced in DingTalk, approved there: the result is said in Slack', async () => {
    const { reviewer } = world.office;
    const { id, card } = await inSlack.ask(world);
    const copy = await inDingtalk.cardOf(world, id);
    expect(inDingtalk.shown(world, copy)).toContain('申请人：Mei (developer)（Slack）');
    expect(inDingtalk.shown(world, copy)).toContain('Slack中的人员');
    expect(inDingtalk.buttonsOf(world, copy)).toEqual(['同意', '拒绝', '取消']);
    expect(copy.pings).toEqual([reviewer.id, mei.id]);

    await inDingtalk.press(world, reviewer, copy, '同意');
    const result = await inSlack.readyOf(world, id);
    await inDingtalk.closed(world, id);

    expect(result.threadTs).toBe(card.ts);
    expect(inSlack.now(world, card)).toContain('Approved by 安然（审批） (DingTalk)');
    expect(inDingtalk.shown(world, copy)).toContain('批准人 @安然（审批）');
    expect(inDingtalk.buttonsOf(world, copy)).toEqual([]);
    expect(inDingtalk.about(world, id)).toHaveLength(1);
    expect(await inSlack.auditOf(world, id)).toContain(`approved dingtalk:${reviewer.id}`);
  });

  it('made in DingTalk, denied in Slack: the reason is read in DingTalk', async () => {
    const { reviewer, channel } = world.cast;
    const { id, card } = await inDingtalk.ask(world);
    const copy = await inSlack.cardOf(world, id);
    expect(copy.channel).toBe(channel.id);
    expect(inSlack.shown(copy)).toContain('小梅（开发） (DingTalk)');
    await world.press('Deny', copy, reviewer);
    const form = await world.slack.waitForView(reviewer);
    await world.slack.submitView(reviewer, form, { answer: 'not during the sale' });
    const result = await inDingtalk.resultOf(world, id);
    await inDingtalk.closed(world, id);

    expect(inDingtalk.shown(world, result)).toContain('拒绝人 Ann (reviewer)（Slack）');
    expect(inDingtalk.shown(world, result)).toContain('│ not during the sale');
    expect(inDingtalk.buttonsOf(world, card)).toEqual([]);
    const now = world.slack.refresh(copy);
    expect(now !== undefined && hasButton(now, 'Approve')).toBe(false);
    expect(inSlack.threadOf(world, copy)).toEqual([]);
  });

  it('nobody approves their own request with their account on the other platform', async () => {
    const { id, card } = await inSlack.ask(world);
    const copy = await inDingtalk.cardOf(world, id);
    const answer = await inDingtalk.privately(world, mei, () => inDingtalk.press(world, mei, copy, '同意'));
    expect(mei.read(answer)).toContain('您自己的申请需要别人审批');
    expect((await world.requests.get(id))?.state).toBe('pending');
    await world.press('Cancel', card, world.cast.developer);
    await inDingtalk.closed(world, id);
    expect(inDingtalk.buttonsOf(world, copy)).toEqual([]);
  });

  it('a person of one platform is nobody by the same id on the other', async () => {
    const { dingtalk, group } = world.office;
    const { id, card } = await inSlack.ask(world);
    const copy = await inDingtalk.cardOf(world, id);
    const namesake = dingtalk.addPerson({ name: 'Ann', id: world.cast.reviewer.id });
    group.members.add(namesake.id);
    const answer = await inDingtalk.privately(world, namesake, () =>
      inDingtalk.press(world, namesake, copy, '同意'),
    );
    expect(namesake.read(answer)).toContain('您不是该申请的审批人');
    await world.press('Cancel', card, world.cast.developer);
    await inDingtalk.closed(world, id);
  });

  it('while DingTalk is down, Slack’s requests go on, and the announcement is put right afterwards', async () => {
    const { dingtalk } = world.office;
    dingtalk.faults.next(CREATE, { status: 503 });
    const { id, card } = await inSlack.ask(world);
    await world.press('Approve', card, world.cast.reviewer);
    await inSlack.readyOf(world, id);
    await inDingtalk.closed(world, id);

    const copies = inDingtalk.about(world, id);
    expect(copies).toHaveLength(1);
    expect(copies.flatMap((copy) => inDingtalk.buttonsOf(world, copy))).toEqual([]);
  });

  it('a place that is gone is named for the operator, once, and stops nothing', async () => {
    world.office.group.robotIsIn = false;
    const { id, card } = await inSlack.ask(world);
    await world.press('Approve', card, world.cast.reviewer);
    await inSlack.readyOf(world, id);
    await inDingtalk.closed(world, id);

    const named = world.logLines.filter((line) => line.includes(id) && line.includes('look at announce'));
    expect(named).toHaveLength(1);
    expect(named[0]).toContain(world.office.group.id);
  });
});
