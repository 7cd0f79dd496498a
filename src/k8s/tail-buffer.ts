/** Keeps the last `limitBytes` of what is pushed, and never more than twice as much on the way. */
export class TailBuffer {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 2 * this.#limitBytes) this.#cut();
  }

  toString(): string {
    this.#cut();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #cut(): void {
    const all = Buffer.concat(this.#chunks);
    // Copied, as a view would keep all of it in memory.
    const tail = Buffer.from(all.subarray(Math.max(0, all.length - this.#limitBytes)));
    this.#chunks = [tail];
    this.#bytes = tail.length;
  }
}
