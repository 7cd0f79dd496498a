/** Pauses that double, with jitter: many bots that lost one platform must not come back at the same moment. */
export class BackOff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #random: () => number;
  #tries = 0;

  /** @param random from 0 to below 1 */
  constructor(options: {
    readonly firstMs: number;
    readonly longestMs: number;
    readonly random: () => number;
  }) {
    this.#firstMs = options.firstMs;
    this.#longestMs = options.longestMs;
    this.#random = options.random;
  }

  /** @returns milliseconds, from half of the doubled pause to the whole of it */
  next(): number {
    const whole = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 30);
    return Math.round(whole * (0.5 + this.#random() / 2));
  }

  reset(): void {
    this.#tries = 0;
  }
}
