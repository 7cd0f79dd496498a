/**
 * Notices a command that says nothing any more. Pings do not: it is the kubelet or the API server that answers them,
 * while the command or the way behind them stands still.
 */
export class QuietWatch {
  readonly #quietMs: number;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** @param quietMs so long without a sign of life, and `signal` aborts */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
    this.touch();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  touch(): void {
    // Called for every chunk: a timer that runs is only put back.
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#stop.abort(), this.#quietMs);
    else this.#timer.refresh();
  }

  /** For the time that we keep the command waiting ourselves. */
  async during(work: void | Promise<void>): Promise<void> {
    this.end();
    try {
      await work;
    } finally {
      if (!this.#stop.signal.aborted) this.touch();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
