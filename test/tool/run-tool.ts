/** Starts tools/jmap-dump-tool under a shell and reads its lines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Shell } from './shells.ts';

export const TOOL = fileURLToPath(new URL('../../tools/jmap-dump-tool', import.meta.url));

const MOST_TEXT_BYTES = 200_000;

export interface ToolOptions {
  /** Folders before the shell's own on PATH. */
  readonly path?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** Words before the shell, such as nsenter's. */
  readonly via?: readonly string[];
  /** 'tool': the shell reads the tool from stdin. 'open': stdin stays open. Default: closed. */
  readonly stdin?: 'tool' | 'open';
  /** Default: where it lies in the project. */
  readonly tool?: string;
}

export interface ToolRun {
  readonly child: ChildProcess;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningTool {
  readonly child: ChildProcess;
  readonly ended: Promise<ToolRun>;
  /** So far; without stdout once that is a dump. */
  text(): string;
  /** Resolves as soon as it has printed this, on either stream. @throws when it ends without */
  said(text: string): Promise<void>;
}

/** Its own process group, so that `kill -9` of the group is what a lost exec of v4 does, and more. */
export function startTool(shell: Shell, words: readonly string[], options: ToolOptions = {}): RunningTool {
  const tool = options.stdin === 'tool' ? ['-s', '--'] : [options.tool ?? TOOL];
  const [command = '', ...argv] = [...(options.via ?? []), ...shell.argv, ...tool, ...words];
  const child = spawn(command, argv, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: [...(options.path ?? []), shell.path].join(':'), HOME: '/', ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  onTestFinished(() => killGroup(child));
  const stdout: Buffer[] = [];
  let stdoutBytes = 0;
  let stderr = '';
  const watchers = new Set<() => void>();
  const notice = () => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    stdoutBytes += chunk.length;
    notice();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
    notice();
  });
  child.stdin.on('error', () => undefined);
  if (options.stdin === 'tool') child.stdin.end(readFileSync(TOOL));
  else if (options.stdin !== 'open') child.stdin.end();
  const text = () => (stdoutBytes < MOST_TEXT_BYTES ? Buffer.concat(stdout).toString('latin1') : '') + stderr;
  const ended = new Promise<ToolRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      resolve({ child, stdout: Buffer.concat(stdout), stderr, exitCode, signal });
      notice();
    });
  });
  return {
    child,
    ended,
    text,
    said: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (text().includes(wanted)) resolve();
          else if (child.exitCode !== null || child.signalCode !== null)
            reject(new Error(`ended without saying ${wanted}: ${text()}`));
          else return;
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      }),
  };
}

export const runTool = (
  shell: Shell,
  words: readonly string[],
  options: ToolOptions = {},
): Promise<ToolRun> => startTool(shell, words, options).ended;

/** Without heartbeats: how many there are depends on the machine. */
export const linesOf = (run: Pick<ToolRun, 'stdout'>): string[] =>
  run.stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('alive'));

/** What follows `key=` in the first line that begins with this word. */
export const factOf = (run: Pick<ToolRun, 'stdout'>, word: string, key: string): string | undefined =>
  linesOf(run)
    .find((line) => line.startsWith(`${word} `))
    ?.split(' ')
    .find((pair) => pair.startsWith(`${key}=`))
    ?.slice(key.length + 1);

export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}
