import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AnswerMessage, CallMessage, Calls } from './serve-calls.ts';

export interface Host<C extends Calls> {
  readonly pid: number | undefined;
  /** @throws Error with what the other side said */
  call<K extends keyof C & string>(
    name: K,
    ...argument: Parameters<C[K]>
  ): Promise<Awaited<ReturnType<C[K]>>>;
  /** Resolves when the process and all that it had started are gone. */
  stop(): Promise<void>;
}

const STOP_MS = 20_000;

/** Starts a file that calls `serveCalls`. */
export function startHost<C extends Calls>(file: URL): Host<C> {
  // What it prints is for people; standard output belongs to the results.
  const child = fork(fileURLToPath(file), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  const exited = once(child, 'exit');
  child.on('message', (answer: AnswerMessage) => {
    const waiter = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('failed' in answer) waiter?.reject(new Error(answer.failed));
    else waiter?.resolve(answer.result);
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file.pathname} ended: ${signal ?? code}`));
    waiting.clear();
  });
  return {
    pid: child.pid,
    async call(name, ...[argument]) {
      if (!child.connected) throw new Error(`${file.pathname} has ended`);
      last += 1;
      const message: CallMessage = { id: last, name, argument };
      return (await new Promise<unknown>((resolve, reject) => {
        waiting.set(message.id, { resolve, reject });
        child.send(message);
      })) as never;
    },
    async stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      if (child.exitCode === null && child.signalCode === null) await exited;
      clearTimeout(timer);
    },
  };
}
