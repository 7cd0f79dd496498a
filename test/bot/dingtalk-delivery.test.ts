/** What is said in DingTalk: into cards, into words where there are none, and by another way where one is closed. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ActionAnswer, IncomingAction, IncomingCommand } from '../../src/bot/chat/chat-platform.ts';
import type { CheckState, Message } from '../../src/bot/chat/message.ts';
import {
  asSeen,
  CHANGE,
  CREATE,
  type DingtalkWorld,
  startDingtalkWorld,
  TO_GROUP,
  TO_PEOPLE,
} from './dingtalk-world.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };
let world: DingtalkWorld | undefined;

afterEach(async () => {
  await world?.stop();
  world = undefined;
});

async function started(mode: 'cards' | 'words', given: Parameters<typeof startDingtalkWorld>[1] = {}) {
  const here = await startDingtalkWorld(mode, given);
  world = here;
  const commands: IncomingCommand[] = [];
  const actions: IncomingAction[] = [];
  await here.platform.start({
    onCommand: async (command) => void commands.push(command),
    async onAction(action): Promise<ActionAnswer> {
      actions.push(action);
      return { kind: 'nothing' };
    },
  });
  const calls = (path: string) =>
    here.dingtalk.calls.filter((call) => call.path === path || `${call.method} ${call.path}` === path);
  /** Brings a session webhook of the place where it is typed. */
  const heard = async (where: 'group' | 'single') => {
    const before = commands.length;
    here.client(here.ann).type(where === 'group' ? here.ops : 'single', 'list');
    await vi.waitFor(() => expect(commands).toHaveLength(before + 1), PATIENCE);
    return commands.at(-1) as IncomingCommand;
  };
  const errors = () => here.log.filter(({ level }) => level === 'error').map(({ message }) => message);
  return { ...here, commands, actions, calls, heard, errors };
}

const plain = (title: string, tone: Message['tone'] = 'neutral'): Message => ({
  tone,
  title,
  blocks: [],
  buttons: [],
});
const once = (key: string) => ({ key, mayExist: false });

const card = (more: Partial<Message> = {}, reviewers: readonly string[] = []): Message => ({
  tone: 'waiting',
  title: 'Dump of api?',
  blocks: [
    { kind: 'quote', text: 'it leaks' },
    ...reviewers.map(
      (person) =>
        ({ kind: 'line', line: [{ kind: 'person', person: person as `${string}:${string}` }] }) as const,
    ),
  ],
  buttons: [
    { action: 'approve', requestId: 'abcd1234', label: 'Approve' },
    { action: 'deny', requestId: 'abcd1234', label: 'Deny' },
  ],
  ...more,
});

const progress = (dump: CheckState, transfer: CheckState, fraction?: number): Message => ({
  tone: 'neutral',
  title: 'Dumping api',
  blocks: [
    {
      kind: 'checklist',
      items: [
        { state: dump, label: 'Run the dump', milestone: true },
        {
          state: transfer,
          label: 'Transfer',
          ...(fraction === undefined ? {} : { fraction, note: `${Math.round(fraction * 100)} %` }),
        },
      ],
    },
  ],
  buttons: [],
});

describe('cards', () => {
  it('show the progress of their request, and the result stands below and calls its requester', async () => {
    const { platform, room, inRoom, ann } = await started('cards');
    const ref = await platform.post(room, card(), once('r/card'));
    const thread = platform.threadOf(ref);

    const shown = await platform.post(thread, progress('running', 'waiting'), once('r/progress'));
    await platform.update(shown, progress('finished', 'running', 0.1));
    await platform.update(ref, card({ title: 'Dump of api, approved', buttons: [] }));
    await platform.post(
      thread,
      {
        ...plain('It is ready', 'good'),
        blocks: [{ kind: 'line', line: [{ kind: 'person', person: ann.ref }] }],
      },
      once('r/result'),
    );

    const [request, result, ...more] = inRoom();
    expect(more).toEqual([]);
    expect(request?.text).toContain('Dump of api, approved');
    expect(request?.text).toContain('✅ Run the dump');
    expect(request?.text).toContain('▶️ Transfer · 10 %');
    expect(request?.buttons).toEqual([]);
    expect(result?.text).toContain('@ann');
    expect(result?.pings).toEqual([ann.ref]);
  });

  it('are changed for each step and quarter, however often the progress is told', async () => {
    const { platform, room, calls, inRoom } = await started('cards');
    const thread = platform.threadOf(await platform.post(room, card(), once('r/card')));

    let ref = await platform.post(thread, progress('running', 'waiting'), once('r/progress'));
    for (let percent = 0; percent <= 100; percent += 1) {
      ref = await platform.update(ref, progress('finished', 'running', percent / 100));
    }

    // The begin, the step, and the quarters.
    expect(calls(CHANGE)).toHaveLength(1 + 1 + 4);
    expect(inRoom()[0]?.text).toContain('100 %');
  });

  it('are changed whenever the config wants it fine', async () => {
    const { platform, room, calls } = await started('cards', { options: { progress: 'fine' } });
    const thread = platform.threadOf(await platform.post(room, card(), once('r/card')));

    let ref = await platform.post(thread, progress('finished', 'running', 0.01), once('r/progress'));
    for (const fraction of [0.02, 0.03, 0.04])
      ref = await platform.update(ref, progress('finished', 'running', fraction));

    expect(calls(CHANGE)).toHaveLength(4);
  });

  it('send no state that a newer one has overtaken', async () => {
    const { platform, room, calls, inRoom } = await started('cards');
    const ref = await platform.post(room, plain('state 0'), once('k'));

    await Promise.all(Array.from({ length: 30 }, (_, n) => platform.update(ref, plain(`state ${n + 1}`))));

    expect(inRoom()[0]?.text).toBe('state 30');
    expect(calls(CHANGE).length).toBeLessThan(5);
  });

  it('stand there once when DingTalk’s gateway gave up too early, with what is true by then', async () => {
    const { dingtalk, platform, room, inRoom } = await started('cards');
    dingtalk.faults.next(CREATE, { doneThen504: true });

    await expect(platform.post(room, plain('first'), once('k'))).rejects.toMatchObject({
      code: 'unreachable',
    });
    await platform.post(room, plain('second'), { key: 'k', mayExist: true });

    expect(inRoom().map(({ text }) => text)).toEqual(['second']);
  });

  it('give way to words where the template does not exist, and the operator reads its name', async () => {
    const { platform, room, inRoom, errors, calls } = await started('cards', {
      options: { cardTemplateId: 'no-such.schema' },
    });

    await platform.post(room, card(), once('a'));
    await platform.post(room, plain('another', 'good'), once('b'));

    expect(inRoom().map(({ text }) => text)).toEqual([
      expect.stringContaining('Write to the robot: approve abcd1234'),
      expect.stringContaining('another'),
    ]);
    expect(errors()).toEqual([expect.stringContaining('chat.dingtalk.cardTemplateId')]);
    // Not asked for again with each message.
    expect(calls(CREATE)).toHaveLength(1);
  });

  it('give way to an answer where the calls of the month are used up, and nothing is lost', async () => {
    const { dingtalk, platform, room, heard, inRoom, errors } = await started('cards');
    const ref = await platform.post(room, card(), once('r/card'));
    const shown = await platform.post(
      platform.threadOf(ref),
      progress('running', 'waiting'),
      once('r/progress'),
    );
    await heard('group');
    dingtalk.quota.limit = 0;

    await platform.update(shown, progress('finished', 'running', 0.3));
    await platform.update(ref, card({ title: 'Dump of api, approved', buttons: [] }));
    await platform.post(platform.threadOf(ref), plain('It is ready', 'good'), once('r/result'));

    const texts = inRoom().map(({ text }) => text);
    expect(texts[1]).toContain('Dump of api, approved');
    expect(texts[2]).toContain('It is ready');
    expect(errors()).toContainEqual(expect.stringContaining('calls of the month are used up'));
  });

  it('are not sent where the robot is not in the group', async () => {
    const { dingtalk, platform } = await started('cards');
    const elsewhere = dingtalk.addGroup({ title: 'elsewhere', robotIsIn: false });

    const post = platform.post(JSON.stringify({ group: elsewhere.id }), plain('x'), once('k'));

    await expect(post).rejects.toMatchObject({ name: 'ChatError', code: 'place-gone' });
  });

  it('of a request that was made in a chat of two reach its reviewers as well', async () => {
    const { platform, client, ann, bob, actions, privateTo } = await started('cards');
    const place = JSON.stringify({ single: client(ann).id });

    await platform.post(place, card({}, [bob.ref]), once('r/card'));

    const [copy] = client(bob).single();
    if (copy === undefined) throw new Error('bob was not told');
    expect(privateTo(ann)[0]?.buttons).toEqual(['Approve', 'Deny']);
    client(bob).tapLink(copy, 0);
    await vi.waitFor(() => expect(actions).toHaveLength(1), PATIENCE);
    expect(actions[0]).toMatchObject({ person: bob.ref, action: 'approve', requestId: 'abcd1234' });
  });
});

describe('words', () => {
  it('ask each reviewer in their own chat, and a tap counts as whoever taps', async () => {
    const { dingtalk, platform, room, client, ann, bob, chinese, actions } = await started('words');
    const role = dingtalk.addRole('SRE', [client(chinese)]);
    const message = card({}, [bob.ref]);
    const asked = {
      ...message,
      blocks: [
        ...message.blocks,
        { kind: 'line', line: [{ kind: 'group', group: `dingtalk:group:${role.id}` }] },
      ],
    } as Message;

    await platform.post(room, asked, once('r/card'));

    expect(client(ann).single()).toEqual([]);
    const copies = [client(bob), client(chinese)].map((person) => person.single()[0]);
    const [forBob, forLi] = copies;
    if (forBob === undefined || forLi === undefined) throw new Error('somebody was not told');
    expect(asSeen(client(bob).read(forBob))).toContain('it leaks');
    client(chinese).tapLink(forLi, 1);
    client(bob).tapLink(forBob, 0);
    await vi.waitFor(() => expect(actions).toHaveLength(2), PATIENCE);
    expect(actions).toMatchObject([
      { person: chinese.ref, action: 'deny', requestId: 'abcd1234' },
      { person: bob.ref, action: 'approve', requestId: 'abcd1234' },
    ]);
  });

  it('tell the group what is new, with the request in each title, and nothing twice', async () => {
    const { platform, room, inRoom, bob } = await started('words');
    const ref = await platform.post(room, card(), once('r/card'));
    const decided: Message = {
      ...card({ tone: 'neutral', buttons: [] }),
      blocks: [
        { kind: 'quote', text: 'it leaks' },
        {
          kind: 'line',
          line: [
            { kind: 'text', text: 'approved by ' },
            { kind: 'person', person: bob.ref },
          ],
        },
      ],
    };

    const after = await platform.update(ref, decided);
    const again = await platform.update(after, decided);
    await platform.post(platform.threadOf(again), plain('It is ready', 'good'), once('r/result'));

    const texts = inRoom().map(({ text }) => text);
    expect(texts).toHaveLength(3);
    expect(texts.every((text) => text.startsWith('Request abcd1234 · '))).toBe(true);
    expect(texts[1]).toContain('approved by @bob');
    expect(texts[1]).not.toContain('it leaks');
  });

  it('tell of progress when it begins, at the milestone and half-way; the end is the result', async () => {
    const { platform, room, inRoom } = await started('words');
    const thread = platform.threadOf(await platform.post(room, card(), once('r/card')));

    let ref = await platform.post(thread, progress('running', 'waiting'), once('r/progress'));
    for (let percent = 0; percent <= 100; percent += 5) {
      ref = await platform.update(ref, progress('finished', 'running', percent / 100));
    }
    await platform.update(ref, { ...progress('finished', 'finished'), tone: 'good' });

    expect(inRoom().filter(({ text }) => text.includes('Dumping api'))).toHaveLength(3);
  });

  it('ping those whom they name where the robot was spoken to lately', async () => {
    const { platform, room, heard, inRoom, bob, dingtalk, errors } = await started('words');
    await heard('group');

    await platform.post(room, card({}, [bob.ref]), once('a'));
    dingtalk.endSessionWebhooks();
    await platform.post(room, card({ title: 'Once more?' }, [bob.ref]), once('b'));

    expect(inRoom().map(({ pings }) => pings)).toEqual([[bob.ref], []]);
    expect(inRoom()[1]?.text).toContain('Once more?');
    expect(errors()).toEqual([]);
  });

  it('are an answer where the robot may not write of its own accord', async () => {
    const { platform, room, heard, inRoom, errors } = await started('words', { world: { permissions: [] } });
    await heard('group');

    await platform.post(room, plain('all the same'), once('k'));

    expect(inRoom()[0]?.text).toBe('all the same');
    expect(errors()).toEqual([expect.stringContaining('may not write of its own accord')]);
  });

  it('are refused where there is no way at all', async () => {
    const { platform, room } = await started('words', { world: { permissions: [] } });

    await expect(platform.post(room, plain('x'), once('k'))).rejects.toMatchObject({ code: 'refused' });
  });

  it('say results first where there is little to say them with, and leave progress out', async () => {
    const { platform, room, inRoom } = await started('words', { options: { messagesPerMinute: 4 } });
    const thread = platform.threadOf(await platform.post(room, card(), once('r/card')));
    let ref = await platform.post(thread, progress('running', 'waiting'), once('r/progress'));
    ref = await platform.update(ref, progress('finished', 'running', 0.1));
    await platform.post(thread, plain('It is ready', 'good'), once('r/result'));
    await platform.update(ref, progress('finished', 'running', 0.6));

    const texts = inRoom().map(({ text }) => text);
    expect(texts.filter((text) => text.includes('Dumping'))).toHaveLength(1);
    expect(texts.at(-1)).toContain('It is ready');
  });
});

describe('what is for one person', () => {
  it('is an answer to what they wrote while that can be answered, and costs no call', async () => {
    const { platform, heard, ann, privateTo, calls } = await started('cards');
    const { privately } = await heard('single');

    await platform.replyPrivately(privately, ann.ref, plain('for you'));

    expect(privateTo(ann).map(({ text }) => text)).toEqual(['for you']);
    expect(calls(TO_PEOPLE)).toEqual([]);
  });

  it('is sent to them when the answer comes too late for that', async () => {
    const { dingtalk, platform, heard, ann, privateTo, calls } = await started('cards');
    const { privately } = await heard('single');
    dingtalk.endSessionWebhooks();

    await platform.replyPrivately(privately, ann.ref, plain('for you'));

    expect(privateTo(ann).map(({ text }) => text)).toEqual(['for you']);
    expect(calls(TO_PEOPLE)).toHaveLength(1);
  });

  it('never goes to an address that is not DingTalk’s, whatever a message says', async () => {
    const { platform, ann, privateTo } = await started('cards');
    const asked: string[] = [];
    const elsewhere = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('{"errcode":0}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = elsewhere.address() as AddressInfo;
      const place = JSON.stringify({
        single: ann.ref.split(':')[1],
        sessionWebhook: `http://127.0.0.1:${port}/robot/sendBySession?session=x`,
        sessionEndsAt: Date.now() + 3_600_000,
      });

      await platform.replyPrivately(place, ann.ref, plain('for you'));

      expect(asked).toEqual([]);
      expect(privateTo(ann).map(({ text }) => text)).toEqual(['for you']);
    } finally {
      await new Promise((resolve) => elsewhere.close(resolve));
    }
  });

  it('is an answer to what they wrote last where the robot may not write of its own accord', async () => {
    const { platform, heard, ann, privateTo, errors } = await started('cards', {
      world: { permissions: [] },
    });
    await heard('single');

    await platform.replyPrivately(undefined, ann.ref, plain('for you'));

    expect(privateTo(ann).map(({ text }) => text)).toEqual(['for you']);
    expect(errors()).toHaveLength(1);
  });

  it('is never said in a group: there the person is called, and the operator reads why', async () => {
    const { platform, heard, ann, inRoom, errors } = await started('cards', { world: { permissions: [] } });
    const { privately } = await heard('group');

    const reply = platform.replyPrivately(privately, ann.ref, plain('a secret for one'));

    await expect(reply).rejects.toMatchObject({ code: 'refused' });
    expect(inRoom()[0]?.text).toContain('an answer for you');
    expect(inRoom()[0]?.pings).toEqual([ann.ref]);
    expect(inRoom()[0]?.text).not.toContain('secret');
    expect(errors()).toHaveLength(1);
  });

  it('cannot reach somebody who has left', async () => {
    const { platform, outsiders } = await started('cards');
    const former = outsiders.find(({ kind }) => kind === 'former member')?.person;

    await expect(platform.replyPrivately(undefined, former?.ref ?? 'x:y', plain('x'))).rejects.toMatchObject({
      code: 'place-gone',
    });
  });
});

describe('an announcement', () => {
  it('tells another group what waits for a decision, signed, once, with the reviewers called', async () => {
    const { dingtalk, platform, room, bob, client } = await startedWithAnnouncements();

    await platform.post(room, card({}, [bob.ref]), once('r/card'));
    await platform.post(room, plain('nothing to decide'), once('r/x'));

    await vi.waitFor(() => expect(dingtalk.webhookMessages()).toHaveLength(1), PATIENCE);
    const [message] = dingtalk.webhookMessages();
    expect(asSeen(JSON.stringify(message?.content))).toContain('approve abcd1234');
    expect(message?.pings).toEqual([client(bob).id]);
  });

  it('that is refused stops nothing, and its error names what to look at', async () => {
    const { dingtalk, platform, room, inRoom, log } = await startedWithAnnouncements();
    dingtalk.faults.next('/robot/send', { errcode: 310_000, errmsg: 'sign not match' });

    await platform.post(room, card(), once('r/card'));

    expect(inRoom()).toHaveLength(1);
    await vi.waitFor(
      () =>
        expect(log).toContainEqual(
          expect.objectContaining({
            level: 'error',
            fields: expect.objectContaining({ dingtalkCode: '310000' }),
            message: expect.stringContaining('chat.dingtalk.announce'),
          }),
        ),
      PATIENCE,
    );
  });

  /** The robot of the announcements is there before the platform, since its address is in the config. */
  async function startedWithAnnouncements() {
    const announce = { webhookUrl: '', secret: '' };
    const here = await startDingtalkWorld('cards', {
      options: { announce },
      prepare: (dingtalk) => {
        const { url, secret = '' } = dingtalk.addGroupRobot(dingtalk.addGroup({ title: 'reviewers' }));
        Object.assign(announce, { webhookUrl: url, secret });
      },
    });
    world = here;
    await here.platform.start({
      onCommand: async () => undefined,
      onAction: async () => ({ kind: 'nothing' }),
    });
    return here;
  }
});

describe('the access token', () => {
  it('is asked for once, however many need it at the same time', async () => {
    const { platform, room, calls } = await started('words');

    await Promise.all([1, 2, 3, 4, 5].map((n) => platform.post(room, plain(`message ${n}`), once(`${n}`))));

    expect(calls('/v1.0/oauth2/accessToken')).toHaveLength(1);
  });

  it('is renewed before it ends', async () => {
    let now = Date.now();
    const { platform, room, calls } = await started('words', {
      world: { limits: { tokenSeconds: 7200 } },
      deps: { now: () => now },
    });
    await platform.post(room, plain('early'), once('a'));
    now += 7200_000 - 60_000;
    await platform.post(room, plain('late'), once('b'));

    expect(calls('/v1.0/oauth2/accessToken')).toHaveLength(2);
    expect(calls(TO_GROUP).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('that was ended early is replaced, and the message is said once', async () => {
    const { dingtalk, platform, room, inRoom } = await started('words');
    await platform.post(room, plain('before'), once('a'));
    dingtalk.endTokens();

    await platform.post(room, plain('after'), once('b'));

    expect(inRoom().map(({ text }) => text)).toEqual(['before', 'after']);
  });
});
