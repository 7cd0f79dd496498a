/** Seconds of CPU as Linux counts them, of processes, threads and the machine. https://man7.org/linux/man-pages/man5/proc.5.html */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProcessCpu {
  readonly pid: number;
  readonly parentPid: number;
  /** The program's, cut to 15 characters. */
  readonly name: string;
  /** User and system, of all its threads, also of those that have ended. Of the one thread, if read of a thread. */
  readonly ownSeconds: number;
  /** Of children that have ended and were waited for, and of theirs. */
  readonly reapedSeconds: number;
}

export interface MachineCpu {
  readonly cores: number;
  /** Of all cores together; what a hypervisor kept for others is neither busy nor idle. */
  readonly busySeconds: number;
  readonly idleSeconds: number;
}

const PROC = '/proc';
/** USER_HZ of every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

/** @param text of /proc/PID/stat or /proc/PID/task/TID/stat @throws RangeError for anything else */
export function parseStat(text: string): ProcessCpu {
  // The name may hold spaces and parentheses, so fields are counted from the last one that closes.
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
  // From the third of proc(5) on.
  const fields = text.slice(close + 2).split(' ');
  const number = (field: number): number => Number(fields[field - 3] ?? Number.NaN);
  const stat = {
    pid: Number(text.slice(0, open)),
    parentPid: number(4),
    name: text.slice(open + 1, close),
    ownSeconds: (number(14) + number(15)) / TICKS_PER_SECOND,
    reapedSeconds: (number(16) + number(17)) / TICKS_PER_SECOND,
  };
  if (open < 1 || close < open || Number.isNaN(stat.parentPid + stat.ownSeconds + stat.reapedSeconds))
    throw new RangeError(`That is no stat of a process: ${text.slice(0, 80)}`);
  return stat;
}

/** @param text of /proc/stat @throws RangeError for anything else */
export function parseMachine(text: string): MachineCpu {
  const lines = text.split('\n');
  const all = lines.find((line) => line.startsWith('cpu '));
  const [user, nice, system, idle, ioWait, irq, softIrq] = (all?.split(/\s+/).slice(1, 8) ?? []).map(Number);
  // A guest's time is within user's.
  const busy = sum([user, nice, system, irq, softIrq]) / TICKS_PER_SECOND;
  const rest = sum([idle, ioWait]) / TICKS_PER_SECOND;
  const cores = lines.filter((line) => /^cpu\d/.test(line)).length;
  if (cores === 0 || Number.isNaN(busy + rest))
    throw new RangeError(`That is no stat of a machine: ${text.slice(0, 80)}`);
  return { cores, busySeconds: busy, idleSeconds: rest };
}

const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? Number.NaN), 0);

/** False on anything but Linux. */
export const hasProc = (proc = PROC): boolean => existsSync(join(proc, 'stat'));

export const readMachine = (proc = PROC): MachineCpu =>
  parseMachine(readFileSync(join(proc, 'stat'), 'latin1'));

/** @returns of every process that can be seen; one that ends meanwhile is left out */
export function readProcesses(proc = PROC): ProcessCpu[] {
  return readdirSync(proc)
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => readStat(join(proc, pid, 'stat')) ?? []);
}

/** The one on which a program's JavaScript runs: its id is the process's. @returns undefined where it has ended */
export function readMainThread(pid: number, proc = PROC): ProcessCpu | undefined {
  return readStat(join(proc, String(pid), 'task', String(pid), 'stat'));
}

function readStat(file: string): ProcessCpu | undefined {
  try {
    return parseStat(readFileSync(file, 'latin1'));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The kernel says ESRCH of a process that ends between the opening and the reading. */
const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
