import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningWorker } from '../../src/worker/start-worker.ts';
import { ask, cardOf, readyOf } from '../flow/conversation.ts';
import { startWorld, until, type World } from '../world.ts';

describe('a worker that goes while it writes the manifest', () => {
  let world: World;
  let first: RunningWorker;
  beforeAll(async () => {
    world = await startWorld({ heapMb: 8, worker: 'none' });
    first = await world.startWorker();
  });
  afterAll(() => world?.stop());

  it('leaves that to the next one: one dump, one pause, and a manifest beside it', async () => {
    world.oss.faults.next({ kind: 'silence' }, ({ operation }) => operation === 'PutObject');
    const { id, card } = await ask(world);
    await world.press('Approve', card, world.cast.reviewer);
    await until(
      () => world.oss.faults.left() === 0,
      60_000,
      () => 'no manifest was begun',
    );
    await first.stop();
    await world.startWorker();
    await readyOf(world, id);

    expect(world.dumpsTaken()).toBe(1);
    expect(world.oss.objectKeys().map((key) => key.replace(/.*\.hprof/, 'hprof'))).toEqual([
      'hprof',
      'hprof.json',
    ]);
    expect((await world.requests.get(id))?.outcome).not.toHaveProperty('manifestMissing');
    expect(await world.leftInPod()).toEqual([]);
    expect(await cardOf(world, id)).toBeDefined();
  });
});
