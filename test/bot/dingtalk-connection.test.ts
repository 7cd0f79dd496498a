/** The Stream socket: what breaks it, and how it comes back. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChatHandlers, IncomingAction, IncomingCommand } from '../../src/bot/chat/chat-platform.ts';
import { createDingtalkPlatform } from '../../src/bot/chat/dingtalk/dingtalk-platform.ts';
import {
  type DingtalkWorld,
  dingtalkOptions,
  GATEWAY,
  recordingLog,
  startDingtalkWorld,
} from './dingtalk-world.ts';

const PATIENCE = { timeout: 30_000, interval: 50 };
let world: DingtalkWorld | undefined;

afterEach(async () => {
  await world?.stop();
  world = undefined;
});

async function started(given: Parameters<typeof startDingtalkWorld>[1] = {}) {
  const here = await startDingtalkWorld('cards', given);
  world = here;
  const commands: IncomingCommand[] = [];
  const actions: IncomingAction[] = [];
  const handlers: ChatHandlers = {
    onCommand: async (command) => void commands.push(command),
    async onAction(action) {
      actions.push(action);
      return { kind: 'nothing' };
    },
  };
  await here.platform.start(handlers);
  return { ...here, commands, actions, handlers };
}

const said = (text: string) => ({ tone: 'neutral', title: text, blocks: [], buttons: [] }) as const;

describe('the socket of DingTalk', () => {
  it('opens the new one before the old one ends when its end is planned, and loses nothing in between', async () => {
    const { dingtalk, commands, client, ann, ops } = await started({
      world: { limits: { disconnectGraceMs: 5000 } },
    });
    const [old] = dingtalk.streams;

    dingtalk.disconnectSockets();
    await dingtalk.waitForStreams(2);

    expect(old?.isOpen).toBe(true);
    client(ann).type(ops, 'list');
    await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
  });

  it('notices a socket that fell silent, and opens another', async () => {
    const { dingtalk, commands, client, ann, ops } = await started({ deps: { silenceMs: 600 } });
    const before = dingtalk.streams.map(({ id }) => id);

    dingtalk.goSilent();

    await vi.waitFor(() => {
      const fresh = dingtalk.streams.filter(({ id }) => !before.includes(id));
      expect(fresh).toHaveLength(1);
      expect(dingtalk.streams).toHaveLength(1);
    }, PATIENCE);
    client(ann).type(ops, 'list');
    await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
  });

  it('keeps a socket on which nobody speaks, as long as it answers', async () => {
    const { dingtalk } = await started({ deps: { silenceMs: 300 }, world: { limits: { pingMs: 60_000 } } });
    const before = dingtalk.streams.map(({ id }) => id);

    await new Promise((resolve) => setTimeout(resolve, 1200));

    expect(dingtalk.streams.map(({ id }) => id)).toEqual(before);
  });

  it('answers pings, and takes no notice of what is no frame', async () => {
    const { dingtalk, commands, client, ann, ops } = await started();

    for (const junk of [
      '',
      'nonsense',
      '[]',
      '{"type":"CALLBACK"}',
      '{"type":"NEWS","headers":{"topic":"x","messageId":"1"}}',
    ])
      dingtalk.sendJunk(junk);
    dingtalk.pingSockets();

    await vi.waitFor(() => expect(dingtalk.streams[0]?.pingsAnswered).toBe(1), PATIENCE);
    client(ann).type(ops, 'list');
    await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
  });

  it('opens one connection after a break, however often that failed before', async () => {
    const { dingtalk, log, platform } = await started({ deps: { random: () => 0 } });
    expect(platform.isConnected()).toBe(true);

    dingtalk.faults.next(GATEWAY, { status: 502 }, { body: 'not JSON' });
    dingtalk.cutSockets();
    await dingtalk.waitForStreams(0);
    await vi.waitFor(() => expect(platform.isConnected()).toBe(false), PATIENCE);
    await dingtalk.waitForStreams(1, 30_000);
    await vi.waitFor(() => expect(platform.isConnected()).toBe(true), PATIENCE);
    // Long enough for a second one that somebody else began to open.
    await new Promise((resolve) => setTimeout(resolve, 1500));

    expect(dingtalk.streams).toHaveLength(1);
    // The first, two that failed, and one that did not.
    expect(dingtalk.calls.filter(({ path }) => path === GATEWAY)).toHaveLength(4);
    expect(JSON.stringify(log)).not.toContain('ticket=');
  });

  it('says at the start that the credentials are wrong, and does not try for ever', async () => {
    world = await startDingtalkWorld('cards', { options: { clientSecret: 'wrong' } });
    const handlers: ChatHandlers = {
      onCommand: async () => undefined,
      onAction: async () => ({ kind: 'nothing' }),
    };

    await expect(world.platform.start(handlers)).rejects.toMatchObject({
      name: 'ChatError',
      code: 'refused',
    });
  });

  it('acknowledges a click at once while its handler takes longer than DingTalk waits', async () => {
    let release = () => {};
    const here = await startDingtalkWorld('cards', { world: { limits: { callbackMs: 1500 } } });
    world = here;
    await here.platform.start({
      onCommand: async () => undefined,
      onAction: () => new Promise((resolve) => (release = () => resolve({ kind: 'nothing' }))),
    });
    const message = {
      ...said('the card'),
      buttons: [{ action: 'cancel', requestId: 'abcd1234', label: 'x' }],
    } as const;
    await here.platform.post(here.room, message, { key: 'k', mayExist: false });
    const [card] = here.dingtalk.messages(here.ops);
    if (card === undefined) throw new Error('no card');

    const delivery = await here.client(here.bob).press(card, 'cancel');

    expect(delivery.personSaw).toBeUndefined();
    expect(delivery.ack?.code).toBe(200);
    release();
  });

  it('lets each of several bots serve any click on any card', async () => {
    const { dingtalk, actions, handlers, platform, room, ops, client, bob } = await started({
      // Always the newest connection.
      world: { random: () => 0.999 },
    });
    const message = {
      ...said('the card'),
      buttons: [{ action: 'approve', requestId: 'abcd1234', label: 'x' }],
    } as const;
    await platform.post(room, message, { key: 'k', mayExist: false });
    const second = createDingtalkPlatform(dingtalkOptions(dingtalk), {
      log: recordingLog([]),
      now: Date.now,
    });
    try {
      await second.start(handlers);
      const [card] = dingtalk.messages(ops);
      if (card === undefined) throw new Error('no card');

      const delivery = await client(bob).press(card, 'approve');
      dingtalk.redeliver(delivery);

      await vi.waitFor(() => expect(actions).toHaveLength(2), PATIENCE);
      expect(delivery.connection?.id).toBe(dingtalk.streams.at(-1)?.id);
      expect(actions[0]).toMatchObject({ person: bob.ref, action: 'approve', requestId: 'abcd1234' });
      // What is delivered twice is known by its id.
      expect(actions[1]?.id).toBe(actions[0]?.id);
    } finally {
      await second.stop();
    }
  });
});
