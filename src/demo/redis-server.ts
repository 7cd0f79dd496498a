/** A real redis-server of one's own, for the demo and for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import type { Tools } from './set-up/debian-tools.ts';
import { onPath } from './set-up/system-tools.ts';

export interface RunningRedis {
  /** redis://…, with the password if there is one: a secret then. */
  readonly url: string;
  readonly port: number;
  /** Ends it as an operator would; its data stay in the work folder. Does nothing if it has ended. */
  stop(): Promise<void>;
  /** Ends it if it runs, and starts it again on the same port with the data that it had. */
  restart(): Promise<void>;
  /** Ends it as a power cut would: no last word, no saving. */
  kill(): Promise<void>;
}

export interface StartRedisOptions {
  tools: Pick<Tools, 'redisServer' | 'env'>;
  /** Holds the append-only file and redis.log; made if missing. */
  workDir: string;
  password?: string;
  /** How long it may take until it answers. */
  startTimeoutMs?: number;
}

/** Another process may take the port between our look and Redis's bind. */
const PORT_TRIES = 5;
const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts redis-server on a free port of 127.0.0.1: append-only file on, nothing evicted, as the bot needs it. It ends
 * with the process that started it, however that ends.
 * @throws Error with the end of its log, if it does not come up
 */
export async function startRedis(options: StartRedisOptions): Promise<RunningRedis> {
  await mkdir(options.workDir, { recursive: true });
  for (let left = PORT_TRIES - 1; ; left -= 1) {
    const port = await freePort();
    try {
      return await startOn(port, options);
    } catch (error) {
      if (left === 0 || !readLog(options.workDir).includes('Address already in use')) throw error;
    }
  }
}

async function startOn(port: number, options: StartRedisOptions): Promise<RunningRedis> {
  const { password } = options;
  const url = `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`;
  let child = await launch(port, url, options);
  const stop = () => end(child, 'SIGTERM');
  return {
    url,
    port,
    stop,
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      await stop();
      child = await launch(port, url, options);
    },
  };
}

async function launch(port: number, url: string, options: StartRedisOptions): Promise<ChildProcess> {
  const { tools, workDir, password, startTimeoutMs = 30_000 } = options;
  const settings = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${JSON.stringify(workDir)}`,
    'appendonly yes',
    // Each command is in the kernel's hands before it is answered: that outlives a kill, if not a power cut.
    'appendfsync no',
    'save ""',
    'maxmemory-policy noeviction',
    ...(password === undefined ? [] : [`requirepass ${JSON.stringify(password)}`]),
  ];
  const environment = { ...process.env, ...tools.env };
  // PR_SET_PDEATHSIG: the kernel ends it with us, also when nobody is left to tidy up.
  const setpriv = onPath('setpriv', environment);
  const before = setpriv === null ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
  const [program = '', ...args] = [...before, tools.redisServer, '-'];
  const log = openSync(join(workDir, 'redis.log'), 'w');
  const child = spawn(program, args, { env: environment, cwd: workDir, stdio: ['pipe', log, log] });
  closeSync(log);
  // The settings, a password among them, go in by stdin: argv is for all to see.
  child.stdin?.on('error', () => {});
  child.stdin?.end(`${settings.join('\n')}\n`);
  const failure = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
  const ready = new AbortController();
  const why = await Promise.race([failure, answers(url, startTimeoutMs, ready.signal)]);
  ready.abort();
  if (why === null) return child;
  await end(child, 'SIGKILL');
  throw new Error(`redis-server did not start on port ${port}: ${why}\n${readLog(workDir).slice(-2000)}`);
}

/** @returns null once it answers and has read its data, else why not */
async function answers(url: string, timeoutMs: number, signal: AbortSignal): Promise<string | null> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {});
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const gaveUp = once(deadline, 'abort').then(() => `no answer in ${timeoutMs} ms`);
    const pong = client.ping().then(
      () => null,
      (error: Error) => error.message,
    );
    return deadline.aborted ? 'aborted' : await Promise.race([pong, gaveUp]);
  } finally {
    client.disconnect();
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const late = new AbortController();
  const killed = sleep(STOP_TIMEOUT_MS, undefined, { signal: late.signal }).then(
    () => child.kill('SIGKILL'),
    () => false,
  );
  await ended;
  late.abort();
  await killed;
}

function readLog(workDir: string): string {
  try {
    return readFileSync(join(workDir, 'redis.log'), 'utf8');
  } catch {
    return '';
  }
}
