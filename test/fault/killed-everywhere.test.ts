import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STEPS } from '../../src/worker/dump-job.ts';
import { startWorld, until, type World } from '../world.ts';

/** Of one transfer, with the memory that the config below grants. */
const BUFFERS = 4;
const PIECE_BYTES = 1024 * 1024;

describe('a worker is killed with SIGKILL in every step and between them, one dump long', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 48,
      worker: 'none',
      config: () => ({
        transfer: { via: 'relay', compress: 'none' },
        worker: { partSizeMiB: 1, transferMemoryMiB: 16, takeOverAfter: '3s', attempts: 50 },
      }),
    });
  });
  afterAll(() => world?.stop());

  it('and each next worker goes on: one pause, no byte of it sent twice but what was on its way, the same checksum', async () => {
    const points = STEPS.flatMap((step) => [`"dump step begins"|${step}`, `"dump step ended"|${step}`]);
    // Slow until a worker was killed in the middle of the transfer.
    world.oss.faults.rate(3_000_000);
    let worker = await world.spawnWorker();
    await world.type(world.target);
    const card = await world.card();
    await world.press('Approve', card, world.cast.reviewer);

    for (const point of points.slice(0, -1)) {
      await reached(world, point);
      if (point === '"dump step begins"|transfer') await partsAreThere(world);
      await kill(worker);
      if (point.endsWith('|transfer')) world.oss.faults.rate(undefined);
      worker = await world.spawnWorker();
    }
    const result = await world.result(card, 180_000);

    expect(result.text).toContain('is ready');
    expect(world.dumpsTaken()).toBe(1);
    const { outcome } = await world.request();
    if (outcome?.outcome !== 'completed') throw new Error('not completed');
    const stored = await readFile(String(world.oss.objectPath(outcome.objectKey)));
    expect(outcome.sha256).toBe(createHash('sha256').update(stored).digest('hex'));
    expect(outcome.proofs).toContain('read-back');
    const received = [...world.oss.receivedPartBytes(outcome.objectKey).values()];
    const twice = received.reduce((sum, bytes) => sum + bytes, 0) - outcome.sizeBytes;
    expect(twice).toBeLessThanOrEqual(BUFFERS * PIECE_BYTES);
    expect(await world.leftInPod()).toEqual([]);
    expect(world.oss.pendingUploads()).toEqual([]);
    expect(world.oss.objectKeys().filter((key) => !key.endsWith('.json'))).toHaveLength(1);
  }, 600_000);
});

/** The log says so, for the first time: a step that was left in the middle begins again. */
async function reached(world: World, point: string): Promise<void> {
  const [message = '', step] = point.split('|');
  await until(
    () => world.logLines.some((line) => line.includes(message) && line.includes(`"step":"${step}"`)),
    120_000,
    () => `${point} was not reached: ${world.logLines.at(-1)}`,
  );
}

const partsAreThere = (world: World): Promise<void> =>
  until(
    () => world.oss.pendingUploads().some(({ parts }) => parts.length >= 4),
    60_000,
    () => 'no parts came',
  );

async function kill(worker: ChildProcess): Promise<void> {
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}
