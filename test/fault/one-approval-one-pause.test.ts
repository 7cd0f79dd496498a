import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import { STEPS, type Step } from '../../src/worker/dump-job.ts';
import { startWorld, until, type World } from '../world.ts';

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const quickTakeOver = {
  transfer: { via: 'relay', compress: 'none' },
  worker: { partSizeMiB: 1, takeOverAfter: '3s' },
};

describe('one approval, one pause: a worker that dies loses nothing', () => {
  it.each<Step>(['copy-tool', 'run-dump', 'transfer', 'clean-up'])(
    'killed in %s: another worker goes on, and the application is not paused again',
    async (step) => {
      const here = await start({ heapMb: step === 'run-dump' ? 160 : 24 });
      const first = await here.spawnWorker();
      const card = await askAndApprove(here);

      await killIn(step, here, first);
      await here.spawnWorker();
      const result = await here.result(card, 180_000);

      expect(result.text).toContain('is ready');
      expect(here.dumpsTaken()).toBe(1);
      expect(await here.leftInPod()).toEqual([]);
      expect(here.oss.pendingUploads()).toEqual([]);
      expect(here.oss.objectKeys().filter((key) => !key.endsWith('.json'))).toHaveLength(1);
    },
    300_000,
  );

  it('told to stop (SIGTERM) it hands its job over, and the thread tells one story', async () => {
    const here = await start({ heapMb: 48 });
    here.oss.faults.next(
      { kind: 'slow', bytesPerSecond: 500_000 },
      ({ operation }) => operation === 'UploadPart',
      6,
    );
    const first = await here.spawnWorker();
    const card = await askAndApprove(here);
    await reached('transfer', here);

    first.kill('SIGTERM');
    await once(first, 'exit');
    await here.spawnWorker();
    const result = await here.result(card, 180_000);

    expect(first.exitCode).toBe(0);
    expect(result.text).toContain('is ready');
    expect(here.dumpsTaken()).toBe(1);
    expect(here.slack.messages(here.cast.channel, { threadTs: card.ts })).toHaveLength(3);
  }, 300_000);
});

async function start(options: { heapMb: number }): Promise<World> {
  world = await startWorld({ ...options, worker: 'none', config: () => quickTakeOver });
  return world;
}

async function askAndApprove(here: World): Promise<StoredMessage> {
  await here.type(here.target);
  const card = await here.card();
  await here.press('Approve', card, here.cast.reviewer);
  return card;
}

const stepBegan = (step: Step, here: World): boolean =>
  here.logLines.some((line) => line.includes('"dump step begins"') && line.includes(`"step":"${step}"`));

const reached = (step: Step, here: World): Promise<void> =>
  until(
    () => stepBegan(step, here),
    120_000,
    () => `no step ${step} of ${STEPS.join(', ')}: ${here.logLines.at(-1)}`,
  );

async function killIn(step: Step, here: World, worker: ChildProcess): Promise<void> {
  if (step === 'transfer') {
    // So slow that it is in the middle of it for certain.
    here.oss.faults.next({ kind: 'slow', bytesPerSecond: 200_000 }, ({ partNumber }) => partNumber === 6);
  }
  await reached(step, here);
  if (step === 'run-dump')
    await until(
      () => here.pod.stdout('app').includes('Heap Dump Initiated GC'),
      60_000,
      () => 'the JVM did not begin',
    );
  if (step === 'transfer')
    await until(
      () => here.oss.pendingUploads().some(({ parts }) => parts.length >= 4),
      60_000,
      () => 'no parts came',
    );
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}
