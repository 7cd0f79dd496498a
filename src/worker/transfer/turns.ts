/**
 * Keeps pieces that run ahead from taking what the next one in the file's order needs: those that are compressed hold
 * their buffer until the pieces before them are hashed, and there are few of these buffers.
 */
export class Turns {
  readonly #width: number;
  readonly #waiting: { readonly number: number; readonly wake: () => void }[] = [];
  #taken = 0;

  /** @param width how many pieces may be at it at once: the number of buffers */
  constructor(width: number) {
    this.#width = width;
  }

  /** Waits until the piece is among the next few. @throws the signal's reason */
  async enter(number: number, signal: AbortSignal): Promise<void> {
    while (number > this.#taken + this.#width) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.push({ number, wake });
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    signal.throwIfAborted();
  }

  /** All pieces up to this one are hashed. */
  took(number: number): void {
    this.#taken = Math.max(this.#taken, number);
    for (const { wake } of this.#waiting.splice(0)) wake();
  }
}
