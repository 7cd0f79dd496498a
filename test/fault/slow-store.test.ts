import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../world.ts';
import { askAndApprove, expectWhole } from './mid-transfer.ts';

const MIB = 1024 * 1024;
/** Of four transfers at once, of which there is one. */
const MEMORY_MIB = 32;
/** What the sockets between pod and worker, and between worker and store, may hold besides. */
const IN_SOCKETS_BYTES = 4 * MIB;

describe('a store that takes 1 MB/s', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 32,
      config: () => ({
        transfer: { compress: 'none' },
        worker: { partSizeMiB: 1, transferMemoryMiB: MEMORY_MIB },
      }),
    });
  });
  afterAll(() => world?.stop());

  it.each(['relay', 'direct'])(
    'gets a dump of many parts, in one attempt, and no more leaves the pod than there is memory for (%s)',
    async (via) => {
      const dumpsBefore = world.dumpsTaken();
      const execsBefore = world.cluster.execs.length;
      world.oss.requests.splice(0);
      world.oss.faults.rate(1_000_000);
      let mostUnderWayBytes = 0;
      const fromPod = (): number =>
        world.cluster.execs
          .slice(execsBefore)
          .filter(({ command }) => command.includes('serve'))
          .reduce((sum, { stdoutBytes }) => sum + stdoutBytes, 0);
      const stored = (): number =>
        world.oss
          .pendingUploads()
          .flatMap(({ parts }) => parts)
          .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const look = setInterval(() => {
        if (world.oss.pendingUploads().length > 0)
          mostUnderWayBytes = Math.max(mostUnderWayBytes, fromPod() - stored());
      }, 20);

      const card = await askAndApprove(world, `${world.target} --via ${via}`);
      const result = await world.result(card, 180_000);
      clearInterval(look);
      world.oss.faults.rate(undefined);

      expect(result.text).toContain('is ready');
      const outcome = await expectWhole(world, { dumpsBefore });
      expect(outcome).toMatchObject({ via, attempts: 1 });
      expect(outcome.sizeBytes).toBeGreaterThan(32 * MIB);
      expect(outcome.stepMs.transfer).toBeGreaterThan(outcome.sizeBytes / 1100);
      if (via === 'relay') {
        expect(mostUnderWayBytes).toBeGreaterThan(MIB);
        expect(mostUnderWayBytes).toBeLessThan((MEMORY_MIB / 4) * MIB + IN_SOCKETS_BYTES);
      } else expect(fromPod()).toBe(0);
    },
    240_000,
  );
});
