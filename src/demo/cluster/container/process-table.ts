import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessEntry {
  pid: number;
  parentPid: number;
  session: number;
  /** One letter of /proc/PID/stat; 'Z' is dead and waits to be reaped. */
  state: string;
}

/** All processes that this one can see, zombies included. A process that ends while being read is left out. */
export const readProcesses = (): ProcessEntry[] => {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const entry = readProcess(Number(name));
    if (entry) entries.push(entry);
  }
  return entries;
};

export const readProcess = (pid: number): ProcessEntry | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name may hold spaces and parentheses: fields are counted from its last one.
    const [state = '', parentPid, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parentPid: Number(parentPid), session: Number(session), state };
  } catch {
    return undefined;
  }
};

export const childrenOf = (pid: number): number[] =>
  readProcesses()
    .filter((entry) => entry.parentPid === pid)
    .map((entry) => entry.pid);

/** argv, or undefined when the process is gone. */
export const readCommandLine = (pid: number): string[] | undefined => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return undefined;
  }
};

/** The identity of a process's pid namespace, or undefined when the process is gone. */
export const pidNamespaceOf = (pid: number): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
};

export const residentBytes = (pid: number): number => {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    return pages * 4096;
  } catch {
    return 0;
  }
};

/** True if a signal was delivered; a process that is gone is no error. */
export const signalProcess = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
};
