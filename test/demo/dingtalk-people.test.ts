/** What people type in the stand-in DingTalk. */
import { describe, expect, it } from 'vitest';
import { dingtalkForTests, PATIENTLY, ROBOT } from './dingtalk-client.ts';

describe('people in the stand-in DingTalk', () => {
  const { organisation } = dingtalkForTests();

  it('are heard in a group when they call the robot, with all that DingTalk tells of them', async () => {
    const now = Date.now();
    const { dingtalk, ann, ops, connect } = await organisation({ now: () => now });
    const bot = await connect(ROBOT);

    ann.type(ops, 'list');

    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(1);
    const [message] = dingtalk.messages(ops);
    expect(message?.content).toEqual({ kind: 'text', text: '@堆转储 list' });
    expect(bot.callbacks()[0]?.data).toEqual({
      conversationId: ops.id,
      conversationType: '2',
      conversationTitle: '运维群',
      chatbotCorpId: dingtalk.corpId,
      chatbotUserId: expect.stringMatching(/^\$:LWCP_v1:\$/),
      msgId: message?.id,
      msgtype: 'text',
      text: { content: ' list' },
      senderNick: 'Ann',
      senderStaffId: ann.id,
      senderCorpId: dingtalk.corpId,
      senderId: ann.dingtalkId,
      isAdmin: true,
      isInAtList: true,
      atUsers: [{ dingtalkId: expect.any(String) }],
      createAt: now,
      robotCode: dingtalk.robotCode,
      sessionWebhook: expect.stringMatching(/^http:.*\/robot\/sendBySession\?session=/),
      sessionWebhookExpiredTime: now + 90 * 60_000,
    });
  });

  it('are heard in their own chat with the robot, whatever they type', async () => {
    const { mei, connect } = await organisation();
    const bot = await connect(ROBOT);

    mei.type('single', '帮助');

    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(1);
    const { data } = bot.callbacks()[0] ?? {};
    expect(data).toMatchObject({
      conversationType: '1',
      conversationId: mei.singleChat,
      text: { content: '帮助' },
    });
    expect(data).not.toHaveProperty('conversationTitle');
    expect(data).not.toHaveProperty('atUsers');
    expect(mei.single().map((each) => each.content)).toEqual([{ kind: 'text', text: '帮助' }]);
  });

  it('are not heard in a group when they speak to each other, or where the robot is not', async () => {
    const { dingtalk, mei, ops } = await organisation();
    const elsewhere = dingtalk.addGroup({ title: 'elsewhere', robotIsIn: false });
    const private_ = dingtalk.addGroup({ title: 'without mei', members: [] });

    expect(mei.type(ops, 'lunch?', { mentioned: false })).toBeUndefined();
    expect(mei.type(elsewhere, 'list')).toBeUndefined();
    expect(() => mei.type(private_, 'list')).toThrow('梅 is not in without mei');
    expect(dingtalk.deliveries).toEqual([]);
    expect(dingtalk.messages(ops)).toHaveLength(1);
  });

  it('have no staff id when they come from another organisation', async () => {
    const { dingtalk, connect } = await organisation();
    const guest = dingtalk.addPerson({ name: 'guest', isGuest: true });
    const ops = dingtalk.addGroup({ title: 'with a guest' });
    const bot = await connect(ROBOT);

    guest.type(ops, 'list');

    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(1);
    const { data } = bot.callbacks()[0] ?? {};
    expect(data).not.toHaveProperty('senderStaffId');
    expect(data).toMatchObject({ senderNick: 'guest', chatbotCorpId: dingtalk.corpId });
    expect(data.senderCorpId).not.toBe(dingtalk.corpId);
  });

  it('can type formatted text and quote others', async () => {
    const { dingtalk, mei, ann, ops, app, connect } = await organisation();
    const bot = await connect(ROBOT);
    await app.sendToGroup(ops.id, 'sampleText', { content: 'secret words' });
    const [ofRobot] = dingtalk.messages(ops);
    if (ofRobot === undefined) throw new Error('the robot said nothing');

    mei.type(ops, '/heapdump prod/api', { rich: true });
    ann.type(ops, '同意', { quoting: ofRobot });

    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(2);
    const [rich, quoting] = bot.callbacks().map(({ data }) => data);
    expect(rich).toMatchObject({
      msgtype: 'richText',
      content: { richText: [{ text: '@堆转储' }, { text: '/heapdump prod/api' }] },
    });
    expect(rich).not.toHaveProperty('text');
    expect(quoting).toMatchObject({
      text: { content: ' 同意', isReplyMsg: true, repliedMsg: { msgId: ofRobot.id, msgType: 'text' } },
      originalMsgId: ofRobot.id,
    });
    expect(JSON.stringify(quoting)).not.toContain('secret words');
  });

  it('send what a link sends, as themselves, into the chat where they tap it', async () => {
    const { dingtalk, mei, ann, ops, app, connect } = await organisation();
    const bot = await connect(ROBOT);
    const link = (text: string) => `dtmd://dingtalkclient/sendMessage?content=${encodeURIComponent(text)}`;
    const text = `[同意](${link('同意 ABC123')}) [page](https://example.com/a_(b)) [拒绝](${link('拒绝 ABC123')})`;
    await app.sendToPeople([ann.id], 'sampleMarkdown', { title: 'a request', text });
    await app.sendToGroup(ops.id, 'sampleMarkdown', { title: 'a request', text });
    const [single] = ann.single();
    const [inGroup] = dingtalk.messages(ops);
    if (single === undefined || inGroup === undefined) throw new Error('the robot said nothing');

    expect(ann.tapLink(single, 2)).toBeDefined();
    expect(ann.tapLink(single, 1)).toBeUndefined();
    expect(ann.tapLink(inGroup, 0)).toBeUndefined();

    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(1);
    expect(bot.callbacks()[0]?.data).toMatchObject({
      senderStaffId: ann.id,
      conversationType: '1',
      text: { content: '拒绝 ABC123' },
    });
    expect(dingtalk.messages(ops).at(-1)).toMatchObject({
      author: ann.id,
      content: { text: '同意 ABC123' },
    });
    expect(ann.links(single)[1]).toEqual({ label: 'page', url: 'https://example.com/a_(b)' });
    expect(() => ann.tapLink(single, 3)).toThrow('there are 3');
    expect(() => mei.tapLink(single)).toThrow('梅 does not see this message');
  });
});
