/** The pieces of a file are offered as they come, and taken one after the other. */
import type { RecordedFile } from './recorded-file.ts';

/** Where the pieces of one file are gone through, in their order. */
export interface Recorder {
  /**
   * The piece that comes next; one at a time.
   * @param stored what is stored of it; undefined if that is the piece as it was dumped
   * @throws HprofError where the dump turns out not to be one
   */
  take(raw: Uint8Array, stored: Uint8Array | undefined): Promise<void>;
  /** @throws HprofError if the dump is not whole */
  end(): Promise<RecordedFile>;
  /** Whatever was taken may be forgotten. */
  close(): void;
}

export interface FileRecord {
  /**
   * Resolves when the piece was taken, which is not before all with a smaller number are. Both arrays must stay as they
   * are until it settles. Whoever waits with the only buffers there are for a piece that needs one waits for ever.
   *
   * @param number the first piece is 1; each is taken once
   * @param stored what is stored of it; the same object as `raw` if that is stored
   * @param signal takes the offer back, so that the piece may be offered again; not when it is being taken already
   * @throws HprofError where the dump turns out not to be one: then, and whenever something was not taken to its end,
   * all later offers fail in the same way. The signal's reason. Error for a number that was offered before
   */
  offer(number: number, raw: Uint8Array, stored: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** @throws HprofError if the dump is not whole, what an offer failed with, or Error if pieces are waiting for others */
  end(): Promise<RecordedFile>;
  /** To be called in the end, however that is. */
  close(): void;
}

interface Offer {
  readonly raw: Uint8Array;
  readonly stored: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createFileRecord(recorder: Recorder): FileRecord {
  return new OrderedRecord(recorder);
}

class OrderedRecord implements FileRecord {
  readonly #recorder: Recorder;
  readonly #offers = new Map<number, Offer>();
  #next = 1;
  #taking = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  async offer(number: number, raw: Uint8Array, stored: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!Number.isSafeInteger(number) || number < this.#next || this.#offers.has(number))
      throw new RangeError(`Piece ${number} was offered before, or is none`);
    let withdraw = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        withdraw = () => {
          if (this.#offers.delete(number)) reject(signal?.reason);
        };
        signal?.addEventListener('abort', withdraw, { once: true });
        this.#offers.set(number, { raw, stored, resolve, reject });
        if (!this.#taking) void this.#takeAll();
      });
    } finally {
      signal?.removeEventListener('abort', withdraw);
    }
  }

  async end(): Promise<RecordedFile> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#taking || this.#offers.size > 0)
      throw new Error(`Pieces are not taken yet: ${this.#offers.size} wait for piece ${this.#next}`);
    return this.#recorder.end();
  }

  close(): void {
    this.#recorder.close();
  }

  /** Never rejects: each offer hears of its own end. */
  async #takeAll(): Promise<void> {
    this.#taking = true;
    for (let offer = this.#nextOffer(); offer !== undefined; offer = this.#nextOffer()) {
      try {
        await this.#recorder.take(offer.raw, offer.stored === offer.raw ? undefined : offer.stored);
        offer.resolve();
      } catch (error) {
        this.#failure = { error };
        for (const { reject } of [offer, ...this.#offers.values()]) reject(error);
        this.#offers.clear();
      }
    }
    this.#taking = false;
  }

  #nextOffer(): Offer | undefined {
    const offer = this.#offers.get(this.#next);
    if (offer === undefined) return undefined;
    this.#offers.delete(this.#next);
    this.#next += 1;
    return offer;
  }
}
