/**
 * Hands chunks to a sink one after the other. While the sink is busy the source is paused; what comes nevertheless
 * (frames that were already read from the socket, a few at most) waits here.
 */
export class OutputQueue {
  readonly #sink: (chunk: Buffer) => void | Promise<void>;
  readonly #source: { pause(): void; resume(): void };
  readonly #onError: (error: unknown) => void;
  #waiting: Buffer[] = [];
  #busy = false;
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

  get busy(): boolean {
    return this.#busy;
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return;
    if (this.#busy) this.#waiting.push(chunk);
    else this.#deliver(chunk);
  }

  /** Resolves when the sink has taken all that was pushed, or at once when stopped. */
  idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Drops what waits, and lets the source flow: the rest of it is of no interest. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#waiting = [];
    if (this.#busy) this.#settle();
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
    this.#source.pause();
    pending.then(
      () => this.#next(),
      (error: unknown) => {
        if (!this.#stopped) this.#onError(error);
      },
    );
  }

  #next(): void {
    if (this.#stopped) return;
    this.#busy = false;
    while (!this.#busy && !this.#stopped) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) {
        this.#settle();
        return;
      }
      this.#deliver(chunk);
    }
  }

  #settle(): void {
    this.#busy = false;
    this.#source.resume();
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
