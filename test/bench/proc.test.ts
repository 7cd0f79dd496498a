import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  hasProc,
  parseMachine,
  parseStat,
  readMachine,
  readMainThread,
  readProcesses,
} from '../../bench/proc.ts';

/** As Linux 6 writes it, with utime, stime, cutime and cstime. */
const stat = (pid: number, parentPid: number, name: string, ticks: readonly number[]): string =>
  `${pid} (${name}) S ${parentPid} ${pid} 903 0 -1 4194304 105 0 0 0 ${ticks.join(' ')} 20 0 11 0 1235548 2998272 416 18446744073709551615\n`;

const MACHINE = `cpu  1301005 100 438181 696773 4259 7 9899 1480 5000 0
cpu0 646720 50 216910 355295 1146 3 4655 744 2500 0
cpu1 654285 50 221270 341478 3112 4 5244 736 2500 0
intr 1 2 3
ctxt 4
`;

describe('the seconds of CPU of a process', () => {
  it('are its own, user and system, and apart from them those of the children it has waited for', () => {
    expect(parseStat(stat(42, 7, 'java', [150, 50, 30, 20]))).toEqual({
      pid: 42,
      parentPid: 7,
      name: 'java',
      ownSeconds: 2,
      reapedSeconds: 0.5,
    });
  });

  it.each(['Web Content', 'tmux: server', 'a) S 1 (b', '((', ')', ''])(
    'are found behind any name: "%s"',
    (name) => {
      expect(parseStat(stat(42, 7, name, [100, 0, 0, 0]))).toMatchObject({
        name,
        parentPid: 7,
        ownSeconds: 1,
      });
    },
  );

  it.each(['', '42', '42 (java', 'cpu 1 2 3', '42 (java) S 7 42'])('are not guessed from "%s"', (text) => {
    expect(() => parseStat(text)).toThrow(RangeError);
  });
});

describe('the seconds of CPU of a machine', () => {
  it('are busy or idle; waiting for a disk is idle, what a hypervisor took is neither, a guest counts once', () => {
    const machine = parseMachine(MACHINE);

    expect(machine.cores).toBe(2);
    expect(machine.busySeconds).toBeCloseTo((1301005 + 100 + 438181 + 7 + 9899) / 100, 6);
    expect(machine.idleSeconds).toBeCloseTo((696773 + 4259) / 100, 6);
  });

  it.each(['', 'cpu  1 2 3\ncpu0 1 2 3\n', 'cpu  1 2 3 4 5 6 7\n'])('are not guessed from "%s"', (text) => {
    expect(() => parseMachine(text)).toThrow(RangeError);
  });
});

describe('a look at /proc', () => {
  let proc: string;
  beforeEach(async () => {
    proc = await mkdtemp(join(tmpdir(), 'proc-test-'));
    await mkdir(join(proc, '1'));
    await mkdir(join(proc, '42', 'task', '42'), { recursive: true });
    await mkdir(join(proc, 'sys'));
    await writeFile(join(proc, '1', 'stat'), stat(1, 0, 'init', [100, 0, 0, 0]));
    await writeFile(join(proc, '42', 'stat'), stat(42, 1, 'node', [400, 100, 0, 0]));
    await writeFile(join(proc, '42', 'task', '42', 'stat'), stat(42, 1, 'node', [300, 50, 0, 0]));
    await writeFile(join(proc, 'stat'), MACHINE);
  });
  afterEach(() => rm(proc, { recursive: true, force: true }));

  it('sees every process, and a main thread apart from the others of its process', () => {
    expect(readProcesses(proc).map(({ name, ownSeconds }) => [name, ownSeconds])).toEqual([
      ['init', 1],
      ['node', 5],
    ]);
    expect(readMainThread(42, proc)).toMatchObject({ ownSeconds: 3.5 });
    expect(readMachine(proc).cores).toBe(2);
  });

  it('leaves out a process that ends in between', async () => {
    // Its name was read from the folder, and then it was gone.
    await mkdir(join(proc, '77'));

    expect(readProcesses(proc).map(({ pid }) => pid)).toEqual([1, 42]);
    expect(readMainThread(77, proc)).toBeUndefined();
  });

  it('does not take what cannot be read for a process that has ended', async () => {
    await mkdir(join(proc, '78', 'stat'), { recursive: true });

    expect(() => readProcesses(proc)).toThrow('EISDIR');
  });

  it('knows where there is none', () => {
    expect(hasProc(proc)).toBe(true);
    expect(hasProc(join(proc, 'sys'))).toBe(false);
  });
});
