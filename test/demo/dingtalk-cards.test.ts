/** Interactive cards in the stand-in DingTalk. */
import { describe, expect, it } from 'vitest';
import {
  type ChatMessage,
  type Dingtalk,
  type Group,
  plainTemplate,
} from '../../src/demo/dingtalk/dingtalk.ts';
import { CARD, dingtalkForTests, type GivenFrame, PATIENTLY } from './dingtalk-client.ts';

const CREATE = '/v1.0/card/instances/createAndDeliver';
const UPDATE = '/v1.0/card/instances';

const button = (actionId: string, text: string, more: object = {}) => ({
  text,
  color: 'blue',
  status: 'normal',
  event: { type: 'sendCardRequest', params: { actionId, params: { request: 'r1' } } },
  ...more,
});
const BUTTONS = JSON.stringify([button('approve', '同意'), button('deny', '拒绝')]);

describe('cards in the stand-in DingTalk', () => {
  const { organisation } = dingtalkForTests();

  async function world(limits = {}) {
    const made = await organisation({ templates: [plainTemplate('review.schema')], limits });
    const { dingtalk, ops, app } = made;
    const body = (more: object = {}) => ({
      cardTemplateId: 'review.schema',
      outTrackId: 'r1',
      callbackType: 'STREAM',
      cardData: { cardParamMap: { title: 'Dump of api', markdown: '**pending**', buttons: BUTTONS } },
      openSpaceId: `dtv1.card//IM_GROUP.${ops.id}`,
      imGroupOpenDeliverModel: { robotCode: dingtalk.robotCode },
      ...more,
    });
    const create = (more: object = {}) => app.call(CREATE, body(more));
    return { ...made, create };
  }

  const only = (dingtalk: Dingtalk, group: Group): ChatMessage => {
    const [message, ...more] = dingtalk.messages(group);
    if (message === undefined || more.length > 0) throw new Error(`${more.length + 1} messages`);
    return message;
  };

  it('stand in a group and read as the template shows them', async () => {
    const { dingtalk, ops, mei, ann, create } = await world();

    const answer = await create({
      imGroupOpenDeliverModel: { robotCode: dingtalk.robotCode, atUserIds: { [ann.id]: 'Ann', x: 'X' } },
    });

    expect(answer).toEqual({
      status: 200,
      body: {
        success: true,
        result: {
          outTrackId: 'r1',
          deliverResults: [
            {
              spaceType: 'IM_GROUP',
              spaceId: ops.id,
              success: true,
              carrierId: expect.any(String),
              errorMsg: '',
            },
          ],
        },
      },
    });
    const card = only(dingtalk, ops);
    expect(mei.read(card)).toBe('Dump of api\npending\n[同意] [拒绝]');
    expect(card).toMatchObject({ via: 'card', pings: [ann.id], card: { outTrackId: 'r1', updates: 0 } });
    expect(dingtalk.cards()).toHaveLength(1);
  });

  it('go to several places at once, and say where they could not be delivered', async () => {
    const { dingtalk, ops, mei, create } = await world();

    const { body } = await create({
      openSpaceId: `dtv1.card//im_group.${ops.id};im_robot.${mei.id};im_robot.nobody;im_group.cidNone`,
      imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT' },
    });

    expect(body.success).toBe(true);
    expect(body.result.deliverResults.map((each: { success: boolean }) => each.success)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(body.result.deliverResults[2]).toMatchObject({
      errorMsg: 'spaceId is illegal',
      spaceId: 'nobody',
    });
    expect(only(dingtalk, ops).card?.outTrackId).toBe('r1');
    expect(mei.single()).toHaveLength(1);
  });

  it('are refused in DingTalk’s words', async () => {
    const { dingtalk, create, mei } = await world();
    dingtalk.addTemplate({ ...plainTemplate('draft.schema'), isPublished: false });
    const code = async (more: object) => (await create({ outTrackId: 'other', ...more })).body.code;
    const space = (openSpaceId: string) => ({ openSpaceId });

    expect((await create()).status).toBe(200);
    expect(await code({ outTrackId: 'r1' })).toBe('param.cardAlreadyExist');
    expect(await code({ outTrackId: '' })).toBe('param.outTrackIdEmpty');
    expect(await code({ cardTemplateId: '' })).toBe('param.cardTemplateIdEmpty');
    expect(await code({ cardTemplateId: 'none.schema' })).toBe('param.templateNotExist');
    expect(await code({ cardTemplateId: 'draft.schema' })).toBe('param.templateUnpublished');
    expect(await code({ cardData: undefined })).toBe('param.cardPublicDataEmpty');
    expect(await code({ cardData: { cardParamMap: { count: 3 } } })).toBe('param.invalid');
    expect(await code({ privateData: { nobody: { cardParamMap: {} } } })).toBe('param.userIdNotExist');
    expect(await code(space(''))).toBe('param.openSpaceIdEmpty');
    expect(await code(space('IM_GROUP.cid'))).toBe('param.openSpaceIdInvalid');
    expect(await code(space(`dtv1.card//IM_ROBOT.${mei.id}`))).toBe('param.openDeliverModelEmpty');
    expect(dingtalk.cards()).toHaveLength(1);
  });

  it('change by key or altogether, for all or for single people', async () => {
    const { dingtalk, ops, mei, ann, app, create } = await world();
    await create({ privateData: { [ann.id]: { cardParamMap: { markdown: 'for Ann' } } } });
    const shows = () => [mei, ann].map((each) => each.read(only(dingtalk, ops)));
    const update = (more: object) => app.call(UPDATE, { outTrackId: 'r1', ...more }, 'PUT');
    expect(shows()).toEqual(['Dump of api\npending\n[同意] [拒绝]', 'Dump of api\nfor Ann\n[同意] [拒绝]']);

    await update({
      cardData: { cardParamMap: { markdown: 'approved', buttons: '[]' } },
      privateData: { [mei.id]: { cardParamMap: { title: 'Yours' } } },
      cardUpdateOptions: { updateCardDataByKey: true, updatePrivateDataByKey: true },
    });
    expect(shows()).toEqual(['Yours\napproved', 'Dump of api\nfor Ann']);
    const own = { privateData: { [mei.id]: { cardParamMap: { markdown: 'and yours alone' } } } };
    await update({ ...own, cardUpdateOptions: { updatePrivateDataByKey: true } });
    expect(mei.read(only(dingtalk, ops))).toBe('Yours\nand yours alone');
    await update(own);
    expect(mei.read(only(dingtalk, ops))).toBe('Dump of api\nand yours alone');

    await update({ cardData: { cardParamMap: { markdown: 'all new' } } });
    expect(shows()).toEqual(['and yours alone', 'for Ann']);
    expect(dingtalk.refresh(only(dingtalk, ops))?.card?.updates).toBe(4);
    expect((await update({ outTrackId: 'none' })).body.code).toBe('param.cardNotExist');
    expect((await update({ cardData: { cardParamMap: { n: 1 } } })).body.code).toBe('param.invalid');
  });

  it('can be taken away by people, and then not changed any more', async () => {
    const { dingtalk, ops, app, create } = await world();
    await create();

    dingtalk.removeCard('r1');

    expect(dingtalk.messages(ops)).toEqual([]);
    const change = { outTrackId: 'r1', cardData: { cardParamMap: {} } };
    expect((await app.call(UPDATE, change, 'PUT')).body.code).toBe('param.cardNotExist');
  });

  it('are seen in a group by their recipients alone, if they have any', async () => {
    const { dingtalk, ops, mei, ann, create } = await world();
    await create({ imGroupOpenDeliverModel: { robotCode: dingtalk.robotCode, recipients: [ann.id] } });
    const card = only(dingtalk, ops);

    expect([mei.canSee(card), ann.canSee(card)]).toEqual([false, true]);
    await expect(mei.press(card, 'approve')).rejects.toThrow('梅 does not see this message');
  });

  it('tell the bot who pressed what, in JSON within JSON, and change by its answer', async () => {
    const { dingtalk, ops, ann, create, connect } = await world();
    await create();
    const bot = await connect(CARD);
    bot.answer = ({ data }: GivenFrame) => ({
      response: {
        cardUpdateOptions: { updateCardDataByKey: true, updatePrivateDataByKey: true },
        cardData: { cardParamMap: { markdown: `by ${data.userId}` } },
        userPrivateData: { cardParamMap: { buttons: '[]' } },
      },
    });

    const delivery = await ann.press(only(dingtalk, ops), 'approve');

    expect(bot.callbacks()[0]?.data).toMatchObject({
      type: 'actionCallback',
      outTrackId: 'r1',
      userId: ann.id,
      userIdType: 1,
      corpId: dingtalk.corpId,
      spaceType: 'IM_GROUP',
      spaceId: ops.id,
      extension: '{}',
    });
    expect(JSON.parse(bot.callbacks()[0]?.data.content)).toEqual({
      cardPrivateData: { actionIds: ['approve'], params: { request: 'r1' } },
    });
    expect(delivery).toMatchObject({ personSaw: undefined, ackMs: expect.any(Number) });
    expect(ann.read(only(dingtalk, ops))).toBe(`Dump of api\nby ${ann.id}`);
    await expect(ann.press(only(dingtalk, ops), 'approve')).rejects.toThrow(
      'no such button for Ann; there are: none',
    );
  });

  it('can be pressed by a client that was tampered with: the person is still the one who pressed', async () => {
    const { dingtalk, ops, mei, ann, create, connect } = await world();
    await create();
    const bot = await connect(CARD);
    bot.answer = () => ({ response: {} });

    await mei.press(only(dingtalk, ops), 'shutdown', { anyButton: true, params: { userId: ann.id } });

    const { data } = bot.callbacks()[0] ?? {};
    expect(data.userId).toBe(mei.id);
    expect(JSON.parse(data.content).cardPrivateData).toEqual({
      actionIds: ['shutdown'],
      params: { userId: ann.id },
    });
  });

  it('show an error to the person when the answer is missing, late or no answer', async () => {
    const { dingtalk, ops, ann, create, connect } = await world({ callbackMs: 100 });
    await create();
    const card = only(dingtalk, ops);

    expect((await ann.press(card, 'approve')).personSaw).toBe('not-connected');
    const bot = await connect(CARD);
    const late = await ann.press(card, 'approve');
    expect(late.personSaw).toBe('timeout');
    const [frame] = bot.callbacks();
    if (frame === undefined) throw new Error('nothing came');
    bot.ack(frame, { response: { cardData: { cardParamMap: { markdown: 'too late' } } } });
    await expect.poll(() => late.ack?.code, PATIENTLY).toBe(200);
    expect(ann.read(card)).toContain('pending');
  });

  it.each([
    ['numbers', { response: { cardData: { cardParamMap: { n: 1 } } } }],
    ['a list', { response: [] }],
    ['nothing at all', 'x'],
  ])('show an error to the person when the answer has %s in it', async (_what, answer) => {
    const { dingtalk, ops, ann, create, connect } = await world();
    await create();
    const bot = await connect(CARD);
    bot.answer = () => answer;

    expect((await ann.press(only(dingtalk, ops), 'approve')).personSaw).toBe('failed');
    expect(ann.read(only(dingtalk, ops))).toContain('pending');
  });

  it('come back to the bot as the same callback when it is delivered twice', async () => {
    const { dingtalk, ops, ann, create, connect } = await world();
    await create();
    const bot = await connect(CARD);
    bot.answer = () => ({ response: {} });
    const delivery = await ann.press(only(dingtalk, ops), 'approve');

    dingtalk.redeliver(delivery);

    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(2);
    const [one, two] = bot.callbacks();
    expect(two?.headers.messageId).toBe(one?.headers.messageId);
    expect(two?.data).toEqual(one?.data);
  });

  it('have buttons that are off, that open pages and that send messages; links in their text send none', async () => {
    const { dingtalk, ops, ann, create } = await world();
    const send = 'dtmd://dingtalkclient/sendMessage?content=hi';
    const opens = (url: string) => ({ event: { type: 'openLink', params: { url } } });
    const buttons = [
      button('approve', 'Approve', { status: 'disabled' }),
      button('', 'Page', opens('https://example.com/x')),
      button('', 'Say hi', opens(send)),
    ];
    await create({
      openSpaceId: `dtv1.card//IM_ROBOT.${ann.id}`,
      imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT' },
      cardData: {
        cardParamMap: {
          title: 't',
          markdown: `[hi](${send}) [x](https://example.com)`,
          buttons: JSON.stringify(buttons),
        },
      },
    });
    const [card] = ann.single();
    if (card === undefined) throw new Error('no card');

    expect(ann.read(card)).toBe(
      't\nhi x (https://example.com)\n(Approve) [Page] https://example.com/x [Say hi] → “hi”',
    );
    expect(ann.links(card).map(({ label }) => label)).toEqual(['x', 'Page', 'Say hi']);
    await expect(ann.press(card, 'approve')).rejects.toThrow('approve [Approve] (off)');
    expect(ann.tapLink(card, 2)).toMatchObject({ payload: { text: { content: 'hi' } } });
    expect(dingtalk.messages(ops)).toEqual([]);
  });

  it('send no click anywhere unless they were made for Stream', async () => {
    const { dingtalk, ops, ann, create } = await world();
    await create({ callbackType: 'HTTP' });

    await expect(ann.press(only(dingtalk, ops), 'approve')).rejects.toThrow('callbackType is not STREAM');
  });
});
