/** THE CONTRACT of the chat port. Each platform's test runs it over a world of its own. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type {
  ActionAnswer,
  ChatHandlers,
  ChatPlatform,
  IncomingAction,
  IncomingCommand,
} from '../../src/bot/chat/chat-platform.ts';
import type { Message } from '../../src/bot/chat/message.ts';
import type { ChatWorld, RoomMessage } from './chat-world.ts';

export function chatPlatformContract(options: {
  readonly name: string;
  readonly start: () => Promise<ChatWorld>;
}): void {
  describe(`the chat port on ${options.name}`, () => {
    let world: ChatWorld;
    let platform: ChatPlatform;
    let commands: IncomingCommand[];
    let actions: IncomingAction[];
    let onCommand: (command: IncomingCommand) => Promise<void>;
    let onAction: (action: IncomingAction) => Promise<ActionAnswer>;

    beforeEach(async () => {
      world = await options.start();
      platform = world.platform;
      commands = [];
      actions = [];
      onCommand = async () => undefined;
      onAction = async () => ({ kind: 'nothing' });
    });

    afterEach(async () => {
      await world.stop();
    });

    const handlers: ChatHandlers = {
      async onCommand(command) {
        commands.push(command);
        await onCommand(command);
      },
      async onAction(action) {
        actions.push(action);
        return onAction(action);
      },
    };
    const start = () => platform.start(handlers);
    const roomWith = (text: string): RoomMessage | undefined =>
      world.inRoom().find((message) => message.text.includes(text));
    const seenInRoom = (text: string) =>
      vi.waitFor(() => {
        const found = roomWith(text);
        if (found === undefined) throw new Error(`not in the room: ${text}`);
        return found;
      }, PATIENCE);
    const countInRoom = (text: string) =>
      world.inRoom().filter((message) => message.text.includes(text)).length;
    const privately = (person: ChatWorld['ann'], text: string) =>
      vi.waitFor(() => {
        const found = world.privateTo(person).find((message) => message.text.includes(text));
        if (found === undefined) throw new Error(`${person.name} was not told: ${text}`);
        return found;
      }, PATIENCE);

    describe('what people do', () => {
      it('brings a command once, with who typed it, what, and where', async () => {
        await start();

        await world.command(world.ann, 'prod/api-7f9c --reason "it leaks & grows > 2 GiB"');

        await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
        expect(commands[0]).toMatchObject({
          person: world.ann.ref,
          text: 'prod/api-7f9c --reason "it leaks & grows > 2 GiB"',
          language: 'en',
        });
        await platform.post(commands[0]?.place ?? '', plain('here'), { key: 'k', mayExist: false });
        expect(roomWith('here')).toBeDefined();
      });

      it('gives a command that is delivered twice the same id, and another command another', async () => {
        await start();

        await world.command(world.ann, 'list');
        await world.deliverAgain();
        await world.command(world.ann, 'list');

        await vi.waitFor(() => expect(commands).toHaveLength(3), PATIENCE);
        expect(commands[1]?.id).toBe(commands[0]?.id);
        expect(commands[2]?.id).not.toBe(commands[0]?.id);
      });

      it('knows the language of the person', async () => {
        await start();

        await world.command(world.chinese, 'list');

        await vi.waitFor(() => expect(commands[0]?.language).toBe('zh-CN'), PATIENCE);
      });

      it('acknowledges a command at once while its handler hangs', async () => {
        let release = () => {};
        onCommand = () => new Promise((resolve) => (release = resolve));
        await start();

        await world.command(world.ann, 'list');

        await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
        release();
      });

      it('brings a click with the person who clicked and not the one whom the message names', async () => {
        await start();
        await platform.post(world.room, card(), { key: 'card', mayExist: false });

        await world.click(world.bob, await seenInRoom('Dump of api'), 'approve');

        await vi.waitFor(() => expect(actions).toHaveLength(1), PATIENCE);
        expect(actions[0]).toMatchObject({
          person: world.bob.ref,
          action: 'approve',
          requestId: 'req00001',
        });
        expect(actions[0]).not.toHaveProperty('text');
      });

      it('asks for words after a click where a handler wants some, and brings them with the same action', async () => {
        onAction = async (action) => (action.text === undefined ? ASK : { kind: 'nothing' });
        await start();
        await platform.post(world.room, card(), { key: 'card', mayExist: false });

        await world.click(world.bob, await seenInRoom('Dump of api'), 'deny');
        if (world.can.forms) await world.answerForm(world.bob, 'not during the sale\n<!channel>');

        await vi.waitFor(() => expect(actions).toHaveLength(2), PATIENCE);
        expect(actions[1]).toMatchObject({
          person: world.bob.ref,
          action: 'deny',
          requestId: 'req00001',
          place: actions[0]?.place,
          text: world.can.forms ? 'not during the sale\n<!channel>' : '',
        });
        expect(actions[1]?.id).not.toBe(actions[0]?.id);
      });

      it('tells nobody but the person who clicked what the handler answers', async () => {
        onAction = async () => ({ kind: 'reply', message: plain('you may not decide this') });
        await start();
        await platform.post(world.room, card(), { key: 'card', mayExist: false });

        await world.click(world.bob, await seenInRoom('Dump of api'), 'approve');

        await privately(world.bob, 'you may not decide this');
        expect(world.privateTo(world.ann)).toEqual([]);
        expect(roomWith('you may not decide this')).toBeUndefined();
      });

      it('says sorry privately when a handler throws, without what was thrown', async () => {
        onCommand = async () => {
          throw new Error('redis://user:secret@cache refused');
        };
        await start();

        await world.command(world.ann, 'list');

        const told = await privately(world.ann, 'Nothing was changed');
        expect(told.text).not.toContain('redis');
      });
    });

    describe('what the bot says', () => {
      it('posts a message, shows another in its place, and answers below it', async () => {
        await start();

        const ref = await platform.post(world.room, plain('first words'), { key: 'a', mayExist: false });
        const after = await platform.update(ref, plain('other words'));
        await platform.post(platform.threadOf(after), plain('below'), { key: 'b', mayExist: false });

        expect(roomWith('other words')).toBeDefined();
        if (world.can.edit) expect(roomWith('first words')).toBeUndefined();
        expect(roomWith('below')?.inThread).toBe(world.can.threads);
        expect(roomWith('other words')?.inThread).toBe(false);
      });

      it('shows the last of many states of a message', async () => {
        await start();
        const ref = await platform.post(world.room, plain('state 0'), { key: 'a', mayExist: false });

        await Promise.all([1, 2, 3, 4, 5, 6, 7].map((n) => platform.update(ref, plain(`state ${n}`))));

        expect(roomWith('state 7')).toBeDefined();
      });

      it('shows what people and pods wrote as text, and lets it ping nobody', async () => {
        await start();

        await platform.post(world.room, hostile(world), { key: 'h', mayExist: false });

        const seen = await seenInRoom('Dump of');
        for (const text of HOSTILE) expect(seen.text).toContain(text);
        expect(seen.pings).toEqual(world.can.ping ? [world.bob.ref] : []);
      });

      it('does the same when a message is changed and when it is private', async () => {
        await start();
        const ref = await platform.post(world.room, plain('quiet'), { key: 'h', mayExist: false });

        await platform.update(ref, { ...hostile(world), blocks: hostile(world).blocks.slice(1) });
        await platform.replyPrivately(undefined, world.ann.ref, {
          ...hostile(world),
          blocks: hostile(world).blocks.slice(1),
        });

        expect((await seenInRoom('Dump of')).pings).toEqual([]);
        expect((await privately(world.ann, 'Dump of')).pings).toEqual([]);
      });

      it('takes messages that are too long and shows their beginning', async () => {
        await start();
        const long = 'y'.repeat(20_000);

        await platform.post(
          world.room,
          {
            tone: 'bad',
            title: `a title ${long}`,
            blocks: [
              { kind: 'quote', text: `a quote ${long}` },
              ...Array.from(
                { length: 120 },
                (_, n) => ({ kind: 'note', line: [{ kind: 'text', text: `note ${n} ${long}` }] }) as const,
              ),
            ],
            buttons: [{ action: 'retry', requestId: 'req00001', label: `again ${long}` }],
          },
          { key: 'long', mayExist: false },
        );

        const seen = await seenInRoom('a title');
        expect(seen.text).toContain('a quote');
        expect(seen.text).toContain('…');
        expect(seen.buttons).toHaveLength(1);
      });

      it('lets nobody fetch a download link for a preview, wherever it is said', async () => {
        await start();
        await world.command(world.ann, 'list');
        await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
        const ref = await platform.post(world.room, plain('wait for it'), { key: 'a', mayExist: false });

        await platform.post(world.room, link('one'), { key: 'b', mayExist: false });
        await platform.update(ref, link('two'));
        await platform.replyPrivately(commands[0]?.privately, world.ann.ref, link('three'));
        await platform.replyPrivately(undefined, world.ann.ref, link('four'));

        expect(roomWith('/one?')).toBeDefined();
        expect(roomWith('/two?')).toBeDefined();
        await privately(world.ann, '/three?');
        await privately(world.ann, '/four?');
        expect(world.fetched()).toEqual([]);
      });

      it('says that a message is gone when somebody deleted it', async () => {
        await start();
        const ref = await platform.post(world.room, plain('soon deleted'), { key: 'a', mayExist: false });

        await world.removeMessage(await seenInRoom('soon deleted'));

        const update = platform.update(ref, plain('hello?'));
        if (world.can.edit)
          await expect(update).rejects.toMatchObject({ name: 'ChatError', code: 'message-gone' });
        else await update.then(() => seenInRoom('hello?'));
      });

      it('posts to the room when the thread is gone', async () => {
        await start();
        const ref = await platform.post(world.room, plain('the card'), { key: 'a', mayExist: false });
        await world.removeMessage(await seenInRoom('the card'));

        await platform.post(platform.threadOf(ref), plain('the result'), { key: 'b', mayExist: false });

        expect(roomWith('the result')).toBeDefined();
      });

      it('answers a command privately, and without one writes to the person directly', async () => {
        await start();
        await world.command(world.ann, 'list');
        await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);

        await platform.replyPrivately(commands[0]?.privately, world.ann.ref, plain('only for you'));
        await platform.replyPrivately(undefined, world.ann.ref, plain('in your own chat'));
        await platform.replyPrivately('{"channel":"no such thing"}', world.ann.ref, plain('all the same'));

        for (const text of ['only for you', 'in your own chat', 'all the same']) {
          await privately(world.ann, text);
          expect(roomWith(text)).toBeUndefined();
        }
        expect(world.privateTo(world.bob)).toEqual([]);
      });
    });

    describe('who somebody is', () => {
      it('tells people of the house from outsiders', async () => {
        await start();

        expect(await platform.standing(world.ann.ref)).toMatchObject({
          outsider: false,
          language: 'en',
          name: world.ann.name,
        });
        expect(await platform.standing(world.chinese.ref)).toMatchObject({
          outsider: false,
          language: 'zh-CN',
        });
        for (const { kind, person } of world.outsiders) {
          expect([kind, (await platform.standing(person.ref)).outsider]).toEqual([kind, true]);
        }
        expect((await platform.standing(`${platform.name}:NOBODY99`)).outsider).toBe(true);
        expect((await platform.standing('elsewhere:U1')).outsider).toBe(true);
      });

      it('names the groups that a person is in, and nobody is in one that does not exist', async () => {
        await start();
        const sre = world.group('sre', [world.ann]);
        const dba = world.group('dba', [world.ann, world.bob]);
        const asked = [sre, dba, world.groupThatIsNotThere, 'elsewhere:group:sre'];

        const [ofAnn, ofBob] = await Promise.all([
          platform.groupsOf(world.ann.ref, asked),
          platform.groupsOf(world.bob.ref, asked),
        ]);

        expect([...ofAnn].sort()).toEqual([sre, dba].sort());
        expect([...ofBob]).toEqual([dba]);
      });
    });

    describe('when things break', () => {
      it('leaves one message when the answer to a post was lost and it is posted again', async () => {
        await start();
        world.loseNextPostAnswer();

        const first = platform.post(world.room, plain('exactly once'), { key: 'r1/result', mayExist: false });
        await expect(first).rejects.toMatchObject({ code: 'unreachable' });
        const ref = await platform.post(world.room, plain('exactly once'), {
          key: 'r1/result',
          mayExist: true,
        });

        // Where it cannot be seen, twice is better than never.
        expect(countInRoom('exactly once')).toBe(world.can.recognise ? 1 : 2);
        if (world.can.edit) {
          await platform.update(ref, plain('and found again'));
          expect(roomWith('and found again')).toBeDefined();
        }
      });

      it('does the same below a message, and posts what was never posted', async () => {
        await start();
        const card = await platform.post(world.room, plain('the card'), { key: 'card', mayExist: false });
        const thread = platform.threadOf(card);
        world.loseNextPostAnswer();
        await expect(
          platform.post(thread, plain('below, once'), { key: 'r1/a', mayExist: false }),
        ).rejects.toMatchObject({ code: 'unreachable' });

        await platform.post(thread, plain('below, once'), { key: 'r1/a', mayExist: true });
        await platform.post(thread, plain('never said before'), { key: 'r1/b', mayExist: true });

        expect(countInRoom('below, once')).toBe(world.can.recognise ? 1 : 2);
        expect(countInRoom('never said before')).toBe(1);
      });

      it('waits as long as the platform asks, and posts then', async () => {
        await start();
        world.refuseNextPostFor(1);

        await platform.post(world.room, plain('after a pause'), { key: 'p', mayExist: false });

        expect(countInRoom('after a pause')).toBe(1);
      });

      it('hears commands again after the connection was cut and connecting failed a few times', async () => {
        await start();
        world.breakConnecting(2);
        expect(world.platform.isConnected()).toBe(true);

        await world.cutConnection();
        await vi.waitFor(async () => {
          await world.command(world.ann, 'list');
          expect(commands.length).toBeGreaterThan(0);
        }, PATIENCE);
        expect(world.platform.isConnected()).toBe(true);
      });

      it('starts as soon as a platform that was down is back', async () => {
        world.breakConnecting(2);

        await start();

        await world.command(world.ann, 'list');
        await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
      });
    });

    describe('when it stops', () => {
      it('lets a handler end that is at work', async () => {
        let release = () => {};
        let ended = false;
        onCommand = async () => {
          await new Promise<void>((resolve) => (release = resolve));
          ended = true;
        };
        await start();
        await world.command(world.ann, 'list');
        await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);

        const stopped = platform.stop().then(() => ended);
        setTimeout(() => release(), 50);

        expect(await stopped).toBe(true);
      });

      it('takes no command any more, and can still say how things ended', async () => {
        await start();
        await platform.stop();

        await world.command(world.ann, 'list').catch(() => undefined);
        await platform.post(world.room, plain('the last word'), { key: 'z', mayExist: false });

        expect(commands).toEqual([]);
        expect(roomWith('the last word')).toBeDefined();
      });

      it('can be stopped while it waits for a platform that is down', async () => {
        world.breakConnecting(1000);
        const starting = start();
        starting.catch(() => undefined);

        await platform.stop();

        await expect(starting).rejects.toMatchObject({ name: 'ChatError', code: 'unreachable' });
      });
    });
  });
}

const PATIENCE = { timeout: 60_000, interval: 50 };

const ASK: ActionAnswer = {
  kind: 'ask',
  title: 'Deny the heap dump of a pod',
  label: 'Why? The requester reads it.',
  submit: 'Deny',
  cancel: 'Back',
};

const plain = (text: string): Message => ({
  tone: 'neutral',
  title: text,
  blocks: [],
  buttons: [],
});

const card = (): Message => ({
  tone: 'waiting',
  title: 'Dump of api',
  blocks: [{ kind: 'line', line: [{ kind: 'text', text: 'asked for by somebody' }] }],
  buttons: [
    { action: 'approve', requestId: 'req00001', label: 'Approve', style: 'primary' },
    { action: 'deny', requestId: 'req00001', label: 'Deny', style: 'danger' },
  ],
});

const link = (name: string): Message => ({
  tone: 'good',
  title: `The dump ${name}`,
  blocks: [{ kind: 'download', url: `https://oss.example/${name}?signature=abc`, label: 'Download' }],
  buttons: [],
});

const HOSTILE = [
  '<!channel> <!here> <!everyone>',
  '@channel @all @everyone',
  '<https://evil.example|click me>',
  '[click me](https://evil.example)',
  '*bold* _it_ ~gone~ `code` :tada:',
  '&lt;b&gt; & <b>',
  '```not code```',
  '> not a quote',
];

/** Names Bob, and nobody else; people and pods wrote all the rest. */
function hostile(world: ChatWorld): Message {
  const text = [...HOSTILE, `<@${world.ann.ref.split(':')[1]}>`].join(' ');
  return {
    tone: 'bad',
    title: `Dump of ${text}`,
    blocks: [
      { kind: 'line', line: [{ kind: 'person', person: world.bob.ref }] },
      {
        kind: 'line',
        line: [
          { kind: 'text', text },
          { kind: 'text', text, bold: true },
          { kind: 'code', text },
        ],
      },
      { kind: 'quote', text },
      { kind: 'fields', fields: [{ label: text, value: [{ kind: 'code', text }] }] },
      { kind: 'checklist', items: [{ state: 'failed', label: text, note: text }] },
      {
        kind: 'note',
        line: [
          { kind: 'text', text },
          { kind: 'time', at: 1_790_000_000_000 },
          { kind: 'code', text },
        ],
      },
    ],
    buttons: [
      {
        action: 'approve',
        requestId: 'req00001',
        label: text,
        confirm: { title: text, text, yes: text, no: text },
      },
    ],
  };
}
