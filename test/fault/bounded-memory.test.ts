import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../world.ts';

const MB = 1_000_000;

describe('a worker’s memory does not grow with the dump, nor with a slow store', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 400,
      worker: 'none',
      config: () => ({ transfer: { via: 'relay', compress: 'none' } }),
    });
  });
  afterAll(() => world?.stop());

  it('a dump of 400 MB into a store that takes 40 MB/s costs far less than the dump is large', async () => {
    const worker = await world.spawnWorker();
    const idleBytes = await residentBytes(worker.pid, 'VmRSS');
    world.oss.faults.next(
      { kind: 'slow', bytesPerSecond: 40 * MB },
      ({ operation }) => operation === 'UploadPart',
      100,
    );

    const { request } = await world.dump();
    const peakBytes = await residentBytes(worker.pid, 'VmHWM');

    const sizeBytes = request.outcome?.outcome === 'completed' ? request.outcome.sizeBytes : 0;
    expect(sizeBytes).toBeGreaterThan(400 * MB);
    // Six pieces of 8 MiB, a thread, what sockets hold, and the garbage that a collector has not come to yet.
    expect(peakBytes - idleBytes).toBeLessThan(250 * MB);
  }, 300_000);
});

/** VmRSS: now. VmHWM: the most that it ever was. */
async function residentBytes(pid: number | undefined, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes] = new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
  return Number(kilobytes) * 1024;
}
