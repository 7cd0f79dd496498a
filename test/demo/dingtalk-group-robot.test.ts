/** Group robots of the stand-in DingTalk, spoken to by the package dingtalk-robot-sender as it is shipped. */
import ChatBot from 'dingtalk-robot-sender';
import { describe, expect, it } from 'vitest';
import type { GroupRobot } from '../../src/demo/dingtalk/dingtalk.ts';
import { caller, dingtalkForTests } from './dingtalk-client.ts';

interface Answer {
  readonly status: number;
  readonly data: { readonly errcode: number; readonly errmsg: string };
}

interface Sender {
  text(content: string, at?: object): Promise<Answer>;
  markdown(title: string, text: string, at?: object): Promise<Answer>;
  link(link: object): Promise<Answer>;
  actionCard(card: object): Promise<Answer>;
}

describe('group robots of the stand-in DingTalk', () => {
  const { organisation } = dingtalkForTests();

  // The package brings no types.
  const sender = ({ url, secret }: GroupRobot) =>
    new ChatBot({ webhook: url, ...(secret === undefined ? {} : { secret }) }) as unknown as Sender;

  it('announce what was signed, and ping whom the text names', async () => {
    const { dingtalk, ops, mei, ann } = await organisation();
    const bot = sender(dingtalk.addGroupRobot(ops, { name: '公告' }));

    const answer = await bot.markdown('a request', `### ABC123\n@${ann.id} please look`, {
      atUserIds: [ann.id, mei.id],
    });
    await bot.text('everybody', { isAtAll: true });
    await bot.link({ title: 'docs', text: 'read', messageUrl: 'https://example.com' });
    await bot.actionCard({
      title: 'x',
      text: 'pick',
      btns: [{ title: 'go', actionURL: 'https://example.com' }],
    });

    expect(answer.data).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(dingtalk.webhookMessages()).toMatchObject([
      {
        author: '公告',
        conversation: ops.id,
        pings: [ann.id],
        content: { kind: 'markdown', title: 'a request' },
      },
      { pings: ['all'], content: { kind: 'text', text: 'everybody' } },
      { content: { kind: 'link', url: 'https://example.com' } },
      { content: { kind: 'actionCard', buttons: [{ label: 'go' }] } },
    ]);
    expect(dingtalk.messages(ops)).toHaveLength(4);
  });

  it('refuse with HTTP 200, so that the errcode must be looked at', async () => {
    let ahead = 0;
    const { dingtalk, ops } = await organisation({ now: () => Date.now() + ahead });
    const robot = dingtalk.addGroupRobot(ops);
    const unsigned = { ...robot, secret: undefined };
    const wrong = { ...robot, secret: 'SECwrong' };
    const refusal = async (as: GroupRobot) => {
      const { status, data } = await sender(as).text('x');
      return [status, data.errcode, data.errmsg];
    };

    expect(await refusal(unsigned)).toEqual([200, 310000, 'invalid timestamp']);
    expect(await refusal(wrong)).toEqual([200, 310000, 'sign not match']);
    // The package would sign it, were there a secret.
    const { url } = robot;
    expect(await refusal({ ...unsigned, url: `${url}&timestamp=${Date.now()}&sign=` })).toEqual([
      200,
      310000,
      'sign not match',
    ]);
    expect(await refusal({ ...robot, url: `${dingtalk.baseUrl}/robot/send?access_token=x` })).toEqual([
      200,
      300005,
      'token is not exist',
    ]);
    ahead = 3_700_000;
    expect(await refusal(robot)).toEqual([200, 310000, 'invalid timestamp']);
    ahead = 3_500_000;
    expect(await refusal(robot)).toEqual([200, 0, 'ok']);
    expect((await caller(dingtalk).post('/robot/send', {})).body.errcode).toBe(40035);
    expect(dingtalk.webhookMessages()).toHaveLength(1);
  });

  it('want one of their keywords, if they have any, in title or text', async () => {
    const { dingtalk, ops } = await organisation();
    const bot = sender(dingtalk.addGroupRobot(ops, { isSigned: false, keywords: ['heap', '堆'] }));

    expect((await bot.text('hello')).data).toMatchObject({
      errcode: 310000,
      errmsg: 'keywords not in content',
    });
    expect((await bot.markdown('堆转储', 'done')).data.errcode).toBe(0);
  });

  it('take 20000 bytes', async () => {
    const { dingtalk, ops } = await organisation();
    const bot = sender(dingtalk.addGroupRobot(ops));
    const rest =
      20_000 - Buffer.byteLength(JSON.stringify({ msgtype: 'text', text: { content: '' }, at: {} }));

    expect((await bot.text('x'.repeat(rest))).data.errcode).toBe(0);
    expect((await bot.text('x'.repeat(rest + 1))).data.errcode).toBe(460101);
  });

  it('send twenty messages a minute and are mute for ten minutes after one more', async () => {
    let now = Date.now();
    const { dingtalk, ops } = await organisation({ now: () => now });
    const robot = dingtalk.addGroupRobot(ops, { isSigned: false });
    const other = sender(dingtalk.addGroupRobot(ops, { isSigned: false }));
    const say = async () => (await sender(robot).text('x')).data.errcode;

    for (let n = 0; n < 20; n += 1) expect(await say()).toBe(0);
    expect(await say()).toBe(130101);
    expect((await other.text('x')).data.errcode).toBe(0);
    now += 9 * 60_000;
    expect(await say()).toBe(130101);
    now += 60_000;
    expect(await say()).toBe(0);
  });
});
