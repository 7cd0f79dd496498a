import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../world.ts';

describe('Redis has trouble', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 32,
      config: () => ({
        transfer: { via: 'relay', compress: 'none' },
        worker: { partSizeMiB: 1, takeOverAfter: '3s' },
      }),
    });
  });
  afterAll(() => world?.stop());

  it('is restarted in mid-transfer: the dump goes on, and the application is not paused again', async () => {
    world.oss.faults.next(
      { kind: 'slow', bytesPerSecond: 400_000 },
      ({ operation }) => operation === 'UploadPart',
      4,
    );
    await world.type(world.target);
    const card = await world.card();
    await world.press('Approve', card, world.cast.reviewer);
    await world.waitForRequest(() => world.oss.pendingUploads().some(({ parts }) => parts.length > 0));

    await world.redis.restart();
    const result = await world.result(card);

    expect(result.text).toContain('is ready');
    expect(world.dumpsTaken()).toBe(1);
    expect(await world.leftInPod()).toEqual([]);
  });

  it('is down: the command is acknowledged in time, and the person is told privately that nothing was started', async () => {
    await world.redis.kill();

    const delivery = await world.type(world.target);
    const reply = await world.slack.waitForEphemeral(world.cast.developer, ({ text }) =>
      text.includes('Not possible right now'),
    );

    expect(delivery.late).toBe(false);
    expect(JSON.stringify(reply.blocks)).toContain('nothing was started');
    await world.redis.restart();
  });

  it('is back: the same line works again', async () => {
    const { result } = await world.dump();
    expect(result.text).toContain('is ready');
  });
});
