import { HEAD_ROOM } from '../container/pipes.ts';

/** Passes chunks on late, so that the last `bytes` of a stream can be lost once its end is known. */
export class TailHolder {
  readonly #bytes: number;
  readonly #pass: (buffer: Buffer, length: number) => void;
  #held: { buffer: Buffer; length: number }[] = [];
  #heldBytes = 0;

  constructor(bytes: number, pass: (buffer: Buffer, length: number) => void) {
    this.#bytes = bytes;
    this.#pass = pass;
  }

  /** `buffer` has HEAD_ROOM before its `length` bytes. */
  push(buffer: Buffer, length: number): void {
    this.#held.push({ buffer, length });
    this.#heldBytes += length;
    this.#release((oldest) => this.#heldBytes - oldest >= this.#bytes);
  }

  end(): void {
    const spare = this.#heldBytes - this.#bytes;
    const oldest = this.#held[0];
    // All but the oldest are needed to make up the loss, else it would have been passed on.
    if (oldest && spare > 0) this.#pass(Buffer.from(oldest.buffer.subarray(0, HEAD_ROOM + spare)), spare);
    this.#held = [];
    this.#heldBytes = 0;
  }

  #release(mayGo: (length: number) => boolean): void {
    for (let oldest = this.#held[0]; oldest && mayGo(oldest.length); oldest = this.#held[0]) {
      this.#held.shift();
      this.#heldBytes -= oldest.length;
      this.#pass(oldest.buffer, oldest.length);
    }
  }
}
