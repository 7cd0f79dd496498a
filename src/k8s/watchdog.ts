/** Pings each third of `silenceMs`, and counts looks, not time: a worker that was held up itself blames nobody else. */
export class Watchdog {
  readonly #timer: NodeJS.Timeout;
  #heard = true;
  #missed = 0;

  /**
   * @param mayListen false while we cannot hear (our own pause): that is no silence
   * @param onSilence called once
   */
  constructor(options: {
    silenceMs: number;
    ping: () => void;
    mayListen: () => boolean;
    onSilence: () => void;
  }) {
    this.#timer = setInterval(
      () => {
        if (this.#heard || !options.mayListen()) this.#missed = 0;
        else this.#missed++;
        this.#heard = false;
        if (this.#missed < 3) {
          options.ping();
          return;
        }
        this.stop();
        options.onSilence();
      },
      Math.max(1, options.silenceMs / 3),
    );
  }

  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
