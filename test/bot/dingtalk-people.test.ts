/** Who somebody is, and as whom a message or a click counts. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ActionAnswer, IncomingAction, IncomingCommand } from '../../src/bot/chat/chat-platform.ts';
import type { Message } from '../../src/bot/chat/message.ts';
import { CREATE, type DingtalkWorld, startDingtalkWorld, TEMPLATE_ID } from './dingtalk-world.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };
const NOTHING: ActionAnswer = { kind: 'nothing' };
let world: DingtalkWorld | undefined;

afterEach(async () => {
  await world?.stop();
  world = undefined;
});

async function started(
  given: Parameters<typeof startDingtalkWorld>[1] = {},
  answer: (action: IncomingAction) => ActionAnswer = () => NOTHING,
) {
  const here = await startDingtalkWorld('cards', given);
  world = here;
  const commands: IncomingCommand[] = [];
  const actions: IncomingAction[] = [];
  await here.platform.start({
    onCommand: async (command) => void commands.push(command),
    async onAction(action) {
      actions.push(action);
      return answer(action);
    },
  });
  const guest = here.outsiders[0]?.person ?? here.ann;
  return { ...here, commands, actions, guest };
}

async function post<Answer>(url: string, body: object, accessToken = ''): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-acs-dingtalk-access-token': accessToken },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Answer;
}

const card: Message = {
  tone: 'waiting',
  title: 'Dump of api?',
  blocks: [],
  buttons: [
    { action: 'approve', requestId: 'abcd1234', label: 'Approve' },
    { action: 'deny', requestId: 'abcd1234', label: 'Deny' },
  ],
};
const reply = (title: string): Message => ({ tone: 'neutral', title, blocks: [], buttons: [] });

describe('a person in DingTalk', () => {
  it('is who the message names, with the place where it was typed', async () => {
    const { commands, client, ann } = await started();

    client(ann).type('single', '／heapdump　列表');

    await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
    expect(commands[0]).toMatchObject({ person: ann.ref, text: '列表' });
    expect(commands[0]?.place).toBe(JSON.stringify({ single: client(ann).id }));
    // A capability has no business where requests are kept.
    expect(commands[0]?.place).not.toContain('session');
  });

  it('is nobody when they come from outside: named as no rule can name them, and answered in general alone', async () => {
    const { commands, client, guest, ops, platform, inRoom } = await started();

    client(guest).type(ops, '/heapdump prod/api');
    await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
    const [command] = commands;
    if (command === undefined) throw new Error('no command');
    await platform.replyPrivately(command.privately, command.person, reply('a secret for one'));

    expect(command.person).toMatch(/^dingtalk:guest:/);
    expect(await platform.standing(command.person)).toEqual({ outsider: true, language: undefined });
    expect(await platform.groupsOf(command.person, ['dingtalk:group:1'])).toEqual(new Set());
    const texts = inRoom().map(({ text }) => text);
    expect(texts).toEqual(['This robot answers members of the organisation alone.']);
  });

  it('is answered in their own chat where a guest writes to the robot alone', async () => {
    const { commands, client, guest, platform, privateTo } = await started();

    client(guest).type('single', '帮助');
    await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
    const [command] = commands;
    if (command === undefined) throw new Error('no command');
    await platform.replyPrivately(command.privately, command.person, reply('what help there is'));

    expect(privateTo(guest).map(({ text }) => text)).toEqual(['what help there is']);
  });

  it('counts as a guest where the config names another organisation', async () => {
    const { commands, log, client, ann } = await started({ options: { corpId: 'dingsomebodyelse' } });

    client(ann).type('single', 'list');

    await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
    expect(commands[0]?.person).toMatch(/^dingtalk:guest:/);
    expect(log).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('corpId') }),
    );
  });

  it('clicks as themselves, whatever their client sends along', async () => {
    const { actions, client, ann, bob, ops, dingtalk, platform, room } = await started();
    await platform.post(room, card, { key: 'k', mayExist: false });
    const [message] = dingtalk.messages(ops);
    if (message === undefined) throw new Error('no card');

    await client(bob).press(message, 'approve', {
      params: { userId: client(ann).id, requestId: 'zzzz9999', actionId: 'cancel' },
    });

    await vi.waitFor(() => expect(actions).toHaveLength(1), PATIENCE);
    expect(actions[0]).toMatchObject({ person: bob.ref, action: 'approve', requestId: 'abcd1234' });
  });

  it('hears what to type where a card is of a version that the bot does not know', async () => {
    const { actions, client, bob, ops, dingtalk, platform, room, log, privateTo } = await started();
    await platform.post(room, card, { key: 'k', mayExist: false });
    const [message] = dingtalk.messages(ops);
    if (message === undefined) throw new Error('no card');

    await client(bob).press(message, 'grant', { anyButton: true });

    await vi.waitFor(() => expect(privateTo(bob)).toHaveLength(1), PATIENCE);
    expect(privateTo(bob)[0]?.text).toContain('approve abcd1234');
    expect(actions).toEqual([]);
    expect(log).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'a card of an unknown version was pressed' }),
    );
  });

  it('hears the same where a card is not of this bot', async () => {
    const { dingtalk, actions, client, bob, ops, privateTo } = await started();
    const { accessToken } = await post<{ accessToken: string }>(
      `${dingtalk.baseUrl}/v1.0/oauth2/accessToken`,
      {
        appKey: dingtalk.clientId,
        appSecret: dingtalk.clientSecret,
      },
    );
    await post(
      `${dingtalk.baseUrl}${CREATE}`,
      {
        cardTemplateId: TEMPLATE_ID,
        outTrackId: 'made-by-another-program.abcd1234',
        callbackType: 'STREAM',
        cardData: { cardParamMap: { title: 'x' } },
        openSpaceId: `dtv1.card//IM_GROUP.${ops.id}`,
        imGroupOpenDeliverModel: { robotCode: dingtalk.robotCode },
      },
      accessToken,
    );
    const [message] = dingtalk.messages(ops);
    if (message === undefined) throw new Error('no card');

    await client(bob).press(message, 'approve', { anyButton: true });

    await vi.waitFor(() => expect(privateTo(bob)).toHaveLength(1), PATIENCE);
    expect(actions).toEqual([]);
  });

  it('decides by words as well, with the reason behind them, and hears that it was heard', async () => {
    const { actions, client, bob, privateTo } = await started({}, (action) =>
      action.action === 'deny' && action.text === undefined
        ? { kind: 'ask', title: '', label: '', submit: '', cancel: '' }
        : NOTHING,
    );

    client(bob).type('single', '拒绝 ABCD1234 大促期间不行');

    await vi.waitFor(() => expect(privateTo(bob)).toHaveLength(1), PATIENCE);
    expect(actions).toMatchObject([
      { person: bob.ref, action: 'deny', requestId: 'abcd1234' },
      { person: bob.ref, action: 'deny', requestId: 'abcd1234', text: '大促期间不行' },
    ]);
    expect(actions[0]).not.toHaveProperty('text');
    expect(privateTo(bob)[0]?.text).toContain('Received: deny abcd1234');
  });

  it('costs one call of the quota for many questions, and none just after they wrote', async () => {
    const { dingtalk, commands, client, ann, bob, platform } = await started();
    const asked = () => dingtalk.calls.filter(({ path }) => path === '/topapi/v2/user/get').length;

    client(ann).type('single', 'list');
    await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
    await platform.standing(ann.ref);
    expect(asked()).toBe(0);

    await Promise.all([1, 2, 3, 4].map(() => platform.standing(bob.ref)));
    await platform.standing(bob.ref);
    expect(asked()).toBe(1);
  });

  it('is unknown, and not an outsider, while DingTalk cannot be asked', async () => {
    const { dingtalk, platform, ann } = await started();
    dingtalk.faults.next('/topapi/v2/user/get', ...Array.from({ length: 9 }, () => ({ status: 503 })));

    await expect(platform.standing(ann.ref)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a group in the rules', () => {
  it('may be a role or a conversation, and whoever joined it is in it within a minute', async () => {
    const { dingtalk, platform, client, ann, bob } = await started();
    const role = dingtalk.addRole('SRE', [client(ann)]);
    const conversation = dingtalk.addGroup({ title: 'dba', members: [client(bob).id] });
    const asked = [`dingtalk:group:${role.id}`, `dingtalk:group:${conversation.id}`, 'slack:group:S1'];

    expect(await platform.groupsOf(ann.ref, asked)).toEqual(new Set([asked[0]]));
    expect(await platform.groupsOf(bob.ref, asked)).toEqual(new Set([asked[1]]));
    expect(await platform.groupsOf('slack:U1', asked)).toEqual(new Set());
  });

  it('reads all pages of a large role', async () => {
    const { dingtalk, platform } = await started();
    const many = Array.from({ length: 230 }, (_, at) => dingtalk.addPerson({ name: `p${at}` }));
    const role = dingtalk.addRole('all', many);

    const last = many.at(-1)?.id ?? '';
    expect(await platform.groupsOf(`dingtalk:${last}`, [`dingtalk:group:${role.id}`])).toEqual(
      new Set([`dingtalk:group:${role.id}`]),
    );
  });

  it('holds nobody where its members cannot be listed, and the operator reads why', async () => {
    const { dingtalk, platform, client, ann, log } = await started();
    const ordinary = dingtalk.addGroup({ title: 'x', members: [client(ann).id], listsMembers: false });

    expect(await platform.groupsOf(ann.ref, [`dingtalk:group:${ordinary.id}`])).toEqual(new Set());
    expect(log).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ dingtalkCode: 'sceneGroupNotFound' }),
      }),
    );
  });
});
