import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, until, type World } from '../world.ts';

describe('the pod is left as it was', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 16,
      config: () => ({
        transfer: { via: 'relay', compress: 'none' },
        worker: { partSizeMiB: 1, attempts: 1, keepDumpForRetry: '3s' },
      }),
    });
  });
  afterAll(() => world?.stop());

  it('a dump that waits for a Retry that never comes is swept, and the parts of its upload with it', async () => {
    world.oss.faults.next(
      { kind: 'status', status: 403, code: 'AccessDenied' },
      ({ operation, partNumber }) => operation === 'UploadPart' && partNumber === 4,
    );
    const { result } = await world.dump();
    expect(result.text).toContain('failed');

    await until(
      async () => (await world.leftInPod()).length === 0,
      60_000,
      () => 'the dump was not swept',
    );
    expect(world.oss.pendingUploads()).toEqual([]);
  });

  it('what a crash left of another request is removed by the next job', async () => {
    const stale = join(world.pod.hostPath('app', '/tmp'), '.heapdump-bot-stale222');
    await mkdir(stale);
    await writeFile(join(stale, 'heap.hprof'), 'half a dump');

    const { result } = await world.dump();

    expect(result.text).toContain('is ready');
    expect(await world.leftInPod()).toEqual([]);
  });

  it('a file of somebody else in our directory is not removed, and the thread says what is left', async () => {
    await world.type(world.target);
    const card = await world.card();
    const { id } = await world.request();
    const ours = join(world.pod.hostPath('app', '/tmp'), `.heapdump-bot-${id}`);
    await mkdir(ours);
    await writeFile(join(ours, 'not-ours.txt'), 'precious');
    await world.press('Approve', card, world.cast.reviewer);
    const result = await world.result(card);

    expect(result.text).toContain('is ready');
    expect(JSON.stringify(result.blocks)).toContain(`.heapdump-bot-${id}/not-ours.txt`);
  });
});
