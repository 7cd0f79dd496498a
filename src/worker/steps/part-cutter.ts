/**
 * Cuts a stream into parts of one size and keeps a few of them at a time: the reader of the pod waits while all buffers
 * are on their way to the store. Memory: `buffers` × part size, allocated once and used again.
 */
export interface Part {
  /** Starts at 1. */
  readonly number: number;
  readonly body: Buffer;
}

export class PartCutter {
  readonly #partBytes: number;
  readonly #send: (part: Part) => Promise<void>;
  readonly #free: Buffer[];
  readonly #waiting: (() => void)[] = [];
  readonly #underway = new Set<Promise<void>>();
  #current: Buffer | undefined;
  #filled = 0;
  #number: number;
  #error: unknown;

  /**
   * @param send resolves when the part is stored; its buffer is used again afterwards
   * @param firstNumber of the part that comes next
   */
  constructor(options: {
    partBytes: number;
    buffers: number;
    firstNumber: number;
    send: (part: Part) => Promise<void>;
  }) {
    this.#partBytes = options.partBytes;
    this.#send = options.send;
    this.#free = Array.from({ length: options.buffers }, () => Buffer.allocUnsafeSlow(options.partBytes));
    this.#number = options.firstNumber;
  }

  /** Resolves when the chunk is taken. @throws what `send` failed with */
  async write(chunk: Buffer): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      this.#current ??= await this.#takeBuffer();
      if (this.#error !== undefined) throw this.#error;
      const copied = chunk.copy(this.#current, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === this.#partBytes) this.#dispatch();
    }
  }

  /** Sends what is left as the last part, and waits for all. @throws what `send` failed with */
  async end(): Promise<void> {
    if (this.#filled > 0 && this.#error === undefined) this.#dispatch();
    await this.settle();
    if (this.#error !== undefined) throw this.#error;
  }

  /** Waits for the parts under way, however they end; what is not a whole part is forgotten. */
  async settle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.allSettled(this.#underway);
  }

  #dispatch(): void {
    const buffer = this.#current;
    if (buffer === undefined) return;
    const part = { number: this.#number, body: buffer.subarray(0, this.#filled) };
    this.#number += 1;
    this.#current = undefined;
    this.#filled = 0;
    const sent = this.#send(part)
      .catch((error: unknown) => {
        this.#error ??= error;
      })
      .finally(() => {
        this.#free.push(buffer);
        this.#underway.delete(sent);
        this.#waiting.shift()?.();
      });
    this.#underway.add(sent);
  }

  async #takeBuffer(): Promise<Buffer> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const buffer = this.#free.pop();
      if (buffer !== undefined) return buffer;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
