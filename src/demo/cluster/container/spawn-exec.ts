import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { type PipeMaker, writePipe } from './pipes.ts';
import type { ExecProcess, ExecStreams } from './runtime.ts';

/** As a shell counts: 128 + n for signal n. */
export const exitCodeOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : (code ?? 255)));
    child.once('error', () => resolve(255));
  });

/** Starts argv in a session of its own, with real pipes for the streams asked for. */
export const spawnExec = (
  argv: string[],
  options: {
    env: Record<string, string>;
    cwd: string;
    streams: ExecStreams;
    pipes: PipeMaker;
    /** Delivers a signal to the command, given the process that was spawned here. */
    deliver: (child: ChildProcess, signal: NodeJS.Signals) => Promise<void>;
  },
): ExecProcess => {
  const { streams, pipes } = options;
  const stdin = streams.stdin ? pipes.make('writes') : undefined;
  const stdout = streams.stdout ? pipes.make('reads') : undefined;
  const stderr = streams.stderr ? pipes.make('reads') : undefined;
  const [file = '', ...args] = argv;
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      env: options.env,
      cwd: options.cwd,
      detached: true,
      stdio: [stdin?.childFd ?? 'ignore', stdout?.childFd ?? 'ignore', stderr?.childFd ?? 'ignore'],
    });
  } catch (error) {
    for (const ends of [stdin, stdout, stderr]) if (ends) closeSync(ends.parentFd);
    throw error;
  } finally {
    for (const ends of [stdin, stdout, stderr]) if (ends) closeSync(ends.childFd);
  }
  return {
    stdin: stdin && writePipe(stdin.parentFd),
    stdoutFd: stdout?.parentFd,
    stderrFd: stderr?.parentFd,
    exited: exitCodeOf(child),
    signal: (signal) => options.deliver(child, signal),
  };
};
