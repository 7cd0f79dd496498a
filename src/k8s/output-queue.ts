/**
 * Hands chunks to a sink one after the other. While the sink is busy the source is paused, which costs nothing that
 * could be measured; what comes nevertheless (frames that were already read from the socket, a few) waits here.
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

  get paused(): boolean {
    return this.#busy;
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return;
    if (this.#busy) this.#waiting.push(chunk);
    else this.#deliver(chunk);
  }

  /** Resolves when the sink has taken all that was pushed, or when stopped. */
  idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Drops what waits, and lets the source flow: the rest of it is of no interest. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
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
    if (pending === undefined || this.#stopped) return;
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
    this.#busy = false;
    while (!this.#busy && !this.#stopped) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) {
        this.#becomeIdle();
        return;
      }
      this.#deliver(chunk);
    }
  }

  #becomeIdle(): void {
    this.#busy = false;
    this.#source.resume();
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
