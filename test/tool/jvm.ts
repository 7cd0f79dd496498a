/** Real JVMs to dump. Each is ended with the test that started it. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import { tools } from '../tools.ts';

export interface JvmOptions {
  readonly heapMiB?: number;
  readonly flags?: readonly string[];
  readonly uid?: number;
  /** Words before java, such as unshare's. The last of them has to become java. */
  readonly via?: readonly string[];
  readonly cwd?: string;
}

export interface RunningJvm {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly start: string;
  /** What it has printed so far: thread dumps and the log of its collector show there. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  isAlive(): boolean;
  readonly ended: Promise<void>;
}

export const javaBin = (): string => join(tools().javaHome, 'bin');

/** Compiles the program once per test file. */
export function compileProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ready-heap-'));
  execFileSync('chmod', ['755', folder]);
  const source = fileURLToPath(new URL('./ReadyHeap.java', import.meta.url));
  execFileSync(join(javaBin(), 'javac'), ['-d', folder, source], { env: { ...process.env, ...tools().env } });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Resolves when it holds its heap and has set its signal handlers. */
export async function startJvm(classes: string, options: JvmOptions = {}): Promise<RunningJvm> {
  const heapMiB = options.heapMiB ?? 8;
  const [command = '', ...argv] = [
    ...(options.via ?? []),
    join(javaBin(), 'java'),
    '-XX:+UseSerialGC',
    `-Xmx${heapMiB * 2 + 32}m`,
    // One line for each dump: what is dumped twice shows.
    '-Xlog:gc:stdout',
    ...(options.flags ?? []),
    '-cp',
    classes,
    'ReadyHeap',
    String(heapMiB),
  ];
  const child = spawn(command, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', ...tools().env },
    cwd: options.cwd ?? '/',
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error('java did not start');
  // A JVM that is killed leaves its socket, and the next one with this pid would seem to listen there.
  const removeSocket = () => rmSync(`/tmp/.java_pid${pid}`, { force: true });
  removeSocket();
  const signal = (name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) process.kill(pid, name);
  };
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  onTestFinished(async () => {
    signal('SIGKILL');
    await ended;
    removeSocket();
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      output += chunk.toString('latin1');
      if (/^ready \d/m.test(output)) resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('close', () => reject(new Error(`java ended: ${output}`)));
  });
  return {
    pid,
    start: startOf(pid),
    output: () => output,
    signal,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    ended,
  };
}

export const startOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')[19] ?? '';

/** Each dump of the live objects begins with one collection of its own. */
export const dumpsOf = (jvm: RunningJvm): number => jvm.output().split('Heap Dump Initiated GC').length - 1;

/** A /proc with these processes alone, for commands that look for JVMs: others run here, and are not ours to dump. */
export function procOf(pids: readonly number[]): string {
  const proc = mkdtempSync(join(tmpdir(), 'proc-'));
  for (const name of ['self', 'uptime', ...pids.map(String)]) symlinkSync(`/proc/${name}`, join(proc, name));
  onTestFinished(() => rmSync(proc, { recursive: true, force: true }));
  return proc;
}

/** A directory of the kind that the caller makes for a request. */
export function makeWorkDir(parent = tmpdir()): string {
  const dir = join(mkdtempSync(join(parent, 'dir-')), '.heapdump-bot-test1234');
  execFileSync('chmod', ['755', join(dir, '..')]);
  mkdirSync(dir, { mode: 0o700 });
  onTestFinished(() => rmSync(join(dir, '..'), { recursive: true, force: true }));
  return dir;
}
