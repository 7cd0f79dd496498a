import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import { hasButton, isCard, startWorld, until, type World } from '../world.ts';

describe('every request is told in chat exactly once', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ heapMb: 16 });
  });
  afterAll(() => world?.stop());

  const inThread = (card: StoredMessage): StoredMessage[] =>
    world.slack.messages(world.cast.channel, { threadTs: card.ts }).filter(({ ts }) => ts !== card.ts);
  const cards = (): StoredMessage[] => world.slack.messages(world.cast.channel).filter(isCard);

  it('when Slack loses its answer to a post that it took', async () => {
    const dropped = { dropResponseAfterDoing: true };
    world.slack.faults.next('chat.postMessage', dropped, dropped, dropped);
    const { card } = await world.dump();

    expect(cards()).toHaveLength(1);
    expect(inThread(card)).toHaveLength(2);
    expect(world.slack.faults.left()).toBe(0);
  });

  it('when the same command and the same click are delivered twice', async () => {
    const asked = await world.type(world.target);
    const card = await world.card();
    const approved = await world.press('Approve', card, world.cast.reviewer);
    await world.slack.redeliver(asked);
    await world.slack.redeliver(approved);
    await world.result(card);

    expect(cards()).toHaveLength(2);
    expect(inThread(card)).toHaveLength(2);
    expect(world.dumpsTaken()).toBe(2);
  });

  it('when somebody deletes the card before the decision: it is posted again and still works', async () => {
    await world.type(world.target);
    const deleted = await world.card();
    world.slack.deleteMessage(deleted);
    await world.type(`cancel ${(await world.request()).id}`);

    const anew = await world.slack.waitForMessage(
      (message) =>
        isCard(message) &&
        message.ts !== deleted.ts &&
        JSON.stringify(message.blocks).includes('Cancelled by'),
    );
    expect(hasButton(anew, 'Approve')).toBe(false);
  });
});

describe('a result', () => {
  it('does not wait behind the progress that led to it, which Slack takes no change of for a while', async () => {
    const world = await startWorld({
      heapMb: 16,
      config: () => ({ transfer: { via: 'relay', compress: 'none' }, worker: { partSizeMiB: 1 } }),
    });
    try {
      const changes = (status: number) =>
        world.slack.calls.filter((call) => call.method === 'chat.update' && call.status === status);
      await world.type(world.target);
      const card = await world.card();
      world.oss.faults.rate(400_000);
      await world.press('Approve', card, world.cast.reviewer);
      await world.slack.waitForMessage(
        ({ threadTs, text }) => threadTs === card.ts && text.includes('Working'),
      );
      world.slack.faults.next('chat.update', { retryAfter: 15 });
      await until(
        () => changes(429).length > 0,
        60_000,
        () => 'no change was refused',
      );
      const before = changes(200).length;
      world.oss.faults.rate(undefined);

      const result = await world.result(card);

      expect(result.text).toContain('is ready');
      expect(changes(200)).toHaveLength(before);
    } finally {
      await world.stop();
    }
  });
});

describe('a bot that dies between saving and speaking', () => {
  it('is followed by one that says what was left unsaid: how the dump ended while no bot was there', async () => {
    const world = await startWorld({ heapMb: 16, bot: 'none' });
    try {
      const first = await world.startBot();
      await world.type(world.target);
      const card = await world.card();
      await world.press('Approve', card, world.cast.reviewer);
      await world.waitForRequest(({ state }) => state === 'queued' || state === 'running');
      await first.stop();

      await world.startBot();
      const result = await world.result(card);

      expect(result.text).toContain('is ready');
      expect(
        world.slack.messages(world.cast.channel).filter(({ text }) => text.includes('is ready')),
      ).toHaveLength(1);
    } finally {
      await world.stop();
    }
  });
});
