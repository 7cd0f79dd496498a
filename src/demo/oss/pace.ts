/** How fast the store takes bodies, all of them together: its line is shared. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Body } from './body.ts';

/** So much of lost time is made up for, as timers come late. */
const CATCH_UP_MS = 50;

export class Pace {
  #bytesPerSecond: number | undefined;
  /** When the line is free again. */
  #freeAt = 0;

  /** @param bytesPerSecond undefined for as fast as it goes */
  limit(bytesPerSecond: number | undefined): void {
    if (bytesPerSecond !== undefined && !(bytesPerSecond > 0))
      throw new RangeError(`Bytes a second must be more than 0: ${bytesPerSecond}`);
    this.#bytesPerSecond = bytesPerSecond;
    this.#freeAt = 0;
  }

  /** In small pieces, so that those who share the line go on side by side. */
  async *paced(body: Body): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length; ) {
        const rate = this.#bytesPerSecond;
        const piece =
          rate === undefined
            ? chunk.subarray(at)
            : chunk.subarray(at, at + Math.max(1, Math.floor(rate / 50)));
        if (rate !== undefined) await this.#turn((piece.length / rate) * 1000);
        at += piece.length;
        yield piece;
      }
    }
  }

  async #turn(ms: number): Promise<void> {
    const now = performance.now();
    this.#freeAt = Math.max(now - CATCH_UP_MS, this.#freeAt) + ms;
    const waitMs = this.#freeAt - now;
    if (waitMs >= 1) await sleep(waitMs);
  }
}
