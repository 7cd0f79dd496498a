import type { Duplex } from 'node:stream';
import { CHUNK_BYTES, HEAD_ROOM } from '../container/pipes.ts';

/** Buffers kept for the next chunk, per connection: what is on its way at full speed. */
const POOL_SIZE = 64;
/** Above this many bytes on their way to the client, the command's output is no longer read. */
export const HIGH_WATER_BYTES = 1024 * 1024;

/**
 * Writes WebSocket data frames to the connection's socket. `ws` frames, too, but as two writes per message; here the
 * header stands in the buffer that the pipe was read into, so a chunk goes from the pipe to TLS without a copy.
 * `ws` may send its own frames (pong, close) in between, as both write whole frames.
 */
export class FrameSender {
  readonly #socket: Duplex;
  readonly #base64: boolean;
  #pool: Buffer[] = [];

  constructor(socket: Duplex, base64: boolean) {
    this.#socket = socket;
    this.#base64 = base64;
  }

  takeBuffer(): Buffer {
    return this.#pool.pop() ?? Buffer.allocUnsafeSlow(HEAD_ROOM + CHUNK_BYTES);
  }

  giveBack(buffer: Buffer): void {
    if (this.#pool.length < POOL_SIZE) this.#pool.push(buffer);
  }

  get isFull(): boolean {
    return this.#socket.writableLength > HIGH_WATER_BYTES;
  }

  /** The `length` bytes behind the buffer's head room as one message; the buffer is this sender's from here on. */
  sendChunk(channel: number, buffer: Buffer, length: number, sent?: () => void): void {
    if (this.#base64) {
      this.send(channel, buffer.subarray(HEAD_ROOM, HEAD_ROOM + length), sent);
      this.giveBack(buffer);
      return;
    }
    const payload = length + 1;
    const start = payload < 126 ? 2 : 0;
    buffer[start] = 0x82;
    if (payload < 126) {
      buffer[start + 1] = payload;
    } else {
      buffer[1] = 126;
      buffer.writeUInt16BE(payload, 2);
    }
    buffer[HEAD_ROOM - 1] = channel;
    this.#write(buffer.subarray(start, HEAD_ROOM + length), () => {
      this.giveBack(buffer);
      sent?.();
    });
  }

  /** Any message of up to 65,534 bytes; copies. */
  send(channel: number, message: Buffer, sent?: () => void): void {
    const payload = this.#base64
      ? Buffer.from(`${channel}${message.toString('base64')}`)
      : Buffer.concat([Buffer.of(channel), message]);
    const head = payload.length < 126 ? Buffer.of(0, payload.length) : Buffer.of(0, 126, 0, 0);
    head[0] = this.#base64 ? 0x81 : 0x82;
    if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
    this.#write(Buffer.concat([head, payload]), sent);
  }

  #write(frame: Buffer, sent?: () => void): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) {
      sent?.();
      return;
    }
    this.#socket.write(frame, () => sent?.());
  }
}
