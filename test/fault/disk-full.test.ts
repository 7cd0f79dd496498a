import {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { probeNamespaces } from '../../src/demo/cluster/container/namespaces.ts';
import type { DemoPod } from '../../src/demo/cluster/demo-cluster.ts';
import { shown } from '../flow/conversation.ts';
import { addPod, javaContainer } from '../flow/java-pods.ts';
import { startWorld, type World } from '../world.ts';
import { askAndApprove, expectFailed, expectWhole, partsCame } from './mid-transfer.ts';

const MIB = 1024 * 1024;

/** A file system of the pod's own needs rights that a container without any does not have. */
const probeDir = await mkdtemp(join(tmpdir(), 'heapdump-probe-'));
const rights = await probeNamespaces(probeDir);
await rm(probeDir, { recursive: true, force: true });

describe.runIf(rights !== undefined)('the pod’s disk fills up', () => {
  let world: World;
  let pod: DemoPod;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 4,
      config: () => ({
        worker: { partSizeMiB: 1, transferMemoryMiB: 16 },
        rules: [
          {
            name: 'all',
            namespaces: ['*'],
            request: ['everyone'],
            review: { by: ['everyone'] },
            allow: { podCpu: true },
          },
        ],
      }),
    });
    pod = await addPod(world, 'tight-0', [
      await javaContainer({
        // The heap, and garbage that a dump is predicted to be as large as.
        flags: ['-Xmx256m'],
        wrap: (java) => [...java.slice(0, -2), '40', '3600'],
        readOnlyRoot: true,
        memoryDirs: [{ path: '/tmp', sizeBytes: 384 * MIB }],
        memoryLimitBytes: 1024 * MIB,
      }),
    ]);
  });
  let filling: AbortController | undefined;
  afterEach(() => {
    filling?.abort();
    rmSync(filler(), { force: true });
    world.oss.faults.rate(undefined);
  });
  afterAll(() => world?.stop());

  const filler = (): string => pod.hostPath('app', '/tmp/somebody-elses.log');

  /** Whoever else writes there at the same time finds no more room either. */
  const fill = (leaveBytes: number): void => {
    const { bavail, bsize } = statfsSync(pod.hostPath('app', '/tmp'));
    const zeros = Buffer.alloc(MIB);
    for (let left = bavail * bsize - leaveBytes; left > 0; left -= MIB)
      try {
        appendFileSync(filler(), zeros.subarray(0, Math.min(left, MIB)));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
        throw error;
      }
  };

  /** From now on, and what the pod frees is taken at once. */
  const keepFull = (): void => {
    filling = new AbortController();
    const { signal } = filling;
    void (async () => {
      while (!signal.aborted) {
        fill(0);
        await sleep(2);
      }
    })();
  };

  it('during the dump: named, with the remedy; the JVM lives on, and nothing of half a dump is left', async () => {
    const card = await askAndApprove(world, 'prod/tight-0');
    const { id } = await world.request();
    const workDir = pod.hostPath('app', `/tmp/.heapdump-bot-${id}`);
    // By then the tool has found that there is room enough. The JVM has to wait until there is none.
    while (!existsSync(join(workDir, 'jvm.pid'))) await sleep(5);
    const jvm = pod
      .hostPids('app')
      .find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('Leak'));
    process.kill(Number(jvm), 'SIGSTOP');
    fill(20 * MIB);
    process.kill(Number(jvm), 'SIGCONT');
    const result = await world.result(card);

    await expectFailed(world, result, { code: 'disk-full', retry: 'new-approval' }, pod);
    expect(shown(result)).toContain('The disk was full before the dump was complete.');
    expect(shown(result)).toContain('Mount an emptyDir that is large enough');
    expect(world.dumpsTaken(pod)).toBe(1);
    expect(statfsSync(pod.hostPath('app', '/tmp')).bavail).toBeGreaterThan(0);
  });

  it('and once there is room again, the next approval gets its dump', async () => {
    const { result } = await world.dump('prod/tight-0 --via relay --compress none');

    expect(result.text).toContain('is ready');
    await expectWhole(world, { dumpsBefore: 1, pod });
  });

  it.each([
    ['relay', 'relay'],
    // The packed piece is a file for a moment there; the relay packs without one.
    ['auto', 'both'],
  ])(
    'while the pod compresses (--via %s): no disk is needed for it, or another way is taken',
    async (asked, went) => {
      const dumpsBefore = world.dumpsTaken(pod);
      world.oss.faults.rate(3_000_000);
      const card = await askAndApprove(world, `prod/tight-0 --via ${asked} --compress pod`);
      await partsCame(world, 3);

      keepFull();
      world.oss.faults.rate(undefined);
      const result = await world.result(card);

      expect(result.text).toContain('is ready');
      const outcome = await expectWhole(world, { dumpsBefore, pod });
      expect(outcome).toMatchObject({ form: 'hprof.gz', via: went, attempts: 1 });
    },
  );

  it('while the pod compresses what it uploads, and no other way was wanted: named, and Retry takes any', async () => {
    const dumpsBefore = world.dumpsTaken(pod);
    world.oss.faults.rate(3_000_000);
    const card = await askAndApprove(world, 'prod/tight-0 --via direct --compress pod');
    await partsCame(world, 3);

    keepFull();
    world.oss.faults.rate(undefined);
    const result = await world.result(card);

    expect(result.text).toContain('failed');
    expect(shown(result)).toContain('room');
    const { id, outcome } = await world.request();
    expect(outcome).toMatchObject({ outcome: 'failed', retry: 'resume' });
    filling?.abort();
    // Room for the tool, which is 50 KB.
    truncateSync(filler(), statSync(filler()).size - MIB / 4);
    await world.press('Retry', result, world.cast.developer);
    await world.waitForRequest((request) => request.id === id && request.state === 'completed');
    await expectWhole(world, { dumpsBefore, pod });
  });
});
