import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, until, type World } from '../world.ts';

/** Of one transfer, with the memory that the config below grants. */
const BUFFERS = 4;
const PIECE_BYTES = 1024 * 1024;

describe('a rolling restart of bot and worker in the middle of a dump', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 48,
      worker: 'none',
      bot: 'none',
      config: () => ({
        transfer: { via: 'relay', compress: 'none' },
        worker: { partSizeMiB: 1, transferMemoryMiB: 16, takeOverAfter: '3s' },
      }),
    });
  });
  afterAll(() => world?.stop());

  it('loses nothing: the new ones are there before the old ones go, and the thread tells one story', async () => {
    const oldWorker = await world.spawnWorker();
    const oldBot = await world.startBot();
    world.oss.faults.rate(1_000_000);
    await world.type(world.target);
    const card = await world.card();
    await world.press('Approve', card, world.cast.reviewer);
    await until(
      () => world.oss.pendingUploads().some(({ parts }) => parts.length >= 4),
      120_000,
      () => `no parts came: ${world.logLines.at(-1)}`,
    );

    await world.startBot();
    await world.spawnWorker();
    oldWorker.kill('SIGTERM');
    await Promise.all([once(oldWorker, 'exit'), oldBot.stop()]);
    world.oss.faults.rate(undefined);
    const result = await world.result(card, 180_000);

    expect(oldWorker.exitCode).toBe(0);
    expect(result.text).toContain('is ready');
    expect(world.dumpsTaken()).toBe(1);
    const { outcome, closed } = await world.waitForRequest((request) => request.closed);
    expect(closed).toBe(true);
    if (outcome?.outcome !== 'completed') throw new Error('not completed');
    expect(outcome.attempts).toBeGreaterThan(1);
    // The card, the progress, the result.
    expect(world.slack.messages(world.cast.channel, { threadTs: card.ts })).toHaveLength(3);
    const events = (await world.audit()).map(({ event }) => event);
    for (const event of ['requested', 'approved', 'queued', 'completed'])
      expect(events.filter((each) => each === event)).toHaveLength(1);
    const parts = [...world.oss.receivedPartBytes(outcome.objectKey).values()];
    const twice = parts.reduce((sum, bytes) => sum + bytes, 0) - outcome.sizeBytes;
    expect(twice).toBeLessThanOrEqual(BUFFERS * PIECE_BYTES);
    expect(await world.leftInPod()).toEqual([]);
    expect(world.oss.pendingUploads()).toEqual([]);
  }, 300_000);
});
