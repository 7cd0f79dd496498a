/** What the app's robot says in the stand-in DingTalk. */
import { describe, expect, it } from 'vitest';
import { CARD, dingtalkForTests, PATIENTLY, ROBOT } from './dingtalk-client.ts';

describe('the robot in the stand-in DingTalk', () => {
  const { organisation } = dingtalkForTests();

  it('speaks in groups by templates, and is told what is wrong with a message', async () => {
    const { dingtalk, ops, app } = await organisation();
    const elsewhere = dingtalk.addGroup({ title: 'elsewhere', robotIsIn: false });
    const refused = async (...args: Parameters<typeof app.sendToGroup>) => {
      const { status, body } = await app.sendToGroup(...args);
      return [status, body.code];
    };

    const sent = await app.sendToGroup(ops.id, 'sampleMarkdown', { title: 't', text: 'hello' });

    expect(sent).toEqual({ status: 200, body: { processQueryKey: expect.any(String) } });
    expect(dingtalk.messages(ops)).toMatchObject([
      {
        via: 'robot',
        author: '堆转储',
        content: { kind: 'markdown', title: 't', text: 'hello' },
        processQueryKey: sent.body.processQueryKey,
      },
    ]);
    expect(await refused(ops.id, 'sampleVideoCall', {})).toEqual([400, 'invalidParameter.msgKey.invalid']);
    expect(await refused(ops.id, 'sampleText', '{')).toEqual([400, 'invalidParameter.msgParam.invalid']);
    expect(await refused(ops.id, 'sampleText', {})).toEqual([400, 'invalidParameter.param.invalid']);
    expect(await refused('cidNone', 'sampleText', { content: 'x' })).toEqual([
      400,
      'invalid.openConversationId',
    ]);
    expect(await refused(elsewhere.id, 'sampleText', { content: 'x' })).toEqual([
      400,
      'invalid.openConversationId',
    ]);
    expect(
      await app.call('/v1.0/robot/groupMessages/send', { robotCode: 'other', msgKey: 'sampleText' }),
    ).toMatchObject({ status: 400, body: { code: 'resource.not.found', message: 'robot 不存在' } });
    expect(dingtalk.messages(ops)).toHaveLength(1);
  });

  it('may say 15000 bytes, counted as they are sent', async () => {
    const { ops, app } = await organisation();
    const bytes = (count: number) => {
      const rest = count - Buffer.byteLength(JSON.stringify({ content: '堆' }));
      return { content: `堆${'x'.repeat(rest)}` };
    };

    expect((await app.sendToGroup(ops.id, 'sampleText', bytes(15_000))).status).toBe(200);
    expect((await app.sendToGroup(ops.id, 'sampleText', bytes(15_001))).body.code).toBe(
      'invalidParameter.msgParam.tooLong',
    );
  });

  it('writes to people, and hears of those whom it cannot reach', async () => {
    const { dingtalk, mei, ann, app } = await organisation({ limits: { messagesPerMinute: 2 } });
    const gone = dingtalk.addPerson({ name: 'gone' });
    gone.hasLeft = true;
    const param = { title: 't', text: 'x' };

    const first = await app.sendToPeople([mei.id, gone.id, 'nobody'], 'sampleMarkdown', param);
    await app.sendToPeople([mei.id], 'sampleMarkdown', param);
    const third = await app.sendToPeople([mei.id, ann.id], 'sampleMarkdown', param);

    expect(first.body).toMatchObject({
      processQueryKey: expect.any(String),
      invalidStaffIdList: [gone.id, 'nobody'],
      flowControlledStaffIdList: [],
    });
    expect(third.body).toMatchObject({ flowControlledStaffIdList: [mei.id] });
    expect([mei.single().length, ann.single().length]).toEqual([2, 1]);
    const many = Array.from({ length: 21 }, (_, n) => `p${n}`);
    expect((await app.sendToPeople(many, 'sampleMarkdown', param)).body.code).toBe(
      'invalidParameter.userIds.overMax',
    );
    expect((await app.sendToPeople([], 'sampleMarkdown', param)).body.code).toBe(
      'invalidParameter.userIds.empty',
    );
    expect((await app.sendToPeople(['nobody'], 'sampleMarkdown', param)).body.code).toBe(
      'staffId.notExisted',
    );
  });

  it('says twenty things a minute in groups and is mute when it says more', async () => {
    let now = Date.now();
    const { dingtalk, ops, app } = await organisation({ now: () => now });
    const other = dingtalk.addGroup({ title: 'other' });
    const say = async (group: string) =>
      (await app.sendToGroup(group, 'sampleText', { content: 'x' })).status;

    for (let n = 0; n < 20; n += 1) expect(await say(n % 2 === 0 ? ops.id : other.id)).toBe(200);
    expect(await say(ops.id)).toBe(400);
    now += 60_000;
    expect(await say(ops.id)).toBe(400);
    now += 9 * 60_000;
    expect(await say(ops.id)).toBe(200);
  });

  it('takes back what it said', async () => {
    const { dingtalk, mei, ann, ops, app } = await organisation();
    const { robotCode } = dingtalk;
    const inGroup = await app.sendToGroup(ops.id, 'sampleText', { content: 'oops' });
    const toPeople = await app.sendToPeople([mei.id, ann.id], 'sampleText', { content: 'oops' });
    const processQueryKeys = [inGroup.body.processQueryKey, 'none'];

    const group = await app.call('/v1.0/robot/groupMessages/recall', {
      robotCode,
      openConversationId: ops.id,
      processQueryKeys,
    });
    const people = await app.call('/v1.0/robot/otoMessages/batchRecall', {
      robotCode,
      processQueryKeys: [toPeople.body.processQueryKey],
    });

    expect(group.body).toEqual({
      successResult: [processQueryKeys[0]],
      failedResult: { none: '消息不存在' },
    });
    expect(people.body.failedResult).toEqual({});
    expect([dingtalk.messages(ops), mei.single(), ann.single()]).toEqual([[], [], []]);
  });

  it('answers by the session webhook of a message, without a token, while it lasts', async () => {
    let now = Date.now();
    const { dingtalk, mei, ann, ops, app, connect } = await organisation({ now: () => now });
    const bot = await connect(ROBOT);
    mei.type(ops, 'list');
    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(1);
    const { sessionWebhook, sessionWebhookExpiredTime } = bot.callbacks()[0]?.data ?? {};
    const path = sessionWebhook.slice(dingtalk.baseUrl.length);
    const markdown = { title: 't', text: `@${mei.id} here you are` };
    const at = { atUserIds: [mei.id, ann.id], isAtAll: false };

    expect((await app.post(path, { msgtype: 'markdown', markdown, at })).body).toEqual({
      errcode: 0,
      errmsg: 'ok',
    });
    expect((await app.post(path, { msgtype: 'markdown', markdown: { text: 'x' } })).body).toMatchObject({
      errcode: 40035,
    });
    expect((await app.post(path, { msgtype: 'video' })).body).toMatchObject({ errcode: 40008 });
    now = sessionWebhookExpiredTime;
    expect(await app.post(path, { msgtype: 'markdown', markdown })).toMatchObject({
      status: 200,
      body: { errcode: 300001, errmsg: 'session 不存在' },
    });
    // Whom the text does not name, nobody pings.
    expect(dingtalk.messages(ops).slice(1)).toMatchObject([{ via: 'session-webhook', pings: [mei.id] }]);
  });

  it('answers no longer when a test ends the webhooks, and reads as people see it', async () => {
    const { dingtalk, mei, app, connect } = await organisation();
    const bot = await connect(ROBOT, CARD);
    mei.type('single', 'list');
    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(1);
    const path = bot.callbacks()[0]?.data.sessionWebhook.slice(dingtalk.baseUrl.length);
    const btns = [{ title: '打开', actionURL: 'https://example.com' }];
    await app.post(path, { msgtype: 'actionCard', actionCard: { title: 't', text: '## hello', btns } });

    dingtalk.endSessionWebhooks();

    expect((await app.post(path, { msgtype: 'text', text: { content: 'x' } })).body.errcode).toBe(300001);
    const [, card] = mei.single();
    expect(card && mei.read(card)).toBe('hello\n[打开] https://example.com');
  });
});
