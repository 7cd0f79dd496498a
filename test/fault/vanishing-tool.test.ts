import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecordedExec } from '../../src/demo/cluster/demo-cluster.ts';
import { shown } from '../flow/conversation.ts';
import { startWorld, type World, type WorldOptions } from '../world.ts';
import { askAndApprove, expectFailed, expectWhole, partsCame } from './mid-transfer.ts';

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const start = async (config: Record<string, unknown> = {}, options: WorldOptions = {}): Promise<World> => {
  world = await startWorld({
    config: () => ({
      transfer: { via: 'relay', compress: 'none' },
      worker: { partSizeMiB: 1, transferMemoryMiB: 16, attempts: 4, ...config },
    }),
    ...options,
  });
  return world;
};

/** The tool may be writing there at this moment. */
const GONE = { recursive: true, force: true, maxRetries: 10, retryDelay: 10 } as const;

/** Somebody tidies up as soon as this command comes, before it runs; each time that `times` grants. */
const vanishBefore = (here: World, comes: (exec: RecordedExec) => boolean, times: number): void => {
  let left = times;
  here.cluster.faults.nextExec({ kind: 'slow-start', delayMs: 0 }, (exec) => {
    const [, dir] = /(\/\S*\.heapdump-bot-[a-z0-9]{8})/.exec(exec.command.join(' ')) ?? [];
    if (left > 0 && dir !== undefined && comes(exec)) {
      left -= 1;
      rmSync(here.pod.hostPath('app', dir), GONE);
    }
    return false;
  });
};

const chmods = ({ command }: RecordedExec): boolean => command[0] === 'chmod';
const dumps = ({ command }: RecordedExec): boolean => command.includes('dump') && command.includes('--start');
const serves = ({ command }: RecordedExec): boolean => command.includes('serve');

describe('our directory in the pod vanishes', () => {
  it.each([
    ['before the tool is made executable', chmods],
    ['before the tool is run', dumps],
  ])('%s: it is copied again, and the dump is taken once', async (_when, comes) => {
    const here = await start();
    vanishBefore(here, comes, 1);

    const { result } = await here.dump();

    expect(result.text).toContain('is ready');
    expect(await expectWhole(here)).toMatchObject({ attempts: 2 });
  });

  it('each time that the tool is to be run: named, the application untouched, Retry goes on', async () => {
    const here = await start({ attempts: 2 });
    vanishBefore(here, dumps, 2);

    const { card, result } = await here.dump();

    await expectFailed(here, result, { code: 'tool-vanished', retry: 'resume' });
    expect(shown(result)).toContain('The dump tool vanished from the container');
    expect(here.dumpsTaken()).toBe(0);
    await here.press('Retry', result, here.cast.developer);
    await here.slack.waitForMessage(
      (message) => message.threadTs === card.ts && message.text.includes('is ready'),
      110_000,
    );
    await expectWhole(here);
  });

  it.each([
    ['when the dump is about to be sent', async (here: World) => vanishBefore(here, serves, 1)],
    [
      'while it is sent',
      async (here: World) => {
        await partsCame(here, 3);
        const { id } = await here.request();
        rmSync(here.pod.hostPath('app', `/tmp/.heapdump-bot-${id}`), GONE);
      },
    ],
  ])(
    '%s, and the dump with it: named, and there is no second pause without an approval',
    async (_when, vanish) => {
      const here = await start();
      here.oss.faults.rate(3_000_000);
      const vanished = vanish(here);
      const card = await askAndApprove(here);
      await vanished;
      const result = await here.result(card);

      await expectFailed(here, result, { code: 'dump-vanished', retry: 'new-approval' });
      expect(shown(result)).toContain('The dump is no longer in the container.');
      expect(here.dumpsTaken()).toBe(1);
    },
  );

  it('while the JVM dumps, and the worker’s connection breaks: named, and there is no second pause', async () => {
    const here = await start({}, { heapMb: 200 });
    here.cluster.faults.nextExec({ kind: 'cut', afterBytes: 20 }, dumps);
    vanishBefore(here, ({ command }) => command[0] === 'test', 1);

    const { result } = await here.dump();

    await expectFailed(here, result, { code: 'dump-vanished', retry: 'new-approval' });
    // None, where the JVM had not opened its file yet.
    expect(here.dumpsTaken()).toBeLessThanOrEqual(1);
  });
});
