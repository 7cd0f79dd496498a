import { closeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { type PipeReader, readPipe } from '../container/pipes.ts';
import type { ExecProcess, ExecStreams } from '../container/runtime.ts';
import type { ExecFault } from '../faults.ts';
import type { RecordedExec } from './exec-record.ts';
import { exitStatus, successStatus } from './exec-status.ts';
import { FrameSender } from './frame-sender.ts';
import { StdinFeeder } from './stdin-feeder.ts';
import { hasStatus, isBase64, isV5, type Subprotocol } from './subprotocol.ts';
import { TailHolder } from './tail-holder.ts';

const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
/** Between status frame and close frame. */
const CLOSE_DELAY_MS = 1;

/** A command that could not be started: what stderr says, if anything, and the status text. */
export interface NotStarted {
  stderr?: string;
  status: string;
  exitCode?: number;
}

export interface ExecSessionOptions {
  ws: WebSocket;
  socket: Duplex;
  protocol: Subprotocol;
  streams: ExecStreams;
  record: RecordedExec;
  fault: ExecFault | undefined;
  start: () => ExecProcess | NotStarted;
  /** SIGKILLs pid 1 of the container. */
  endContainer: () => void;
  whenClientGone: 'drain' | 'stuck';
}

/** One exec from the upgrade to the end of its command, as a real cluster was seen to do it. */
export class ExecSession {
  readonly #o: ExecSessionOptions;
  readonly #sender: FrameSender;
  readonly #feeder: StdinFeeder;
  readonly #tail: TailHolder | undefined;
  readonly #readers: PipeReader[] = [];
  readonly #abort = new AbortController();
  #process: ExecProcess | undefined;
  #fault: ExecFault | undefined;
  /** 'open' until we have closed it, fallen silent, or the client has gone. */
  #connection: 'open' | 'silent' | 'over' = 'open';
  #openOutputs = 0;
  #exitCode: number | undefined;
  #outputsEnded: () => void = () => {};

  constructor(options: ExecSessionOptions) {
    this.#o = options;
    this.#fault = options.fault;
    this.#sender = new FrameSender(options.socket, isBase64(options.protocol));
    this.#feeder = new StdinFeeder(options);
    this.#tail =
      options.fault?.kind === 'lose-tail'
        ? new TailHolder(options.fault.bytes, (buffer, length) => this.#sendStdout(buffer, length))
        : undefined;
  }

  /** Resolves when the command and all who hold its output are gone, or after `abort()`. */
  async run(): Promise<void> {
    const { ws, socket } = this.#o;
    this.#feeder.listen(() => this.#connection === 'open');
    ws.on('ping', (payload) => {
      if (this.#connection === 'open') ws.pong(payload);
    });
    ws.on('error', () => {});
    ws.on('close', (code) => this.#onClientGone(code));
    socket.on('drain', () => this.#resumeReaders());
    this.#sender.send(STDOUT, Buffer.alloc(0));

    if (this.#fault?.kind === 'slow-start') {
      await sleep(this.#fault.delayMs, undefined, { signal: this.#abort.signal }).catch(() => {});
    }
    if (this.#abort.signal.aborted) return;
    const started = this.#o.start();
    if ('status' in started) {
      if (started.stderr !== undefined) this.#sender.send(STDERR, Buffer.from(started.stderr));
      this.#o.record.ended = true;
      if (started.exitCode !== undefined) this.#o.record.exitCode = started.exitCode;
      await this.#finish(started.status);
      return;
    }
    await this.#follow(started);
  }

  /** For the cluster's own end: nothing is sent any more and no descriptor stays open. */
  abort(): void {
    this.#abort.abort();
    this.#connection = 'over';
    this.#o.ws.terminate();
    this.#o.socket.destroy();
    this.#feeder.destroy();
    for (const reader of this.#readers) reader.destroy();
  }

  async #follow(started: ExecProcess): Promise<void> {
    this.#process = started;
    const { record } = this.#o;
    const outputs = new Promise<void>((resolve) => {
      this.#outputsEnded = resolve;
    });
    for (const [channel, fd] of [
      [STDOUT, started.stdoutFd],
      [STDERR, started.stderrFd],
    ] as const) {
      if (fd === undefined) continue;
      this.#openOutputs += 1;
      this.#read(channel, fd);
    }
    if (this.#openOutputs === 0) this.#outputsEnded();
    // The client may have gone while the command was being started.
    if (this.#connection === 'over') this.#leaveCommand(record.closeCode ?? 1006);
    else this.#checkTrigger();
    this.#feeder.feed(started.stdin);
    const code = await started.exited;
    this.#exitCode = code;
    // What is left in the pipes of a command that was stuck comes now.
    this.#resumeReaders();
    await outputs;
    record.exitCode = code;
    record.ended = true;
    this.#feeder.destroy();
    await this.#finish(code === 0 ? successStatus() : exitStatus(this.#o.protocol, record.command, code));
  }

  #read(channel: number, fd: number): void {
    try {
      this.#readers.push(
        readPipe(fd, {
          takeBuffer: () => this.#sender.takeBuffer(),
          chunk: (buffer, length) => this.#onOutput(channel, buffer, length),
          end: () => {
            this.#openOutputs -= 1;
            if (this.#openOutputs === 0) this.#outputsEnded();
          },
        }),
      );
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** False stops the reading until the client has taken what is on its way: that is how `cat` in the pod blocks. */
  #onOutput(channel: number, buffer: Buffer, length: number): boolean {
    if (this.#connection === 'silent') return false;
    if (this.#connection === 'over') {
      this.#sender.giveBack(buffer);
      return !this.#isStuck();
    }
    if (channel === STDERR) {
      this.#o.record.stderrBytes += length;
      this.#sender.sendChunk(STDERR, buffer, length);
    } else if (this.#tail) {
      this.#tail.push(buffer, length);
    } else {
      this.#sendStdout(buffer, length);
    }
    return !this.#isSilent() && !this.#sender.isFull;
  }

  #sendStdout(buffer: Buffer, length: number): void {
    const { record } = this.#o;
    const fault = this.#fault;
    const isEnd = fault?.kind === 'cut' || fault?.kind === 'silence';
    const take = isEnd ? Math.min(length, fault.afterBytes - record.stdoutBytes) : length;
    record.stdoutBytes += take;
    const last = isEnd && record.stdoutBytes >= fault.afterBytes;
    this.#sender.sendChunk(STDOUT, buffer, take, last ? () => this.#checkTrigger() : undefined);
    // Nothing may follow the last byte, though it is still on its way.
    if (last) this.#connection = 'silent';
    else this.#checkTrigger();
  }

  /** Sets off the faults that wait for a number of bytes. */
  #checkTrigger(): void {
    const fault = this.#fault;
    if (!fault || !('afterBytes' in fault) || this.#o.record.stdoutBytes < fault.afterBytes) return;
    this.#fault = undefined;
    switch (fault.kind) {
      case 'cut':
        this.#o.socket.destroy();
        break;
      case 'silence':
        this.#fallSilent();
        break;
      case 'early-success':
        void this.#finish(successStatus());
        break;
      case 'kill':
        void this.#process?.signal(fault.signal);
        break;
      case 'container-end':
        this.#o.endContainer();
        break;
    }
  }

  /** Our reading stops as well: a network that drops packets brings no close frame and no FIN. */
  #fallSilent(): void {
    this.#connection = 'silent';
    this.#o.ws.pause();
  }

  async #finish(status: string): Promise<void> {
    if (this.#connection !== 'open') return;
    const { ws, socket, protocol } = this.#o;
    this.#tail?.end();
    this.#connection = 'over';
    this.#feeder.end();
    if (this.#fault?.kind === 'cut-before-status') {
      // A write that is empty comes after all others.
      socket.write(Buffer.alloc(0), () => socket.destroy());
      return;
    }
    if (hasStatus(protocol)) this.#sender.send(STATUS, Buffer.from(status));
    await sleep(CLOSE_DELAY_MS);
    if (ws.isPaused) ws.resume();
    ws.close(1000);
  }

  #onClientGone(closeCode: number): void {
    this.#o.record.closeCode = closeCode;
    const wasOver = this.#connection === 'over';
    this.#connection = 'over';
    if (!wasOver) this.#leaveCommand(closeCode);
    this.#resumeReaders();
  }

  /** Stdin ends; a v4 command is killed when there was no close frame, all others live on. */
  #leaveCommand(closeCode: number): void {
    this.#feeder.end();
    if (!isV5(this.#o.protocol) && closeCode === 1006) void this.#process?.signal('SIGKILL');
  }

  #isSilent(): boolean {
    return this.#connection === 'silent';
  }

  #isStuck(): boolean {
    if (this.#exitCode !== undefined) return false;
    return this.#fault?.kind === 'stuck-when-gone' || this.#o.whenClientGone === 'stuck';
  }

  #resumeReaders(): void {
    if (this.#connection === 'silent') return;
    if (this.#connection === 'over' && this.#isStuck()) return;
    for (const reader of this.#readers) reader.resume();
  }
}
