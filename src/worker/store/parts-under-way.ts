/** The parts that this store is sending, by upload, so that an abort of the upload ends them first. */
export class PartsUnderWay {
  readonly #byUpload = new Map<string, Set<Sending>>();

  async run<T>(uploadId: string, signal: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const result = send(AbortSignal.any([signal, ending.signal]));
    const sending: Sending = { ending, settled: result.then(nothing, nothing) };
    const all = this.#byUpload.get(uploadId) ?? new Set();
    this.#byUpload.set(uploadId, all.add(sending));
    try {
      return await result;
    } finally {
      all.delete(sending);
      if (all.size === 0 && this.#byUpload.get(uploadId) === all) this.#byUpload.delete(uploadId);
    }
  }

  /** Resolves when none of the upload is under way any more. */
  async end(uploadId: string): Promise<void> {
    const all = [...(this.#byUpload.get(uploadId) ?? [])];
    for (const { ending } of all) ending.abort(new Error('the upload is aborted'));
    await Promise.all(all.map(({ settled }) => settled));
  }
}

interface Sending {
  readonly ending: AbortController;
  readonly settled: Promise<void>;
}

const nothing = (): void => undefined;
