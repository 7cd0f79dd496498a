import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedExec } from '../../src/demo/cluster/demo-cluster.ts';
import { startWorld, until, type World } from '../world.ts';
import { askAndApprove, expectWhole, partsCame } from './mid-transfer.ts';

const LANES = 1;
const MIB = 1024 * 1024;
const HEAP_MIB = 384;
const PIECE = 64 * MIB;
/** More than sockets and pipes between the pod and a worker hold. */
const BUFFERED = 16 * MIB;
const serves = ({ command }: RecordedExec): boolean => command.includes('serve');
const dumps = ({ command }: RecordedExec): boolean => command.includes('dump') && command.includes('--start');

describe('an old command still runs in the pod when the new attempt comes', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      // Pieces so large that no buffer between us and the pod takes the rest of one.
      heapMb: HEAP_MIB,
      // With v4 the runtime ends a command whose client is gone.
      subprotocol: 'v5',
      worker: 'none',
      config: () => ({
        transfer: { via: 'relay', compress: 'none' },
        worker: { partSizeMiB: PIECE / MIB, transferMemoryMiB: 256, takeOverAfter: '3s', lanes: LANES },
      }),
    });
  });
  afterAll(() => world?.stop());

  /** The worker reads no more, and the pod has more of a piece to write than anything in between would take. */
  const stopInMidPiece = (worker: ChildProcess): Promise<void> =>
    until(
      async () => {
        worker.kill('SIGSTOP');
        await sleep(300);
        const sent = Number(world.cluster.execs.findLast(serves)?.stdoutBytes);
        const ofPiece = sent % PIECE;
        if (ofPiece > 0 && ofPiece < PIECE - BUFFERED && sent < HEAP_MIB * MIB - BUFFERED) return true;
        worker.kill('SIGCONT');
        return false;
      },
      30_000,
      () => 'never in the middle of a piece',
    );

  it('it stands in a write for ever, as nobody reads: the transfer goes on beside it, and it is ended in the end', async () => {
    for (let lane = 0; lane < LANES; lane += 1)
      world.cluster.faults.nextExec({ kind: 'stuck-when-gone' }, serves);
    const first = await world.spawnWorker();
    const card = await askAndApprove(world);
    await partsCame(world, 1);
    const { id } = await world.request();
    await stopInMidPiece(first);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const old = world.cluster.execs.filter(serves);
    expect(old.some(({ ended }) => ended !== true)).toBe(true);

    const second = await world.spawnWorker();
    await until(
      () => world.cluster.execs.filter(serves).length > old.length,
      60_000,
      () => 'no new attempt',
    );
    expect(old.some(({ ended }) => ended !== true)).toBe(true);
    const result = await world.result(card, 180_000);

    expect(result.text).toContain('is ready');
    await expectWhole(world);
    expect(workingOn(id)).toEqual([]);
    second.kill('SIGKILL');
    await once(second, 'exit');
  }, 300_000);

  it('it is the one that has the JVM dump: the new attempt waits for that dump, and takes it', async () => {
    const dumpsBefore = world.dumpsTaken();
    const before = world.cluster.execs.filter(dumps).length;
    const first = await world.spawnWorker();
    world.cluster.faults.nextExec({ kind: 'stuck-when-gone' }, dumps);
    const card = await askAndApprove(world);
    // Before the JVM has its dump, however busy this machine is: the command goes on without us.
    await until(
      () => world.cluster.execs.filter(dumps).length > before,
      60_000,
      () => 'nothing was started',
    );
    const { id } = await world.request();
    first.kill('SIGKILL');
    await once(first, 'exit');
    await until(
      () => world.dumpsTaken() > dumpsBefore,
      60_000,
      () => 'the JVM did not begin',
    );
    await world.spawnWorker();
    const result = await world.result(card, 180_000);

    expect(result.text).toContain('is ready');
    const outcome = await expectWhole(world, { dumpsBefore });
    expect(outcome.adopted).toBe(true);
    expect(workingOn(id)).toEqual([]);
  }, 300_000);
});

/** Processes of this machine, those of the pod among them, that have our directory among their arguments. */
function workingOn(requestId: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(`.heapdump-bot-${requestId}`));
}
