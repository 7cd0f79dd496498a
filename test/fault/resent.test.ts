import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../world.ts';

const MIB = 1024 * 1024;
const LANES = 4;

describe('after a cut, no more is sent twice than what was on its way', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 64,
      config: () => ({
        transfer: { via: 'relay', compress: 'none' },
        worker: { partSizeMiB: 1, lanes: LANES },
      }),
    });
  });
  afterAll(() => world?.stop());

  it('all connections into the pod are cut at once: the store gets each part once, the pod sends little again', async () => {
    for (let lane = 0; lane < LANES; lane += 1)
      world.cluster.faults.nextExec({ kind: 'cut', afterBytes: 5_500_000 }, ({ command }) =>
        command.includes('serve'),
      );

    const { request } = await world.dump();

    const { outcome } = request;
    if (outcome?.outcome !== 'completed') throw new Error('not completed');
    const stored = [...world.oss.receivedPartBytes(outcome.objectKey).values()];
    expect(stored.reduce((sum, bytes) => sum + bytes, 0)).toBe(outcome.sizeBytes);
    const fromPod = world.cluster.execs
      .filter(({ command }) => command.includes('serve'))
      .reduce((sum, { stdoutBytes }) => sum + stdoutBytes, 0);
    // Two pieces are asked for at a time on each connection, but sent one after the other.
    expect(fromPod - outcome.dumpSizeBytes).toBeLessThanOrEqual(LANES * MIB);
    expect(fromPod).toBeGreaterThan(outcome.dumpSizeBytes);
  });
});
