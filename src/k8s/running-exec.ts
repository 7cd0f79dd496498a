import { setTimeout as delay } from 'node:timers/promises';
import type { RawData, WebSocket } from 'ws';
import { AnnouncedStderr } from './announced-stderr.ts';
import { readStatus } from './api-status.ts';
import type { Deadline } from './deadline.ts';
import { type CommandEnd, endingArgv, readCommandEnd } from './end-command.ts';
import { ExecError, exitOfStatus } from './exec-error.ts';
import type { ExecOptions, ExecResult, ExecSession } from './exec-options.ts';
import type { Subprotocol } from './exec-socket.ts';
import { OutputQueue } from './output-queue.ts';
import { sendInput } from './send-input.ts';
import { Watchdog } from './watchdog.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
/** v5 only: the end of the channel that the second byte names. */
const CLOSE = 255;

const FRAME_BYTES = 32 * 1024;
const STDOUT_LIMIT_BYTES = 1024 * 1024;
const STDERR_LIMIT_BYTES = 64 * 1024;
const SILENCE_MS = 20_000;
const END_GRACE_MS = 5_000;
/** The close comes 0.5 to 5 ms after the status. */
const CLOSE_AFTER_STATUS_MS = 3_000;
/** The command starts 30 to 60 ms after the upgrade. */
const PID_LINE_MS = 3_000;

/** One exec from the upgrade to its end. */
export class RunningExec implements ExecSession {
  readonly done: Promise<ExecResult>;
  readonly #socket: WebSocket;
  readonly #protocol: Subprotocol;
  readonly #options: ExecOptions;
  readonly #runBeside: (argv: readonly string[]) => Promise<ExecResult>;
  readonly #output: OutputQueue;
  readonly #watchdog: Watchdog;
  /** Nothing more is wanted from our input: the command ended, or we gave up. */
  readonly #over = new AbortController();
  readonly #stdout: Buffer[] = [];
  readonly #stderr: AnnouncedStderr;
  readonly #closed: Promise<void>;
  readonly #end: () => void;
  readonly #settle: { resolve: (result: ExecResult) => void; reject: (error: ExecError) => void };
  #stdoutBytes = 0;
  #exit: number | ExecError | undefined;
  #socketError: unknown;
  #decided = false;

  /** @param runBeside another exec in the same container, for ending this one's command */
  constructor(
    socket: WebSocket,
    protocol: Subprotocol,
    options: ExecOptions,
    deadline: Deadline,
    runBeside: (argv: readonly string[]) => Promise<ExecResult>,
  ) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#options = options;
    this.#runBeside = runBeside;
    this.#stderr = new AnnouncedStderr(
      options.stderrLimitBytes ?? STDERR_LIMIT_BYTES,
      options.endOnAbort === true,
    );
    const { promise, ...settle } = deferred<ExecResult>();
    this.done = promise;
    this.#settle = settle;
    // Whoever aborts and does not look must not bring the process down.
    this.done.catch(() => {});
    this.#output = new OutputQueue(
      (chunk) => this.#take(chunk),
      { pause: () => socket.pause(), resume: () => socket.resume() },
      (cause) => this.#fail(new ExecError('sink-failed', 'Output could not be taken', { cause })),
    );
    this.#watchdog = new Watchdog({
      silenceMs: options.silenceMs ?? SILENCE_MS,
      ping: () => socket.readyState === socket.OPEN && socket.ping(),
      mayListen: () => !this.#output.paused,
      onSilence: () =>
        this.#fail(new ExecError('silent', `Nothing was heard for ${options.silenceMs ?? SILENCE_MS} ms`)),
    });
    const onDeadline = (): void => this.#fail(endedEarly(deadline.timedOut(), options));
    this.#end = () => {
      this.#watchdog.stop();
      this.#over.abort();
      deadline.signal.removeEventListener('abort', onDeadline);
      deadline.end();
    };
    this.#closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        resolve();
        void this.#onClose(code);
      });
    });
    socket.on('error', (error) => {
      this.#socketError = error;
    });
    socket.on('message', (message) => this.#onMessage(message));
    socket.on('ping', () => this.#watchdog.heard());
    socket.on('pong', () => this.#watchdog.heard());
    socket.resume();
    deadline.signal.addEventListener('abort', onDeadline, { once: true });
    if (deadline.signal.aborted) onDeadline();
    if (options.stdin !== undefined) void this.#sendInput(options.stdin);
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    for (let at = 0; at < buffer.length; at += FRAME_BYTES) {
      await this.#send(STDIN, buffer.subarray(at, at + FRAME_BYTES));
    }
  }

  get ended(): boolean {
    return this.#over.signal.aborted;
  }

  abort(cause?: unknown): void {
    this.#fail(new ExecError('aborted', 'The command was stopped', { cause }));
  }

  #send(channel: number, payload: Uint8Array): Promise<void> {
    if (this.#over.signal.aborted || this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve();
    const frame = Buffer.allocUnsafe(payload.length + 1);
    frame[0] = channel;
    frame.set(payload, 1);
    return new Promise((resolve) => {
      this.#socket.send(frame, { binary: true }, (error) => {
        // A full send buffer holds our pings up, so that what goes out counts as a sign of life too.
        if (!error) this.#watchdog.heard();
        // What the kernel takes at once is answered at once: without this turn a fast source would let nothing else in.
        setImmediate(resolve);
      });
    });
  }

  async #sendInput(source: NonNullable<ExecOptions['stdin']>): Promise<void> {
    try {
      await sendInput(source, this.#options.stdinSizeBytes, (bytes) => this.write(bytes), this.#over.signal);
      if (this.#protocol === 'v5' && !this.#options.keepStdinOpen)
        await this.#send(CLOSE, Buffer.from([STDIN]));
    } catch (cause) {
      this.#fail(new ExecError('sink-failed', 'Input could not be read', { cause }));
    }
  }

  /** @param message lies in memory that the connection uses again */
  #onMessage(message: RawData): void {
    this.#watchdog.heard();
    if (!Buffer.isBuffer(message) || message.length < 2) return;
    const payload = message.subarray(1);
    switch (message[0]) {
      case STDOUT:
        this.#stdoutBytes += payload.length;
        if (!this.#decided) this.#output.push(payload);
        return;
      case STDERR:
        this.#onStderr(Buffer.from(payload));
        return;
      case STATUS:
        this.#onStatus(payload.toString('utf8'));
        return;
      default:
        return;
    }
  }

  #take(chunk: Buffer): void | Promise<void> {
    if (this.#options.onStdout !== undefined) return this.#options.onStdout(chunk, this);
    const limit = this.#options.stdoutLimitBytes ?? STDOUT_LIMIT_BYTES;
    if (this.#stdoutBytes > limit)
      this.#fail(new ExecError('too-much-output', `The command wrote more than ${limit} bytes`));
    else this.#stdout.push(Buffer.from(chunk));
  }

  #onStderr(chunk: Buffer): void {
    const own = this.#stderr.push(chunk);
    if (own === 'no-command') {
      const facts = { reason: 'no-such-file' } as const;
      this.#exit = new ExecError('cannot-start', 'No such command in the container', facts);
      return;
    }
    if (own.length === 0 || this.#decided) return;
    try {
      this.#options.onStderr?.(own);
    } catch (cause) {
      this.#fail(new ExecError('sink-failed', 'Output could not be taken', { cause }));
    }
  }

  #onStatus(text: string): void {
    this.#exit ??= exitOfStatus(readStatus(text));
    this.#watchdog.stop();
    this.#over.abort();
    // Not before the sink is done: until then the close cannot be heard.
    void this.#output.idle().then(async () => {
      await Promise.race([this.#closed, delay(CLOSE_AFTER_STATUS_MS, undefined, { ref: false })]);
      this.#socket.terminate();
    });
  }

  async #onClose(code: number): Promise<void> {
    this.#watchdog.stop();
    const exit = this.#exit;
    if (exit === undefined) {
      const facts = { cause: this.#socketError };
      this.#fail(new ExecError('broken', `The connection broke (${code}) before the command ended`, facts));
      return;
    }
    if (typeof exit !== 'number') {
      this.#fail(exit);
      return;
    }
    await this.#output.idle();
    if (this.#decided) return;
    this.#decided = true;
    this.#end();
    this.#settle.resolve({
      exitCode: exit,
      signal: exit > 128 ? exit - 128 : undefined,
      stdout: this.#options.onStdout === undefined ? Buffer.concat(this.#stdout) : undefined,
      stderr: this.#stderr.toString(),
      stdoutBytes: this.#stdoutBytes,
      protocol: this.#protocol,
    });
  }

  #fail(error: ExecError): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#end();
    this.#output.stop();
    void this.#giveUp(error);
  }

  async #giveUp(error: ExecError): Promise<void> {
    const ended = error.code === 'cannot-start' || error.code === 'container-ended';
    if (!this.#options.endOnAbort || ended) {
      this.#socket.terminate();
      this.#settle.reject(error);
      return;
    }
    // A living connection stays until the command had its TERM: on v4 its loss would be a KILL.
    if (error.code === 'broken' || error.code === 'silent') this.#socket.terminate();
    const commandEnd = await this.#endCommand();
    this.#socket.terminate();
    const { code, message, status, reason, retryable, cause } = error;
    this.#settle.reject(new ExecError(code, message, { status, reason, retryable, commandEnd, cause }));
  }

  async #endCommand(): Promise<CommandEnd> {
    // One that is known already wins over a close that has happened already: it is asked first.
    const waited = [this.#closed, delay(PID_LINE_MS)].map((wait) => wait.then(() => undefined));
    const command = await Promise.race([this.#stderr.announced, ...waited]);
    if (command === undefined) return 'unknown';
    try {
      const graceMs = this.#options.endGraceMs ?? END_GRACE_MS;
      const { stdout } = await this.#runBeside(endingArgv(command, graceMs));
      return readCommandEnd(stdout?.toString('latin1') ?? '');
    } catch {
      // The first error stays: that we could not look says less than why we had to.
      return 'unknown';
    }
  }
}

/** For the end of the whole deadline, whichever it was. */
export const endedEarly = (timedOut: boolean, options: ExecOptions): ExecError =>
  timedOut
    ? new ExecError('timed-out', `The command did not end within ${options.timeoutMs} ms`)
    : new ExecError('aborted', 'The command was stopped', { cause: options.signal?.reason });

const deferred = <T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} => {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};
