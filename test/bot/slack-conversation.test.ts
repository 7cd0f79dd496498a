import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActionAnswer, IncomingAction, IncomingCommand } from '../../src/bot/chat/chat-platform.ts';
import { createSlackPlatform, type SlackPlatform } from '../../src/bot/chat/slack/slack-platform.ts';
import {
  type Channel,
  type Person,
  type SlackOptions,
  type SlackWorkspace,
  startSlack,
} from '../../src/demo/slack/slack-workspace.ts';
import { messages } from './slack-messages.ts';
import { callSlack, type LogLine, plain, recordingLog, slackOptions } from './slack-world.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };
const CARD = { ...plain('card'), buttons: messages['request-card']?.buttons ?? [] };
const ASK: ActionAnswer = {
  kind: 'ask',
  title: 'Deny the heap dump of a pod with a long name',
  label: 'Why?',
  submit: 'Deny the heap dump right now',
  cancel: 'Back',
};

describe('people talk to the bot in Slack', () => {
  let slack: SlackWorkspace;
  let platform: SlackPlatform;
  let ops: Channel;
  let ann: Person;
  let commands: IncomingCommand[];
  let actions: IncomingAction[];
  let logged: LogLine[];
  let answer: (action: IncomingAction) => Promise<ActionAnswer>;

  beforeEach(() => {
    commands = [];
    actions = [];
    logged = [];
    answer = async () => ({ kind: 'nothing' });
  });

  afterEach(async () => {
    await platform.stop();
    await slack.stop();
  });

  async function begin(limits: SlackOptions['limits'] = {}): Promise<void> {
    slack = await startSlack({ limits: { rate: 'off', ...limits } });
    ops = slack.addChannel('ops');
    ann = slack.addPerson({ name: 'ann' });
    platform = createSlackPlatform(slackOptions(slack), { log: recordingLog(logged), now: Date.now });
    await platform.start({
      async onCommand(command) {
        commands.push(command);
      },
      async onAction(action) {
        actions.push(action);
        return answer(action);
      },
    });
  }

  async function nth<Thing>(list: readonly Thing[], count = 1): Promise<Thing> {
    await vi.waitFor(() => expect(list.length).toBeGreaterThanOrEqual(count), PATIENCE);
    const found = list[count - 1];
    if (found === undefined) throw new Error('cannot be');
    return found;
  }

  async function cardInRoom() {
    await platform.post(ops.id, CARD, { key: 'card', mayExist: false });
    return slack.waitForMessage(({ text }) => text === 'card');
  }

  it('takes a mention for a command, and speaks in the channel', async () => {
    await begin();

    await slack.mention(ann, ops, 'prod/api --reason “a & b”');

    const { text, place, person, id } = await nth(commands);
    expect(text).toBe('prod/api --reason "a & b"');
    expect(person).toBe(`slack:${ann.id}`);
    expect(id).toBe(slack.deliveries[0]?.payload.event_id);
    await platform.post(place, plain('said'), { key: 'k', mayExist: false });
    expect((await slack.waitForMessage((message) => message.text === 'said')).threadTs).toBeUndefined();
  });

  it('stays in the thread in which it was mentioned, privately too', async () => {
    await begin();
    const first = slack.say(ann, ops, 'the api is slow');

    await slack.mention(ann, ops, 'prod/api', { threadTs: first.ts });

    const { place, privately, person } = await nth(commands);
    const ref = await platform.post(place, plain('card'), { key: 'k', mayExist: false });
    await platform.post(platform.threadOf(ref), plain('result'), { key: 'l', mayExist: false });
    await platform.replyPrivately(privately, person, plain('psst'));
    for (const text of ['card', 'result']) {
      expect((await slack.waitForMessage((message) => message.text === text)).threadTs).toBe(first.ts);
    }
    const whispered = await slack.waitForEphemeral(ann);
    expect(whispered).toMatchObject({ text: 'psst', threadTs: first.ts, unseen: false });
  });

  it('answers a click in the thread of its message, and a click on a card in the channel', async () => {
    await begin();
    answer = async () => ({ kind: 'reply', message: plain(`answer ${actions.length}`) });
    const card = await cardInRoom();
    await platform.post(`${ops.id}/${card.ts}`, { ...CARD, title: 'below' }, { key: 'b', mayExist: false });
    const below = await slack.waitForMessage(({ text }) => text === 'below');

    await slack.click(ann, card, 'approve');
    const inChannel = await slack.waitForEphemeral(ann, ({ text }) => text === 'answer 1');
    await slack.click(ann, below, 'approve');
    const inThread = await slack.waitForEphemeral(ann, ({ text }) => text === 'answer 2');

    expect([inChannel.threadTs, inThread.threadTs]).toEqual([undefined, card.ts]);
    expect(actions.map(({ place }) => place)).toEqual([ops.id, `${ops.id}/${card.ts}`]);
    expect(slack.refresh(card)?.text).toBe('card');
  });

  it('hears no other bot, however it is mentioned', async () => {
    await begin();
    const robot = slack.addPerson({ name: 'robot', isBot: true });

    await slack.mention(robot, ops, 'prod/api');
    await slack.slash(ann, ops, '/heapdump', 'list');

    expect((await nth(commands)).text).toBe('list');
    expect(commands).toHaveLength(1);
  });

  it('gives what Slack delivers again its first id', async () => {
    await begin();
    const mention = await slack.mention(ann, ops, 'list');
    await slack.redeliver(mention);
    const click = await slack.click(ann, await cardInRoom(), 'approve');
    await slack.redeliver(click);

    await nth(commands, 2);
    await nth(actions, 2);
    expect(new Set(commands.map(({ id }) => id)).size).toBe(1);
    expect(new Set(actions.map(({ id }) => id)).size).toBe(1);
    expect(actions[0]?.id).toBe(click.payload.trigger_id);
  });

  it('acknowledges once and with nothing to show, also what is not its own', async () => {
    await begin();
    await callSlack(slack, 'chat.postMessage', {
      channel: ops.id,
      text: 'strange',
      blocks: [
        {
          type: 'actions',
          elements: ['explode', 'approve'].map((id) => ({
            type: 'button',
            action_id: id,
            text: { type: 'plain_text', text: id },
          })),
        },
      ],
    });
    const strange = await slack.waitForMessage(({ text }) => text === 'strange');

    const deliveries = [
      await slack.slash(ann, ops, '/heapdump', 'list'),
      await slack.slash(ann, ops, '/another', 'list'),
      await slack.click(ann, strange, 'explode'),
      await slack.click(ann, strange, 'approve'),
    ];

    for (const delivery of deliveries) {
      expect(delivery).toMatchObject({ ack: undefined, late: false, personSaw: undefined });
      expect(delivery.ackedAt).toBeDefined();
    }
    await nth(commands);
    expect([commands.length, actions.length]).toEqual([1, 0]);
    expect(logged.filter(({ message }) => message.includes('click on nothing'))).toHaveLength(2);
    expect(logged.filter(({ fields }) => JSON.stringify(fields).includes('already been called'))).toEqual([]);
  });

  it('opens a form that Slack takes, and brings an empty one as empty words', async () => {
    await begin();
    answer = async ({ text }) => (text === undefined ? ASK : { kind: 'reply', message: plain('denied') });
    await slack.click(ann, await cardInRoom(), 'deny');
    const view = await slack.waitForView(ann);

    await slack.submitView(ann, view, {});

    expect((await nth(actions, 2)).text).toBe('');
    await slack.waitForEphemeral(ann, ({ text }) => text === 'denied');
    expect(slack.openViews(ann)).toEqual([]);
  });

  it('goes on without words when it is too late to ask for them', async () => {
    await begin({ triggerMs: -1 });
    answer = async ({ text }) => (text === undefined ? ASK : { kind: 'nothing' });

    await slack.click(ann, await cardInRoom(), 'deny');

    const second = await nth(actions, 2);
    expect(second).toMatchObject({
      action: 'deny',
      requestId: 'abcd1234',
      text: '',
      person: `slack:${ann.id}`,
    });
    expect(second.id).not.toBe(actions[0]?.id);
    expect(slack.openViews(ann)).toEqual([]);
  });

  it('says sorry when the form cannot be opened for another reason', async () => {
    await begin();
    answer = async () => ASK;
    slack.faults.next('views.open', { status: 500 });

    await slack.click(ann, await cardInRoom(), 'deny');

    expect((await slack.waitForEphemeral(ann)).text).toBe('That could not be done');
    expect(actions).toHaveLength(1);
  });

  it('believes no form that it did not write', async () => {
    await begin();
    answer = async () => ASK;
    await slack.click(ann, await cardInRoom(), 'deny');
    const view = await slack.waitForView(ann);
    const delivery = await slack.submitView(ann, view, { text: 'fine' });
    await nth(actions, 2);

    for (const metadata of ['', '{}', '{"action":"explode","requestId":"x","channel":"C012ABC"}', 'null']) {
      const forged = { ...(delivery.payload.view as object), private_metadata: metadata };
      await slack.redeliver({ ...delivery, payload: { ...delivery.payload, view: forged } });
    }

    expect(actions).toHaveLength(2);
    expect(logged.filter(({ message }) => message.includes('did not write'))).toHaveLength(4);
  });

  it('is as quick to acknowledge when Slack itself is slow to say who somebody is', async () => {
    await begin();
    slack.faults.next('users.info', { delayMs: 4000 });

    const delivery = await slack.slash(ann, ops, '/heapdump', 'list');

    expect(delivery.late).toBe(false);
    expect((await nth(commands)).language).toBe('en');
  });

  it('writes no word of theirs and no response_url into the log', async () => {
    await begin();
    answer = async () => {
      throw new Error('broken');
    };
    slack.faults.next('response_url', { status: 500 }, { reset: true });

    await slack.slash(ann, ops, '/heapdump', 'a very private reason');
    const { privately } = await nth(commands);
    await platform.replyPrivately(privately, `slack:${ann.id}`, plain('a very private answer'));
    await slack.click(ann, await cardInRoom(), 'approve');
    await nth(actions);
    await platform.stop();

    const everything = JSON.stringify(logged, (_key, value: unknown) =>
      value instanceof Error
        ? { ...value, message: value.message, stack: value.stack, cause: value.cause }
        : value,
    );
    expect(everything).toContain('broken');
    for (const secret of ['very private', '/commands/', '/actions/', slack.botToken, slack.appToken]) {
      expect(everything).not.toContain(secret);
    }
  });
});
