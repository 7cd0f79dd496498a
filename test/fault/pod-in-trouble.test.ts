import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecordedExec } from '../../src/demo/cluster/demo-cluster.ts';
import { addPod, javaContainer } from '../flow/java-pods.ts';
import { startWorld, until, type World, type WorldOptions } from '../world.ts';

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const start = async (options: WorldOptions = {}): Promise<World> => {
  world = await startWorld({
    config: () => ({
      transfer: { via: 'relay', compress: 'none' },
      // Few buffers: most of the dump is still in the pod while the store is slow.
      worker: { partSizeMiB: 1, transferMemoryMiB: 16, attempts: 3, takeOverAfter: '3s' },
    }),
    ...options,
  });
  return world;
};

/** So slow that something can be done in the middle of it. */
const slowly = (here: World): void =>
  here.oss.faults.next(
    { kind: 'slow', bytesPerSecond: 200_000 },
    ({ partNumber = 0 }) => partNumber > 4,
    100,
  );

const askAndApprove = async (here: World) => {
  await here.type(here.target);
  const card = await here.card();
  await here.press('Approve', card, here.cast.reviewer);
  return card;
};

const inMidTransfer = (here: World): Promise<void> =>
  until(
    () => here.oss.pendingUploads().some(({ parts }) => parts.length >= 3),
    60_000,
    () => 'no parts came',
  );

const expectNothingLeft = (here: World): void => {
  expect(here.oss.pendingUploads()).toEqual([]);
  expect(here.oss.objectKeys()).toEqual([]);
};

describe('a dump that is stored and verified is not lost with its pod', () => {
  it.each([
    ['is gone', false],
    ['was replaced by one of the same name', true],
  ])('the worker dies while it cleans up, and when the next one looks, the pod %s', async (_, replaced) => {
    const here = await start({ worker: 'none' });
    const first = await here.spawnWorker();
    const cleans = ({ command }: RecordedExec): boolean => command.includes('clean');
    here.cluster.faults.nextExec({ kind: 'silence', afterBytes: 0 }, cleans);
    const card = await askAndApprove(here);
    await until(
      () => here.cluster.execs.some(cleans),
      60_000,
      () => 'nothing was cleaned up',
    );
    first.kill('SIGKILL');
    await once(first, 'exit');
    await here.pod.delete({ graceSeconds: 0 });
    if (replaced) await addPod(here, here.pod.name, [await javaContainer({})]);
    const execsBefore = here.cluster.execs.length;

    await here.spawnWorker();
    const result = await here.result(card, 180_000);

    expect(result.text).toContain('is ready');
    expect(result.links).toHaveLength(1);
    const { outcome } = await here.request();
    expect(outcome).toMatchObject({ outcome: 'completed', left: [], attempts: 2 });
    expect(here.cluster.execs.length).toBe(execsBefore);
  });
});

describe('a pod that gets into trouble ends the request with a name, and with nothing left behind', () => {
  it('is deleted in mid-transfer', async () => {
    const here = await start();
    slowly(here);
    const card = await askAndApprove(here);
    await inMidTransfer(here);

    await here.pod.delete({ graceSeconds: 0 });
    const result = await here.result(card, 180_000);

    const { outcome } = await here.request();
    expect(result.text).toContain('failed');
    expect(outcome).toMatchObject({ outcome: 'failed', code: 'pod-not-found', retry: 'new-approval' });
    expectNothingLeft(here);
  });

  it('has its container restarted in mid-transfer: the dump went with it', async () => {
    const here = await start();
    slowly(here);
    const card = await askAndApprove(here);
    await inMidTransfer(here);

    await here.pod.killContainer('app');
    const result = await here.result(card, 180_000);

    const { outcome } = await here.request();
    expect(result.text).toContain('failed');
    expect(outcome).toMatchObject({ outcome: 'failed', retry: 'new-approval' });
    expectNothingLeft(here);
  });

  it('loses the file in mid-transfer, by somebody who tidies up', async () => {
    const here = await start();
    slowly(here);
    const card = await askAndApprove(here);
    await inMidTransfer(here);

    const { id } = await here.request();
    const file = join(here.pod.hostPath('app', '/tmp'), `.heapdump-bot-${id}`, 'heap.hprof');
    await writeFile(file, 'no heap dump');
    const result = await here.result(card, 180_000);

    const { outcome } = await here.request();
    expect(result.text).toContain('failed');
    expect(outcome).toMatchObject({ outcome: 'failed', retry: 'new-approval' });
    expectNothingLeft(here);
  });

  it('has the process of the tool killed in mid-dump: the dump goes on and is taken', async () => {
    const here = await start({ heapMb: 96 });
    const dumps = ({ command }: RecordedExec): boolean =>
      command.includes('dump') && command.includes('--start');
    here.cluster.faults.nextExec({ kind: 'kill', signal: 'SIGKILL', afterBytes: 20 }, dumps);

    const { result } = await here.dump();

    expect(result.text).toContain('is ready');
    expect(here.dumpsTaken()).toBe(1);
    expect(await here.leftInPod()).toEqual([]);
  });

  it('has the process of the tool killed in mid-transfer: another one goes on', async () => {
    const here = await start();
    here.cluster.faults.nextExec({ kind: 'kill', signal: 'SIGKILL', afterBytes: 3_000_000 }, ({ command }) =>
      command.includes('serve'),
    );

    const { result } = await here.dump();

    expect(result.text).toContain('is ready');
    expect(here.dumpsTaken()).toBe(1);
    expect(await here.leftInPod()).toEqual([]);
  });

  it('has its JVM killed for memory in mid-dump: named, and nothing is left of half a dump', async () => {
    const here = await start({ heapMb: 200 });
    const card = await askAndApprove(here);
    await until(
      () => here.pod.stdout('app').includes('Heap Dump Initiated GC'),
      60_000,
      () => 'the JVM did not begin',
    );

    await here.pod.killContainer('app');
    const result = await here.result(card, 180_000);

    const { outcome } = await here.request();
    expect(result.text).toContain('failed');
    expect(outcome).toMatchObject({ outcome: 'failed', retry: 'new-approval' });
    expect(await here.leftInPod()).toEqual([]);
    expectNothingLeft(here);
  });
});
