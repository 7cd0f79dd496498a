/** Waiting bytes at which the source is paused, and at which it flows again: not at each chunk, which costs. */
const PAUSE_AT_BYTES = 1024 * 1024;
const RESUME_AT_BYTES = 256 * 1024;

/**
 * Hands chunks to a sink one after the other. What comes while the sink is busy waits here, and the source is paused
 * before it is much.
 */
export class OutputQueue {
  readonly #sink: (chunk: Buffer) => void | Promise<void>;
  readonly #source: { pause(): void; resume(): void };
  readonly #onError: (error: unknown) => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #busy = false;
  #paused = false;
  #stopped = false;
  #whenIdle: (() => void)[] = [];

  constructor(
    sink: (chunk: Buffer) => void | Promise<void>,
    source: { pause(): void; resume(): void },
    onError: (error: unknown) => void,
  ) {
    this.#sink = sink;
    this.#source = source;
    this.#onError = onError;
  }

  get paused(): boolean {
    return this.#paused;
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return;
    if (!this.#busy) {
      this.#deliver(chunk);
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= PAUSE_AT_BYTES && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
  }

  /** Resolves when the sink has taken all that was pushed, or at once when stopped. */
  idle(): Promise<void> {
    if (!this.#busy || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Drops what waits, and lets the source flow: the rest of it is of no interest. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#becomeIdle();
  }

  #deliver(chunk: Buffer): void {
    let pending: void | Promise<void>;
    try {
      pending = this.#sink(chunk);
    } catch (error) {
      this.#onError(error);
      return;
    }
    if (pending === undefined) return;
    this.#busy = true;
    pending.then(
      () => this.#next(),
      (error: unknown) => {
        if (!this.#stopped) this.#onError(error);
      },
    );
  }

  #next(): void {
    this.#busy = false;
    while (!this.#busy && !this.#stopped) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) {
        this.#becomeIdle();
        return;
      }
      this.#waitingBytes -= chunk.length;
      if (this.#waitingBytes <= RESUME_AT_BYTES) this.#resume();
      this.#deliver(chunk);
    }
  }

  #becomeIdle(): void {
    this.#resume();
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#source.resume();
  }
}
