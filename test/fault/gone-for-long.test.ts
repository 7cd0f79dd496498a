import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../world.ts';
import { askAndApprove, expectWhole, partsCame } from './mid-transfer.ts';

const GONE_MS = 20_000;

describe.each(['relay', 'direct'])(
  'in the middle of a transfer of many parts, for 20 seconds (%s)',
  (via) => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld({
        config: () => ({
          transfer: { via, compress: 'none' },
          worker: { partSizeMiB: 1, transferMemoryMiB: 16 },
        }),
      });
    });
    afterAll(() => world?.stop());

    const midTransfer = async () => {
      const dumpsBefore = world.dumpsTaken();
      world.oss.faults.rate(4_000_000);
      const card = await askAndApprove(world);
      await partsCame(world, 4);
      world.oss.faults.rate(undefined);
      return { card, dumpsBefore };
    };

    it('the API server is gone: the transfer goes on with the parts that are there', async () => {
      const { card, dumpsBefore } = await midTransfer();
      await world.cluster.faults.apiServerDown(GONE_MS);
      const result = await world.result(card, 180_000);

      expect(result.text).toContain('is ready');
      const outcome = await expectWhole(world, { dumpsBefore });
      // Each part came once, but for those that were under way.
      const received = [...world.oss.receivedPartBytes(outcome.objectKey).values()];
      expect(received.length).toBeGreaterThan(20);
      expect(received.reduce((sum, bytes) => sum + bytes, 0) - outcome.sizeBytes).toBeLessThanOrEqual(
        4 * 1024 * 1024,
      );
    });

    it('OSS is gone: the transfer goes on with the parts that are there', async () => {
      const { card, dumpsBefore } = await midTransfer();
      const before = Date.now();
      world.oss.faults.goneFor(GONE_MS);
      const result = await world.result(card, 180_000);

      expect(result.text).toContain('is ready');
      expect(Date.now() - before).toBeGreaterThan(GONE_MS);
      const outcome = await expectWhole(world, { dumpsBefore });
      const received = [...world.oss.receivedPartBytes(outcome.objectKey).values()];
      expect(received.reduce((sum, bytes) => sum + bytes, 0) - outcome.sizeBytes).toBeLessThanOrEqual(
        4 * 1024 * 1024,
      );
    });
  },
);
