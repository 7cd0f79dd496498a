import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { RecordedExec } from './exec-record.ts';
import { HIGH_WATER_BYTES } from './frame-sender.ts';
import { isBase64, isV5, type Subprotocol } from './subprotocol.ts';

const STDIN = 0;
const CLOSE_STREAM = 255;

/** Takes stdin from the client to the command, no faster than the command reads it. */
export class StdinFeeder {
  readonly #ws: WebSocket;
  readonly #protocol: Subprotocol;
  readonly #record: RecordedExec;
  /** Undefined until the command has been started. */
  #target: { stdin: Socket | undefined } | undefined;
  #early: Buffer[] = [];
  #ended = false;
  #isOpen: () => boolean = () => false;

  constructor(exec: { ws: WebSocket; protocol: Subprotocol; record: RecordedExec }) {
    this.#ws = exec.ws;
    this.#protocol = exec.protocol;
    this.#record = exec.record;
  }

  /** Nothing is taken while `isOpen` says no. */
  listen(isOpen: () => boolean): void {
    this.#isOpen = isOpen;
    this.#ws.on('message', (message: RawData) => {
      if (!Buffer.isBuffer(message) || message.length === 0 || !isOpen()) return;
      if (this.#target) this.#take(message);
      else this.#early.push(message);
    });
  }

  /** From here on messages go to the command; those that came before it go first. */
  feed(stdin: Socket | undefined): void {
    this.#target = { stdin };
    for (const message of this.#early.splice(0)) this.#take(message);
    if (this.#ended) stdin?.end();
  }

  end(): void {
    this.#ended = true;
    this.#target?.stdin?.end();
  }

  destroy(): void {
    this.#target?.stdin?.destroy();
  }

  #take(message: Buffer): void {
    const stdin = this.#target?.stdin;
    const base64 = isBase64(this.#protocol);
    const channel = base64 ? (message[0] ?? 0) - 0x30 : message[0];
    if (channel === CLOSE_STREAM && isV5(this.#protocol)) {
      if (message[1] === STDIN) stdin?.end();
      return;
    }
    if (channel !== STDIN || !stdin || stdin.writableEnded) return;
    const bytes = base64 ? Buffer.from(message.subarray(1).toString(), 'base64') : message.subarray(1);
    this.#record.stdinBytes += bytes.length;
    stdin.write(bytes);
    if (stdin.writableLength > HIGH_WATER_BYTES && !stdin.destroyed) this.#waitFor(stdin);
  }

  /** The client is not read until the command has read, or has closed its stdin. */
  #waitFor(stdin: Socket): void {
    if (this.#ws.isPaused) return;
    this.#ws.pause();
    const goOn = () => {
      stdin.off('drain', goOn).off('close', goOn);
      if (this.#isOpen()) this.#ws.resume();
    };
    stdin.once('drain', goOn).once('close', goOn);
  }
}
