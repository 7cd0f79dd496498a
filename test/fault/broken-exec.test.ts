import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedExec } from '../../src/demo/cluster/demo-cluster.ts';
import { startWorld, type World } from '../world.ts';

const sends = ({ command }: RecordedExec): boolean => command.includes('serve');
const dumps = ({ command }: RecordedExec): boolean => command.includes('dump') && command.includes('--start');
const MB = 1_000_000;

describe.each(['v4', 'v5'])(
  'a connection into the pod that cannot be trusted (%s.channel.k8s.io)',
  (subprotocol) => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld({
        config: () => ({ transfer: { via: 'relay', compress: 'none' }, worker: { partSizeMiB: 1 } }),
        subprotocol: subprotocol === 'v5' ? 'v5' : 'v4',
      });
    });
    afterAll(() => world?.stop());
    afterEach(() => world.cluster.faults.clear());

    /** Every case ends like this: one dump, and the stored object is the file that was dumped. */
    const expectWhole = async (dumpsBefore: number): Promise<void> => {
      const { result, request } = await world.dump();
      expect(result.text).toContain('is ready');
      const outcome = request.outcome?.outcome === 'completed' ? request.outcome : undefined;
      const stored = await readFile(String(world.oss.objectPath(String(outcome?.objectKey))));
      expect(outcome?.sizeBytes).toBe(stored.length);
      expect(outcome?.sha256).toBe(createHash('sha256').update(stored).digest('hex'));
      expect(world.dumpsTaken() - dumpsBefore).toBe(1);
      expect(world.cluster.faults.unused()).toEqual([]);
      expect(await world.leftInPod()).toEqual([]);
      expect(world.oss.pendingUploads()).toEqual([]);
    };

    it('is cut again and again in mid-transfer', async () => {
      for (const at of [3, 5, 2]) world.cluster.faults.nextExec({ kind: 'cut', afterBytes: at * MB }, sends);
      await expectWhole(world.dumpsTaken());
    });

    it('is cut between the last byte and the status', async () => {
      world.cluster.faults.nextExec({ kind: 'cut-before-status' }, sends);
      await expectWhole(world.dumpsTaken());
    });

    it("loses the end of the file and says 'Success'", async () => {
      world.cluster.faults.nextExec({ kind: 'lose-tail', bytes: 300_000 }, sends);
      await expectWhole(world.dumpsTaken());
    });

    it("says 'Success' while the transfer still runs", async () => {
      world.cluster.faults.nextExec({ kind: 'early-success', afterBytes: 4 * MB }, sends);
      await expectWhole(world.dumpsTaken());
    });

    it("says 'Success' while the JVM still dumps", async () => {
      world.cluster.faults.nextExec({ kind: 'early-success', afterBytes: 20 }, dumps);
      await expectWhole(world.dumpsTaken());
    });

    it('breaks while the JVM dumps: the next attempt waits for that dump and takes it', async () => {
      world.cluster.faults.nextExec({ kind: 'cut', afterBytes: 20 }, dumps);
      await expectWhole(world.dumpsTaken());
    });

    it('goes silent without closing', async () => {
      world.cluster.faults.nextExec({ kind: 'silence', afterBytes: 4 * MB }, sends);
      await expectWhole(world.dumpsTaken());
    });

    it('is refused by a busy API server', async () => {
      world.cluster.faults.nextExec({ kind: 'refuse', status: 503 }, sends);
      world.cluster.faults.nextExec({ kind: 'refuse', status: 500 }, dumps);
      await expectWhole(world.dumpsTaken());
    });

    it('is gone with the whole API server for a while', async () => {
      const before = world.dumpsTaken();
      await world.type(world.target);
      const card = await world.card();
      await world.press('Approve', card, world.cast.reviewer);
      await world.waitForRequest(({ state }) => state === 'running');
      await world.cluster.faults.apiServerDown(6000);
      const result = await world.result(card);

      expect(result.text).toContain('is ready');
      expect(world.dumpsTaken() - before).toBe(1);
      expect(await world.leftInPod()).toEqual([]);
    });
  },
);
