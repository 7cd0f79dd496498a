/**
 * What can be known of the whole file only by going through it in order: its SHA-256 as it was dumped and as it is
 * stored, and that it is a whole heap dump. Pieces are offered as they come, and taken one after the other.
 */
import { createHash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type HprofSummary, HprofWalk } from '../hprof-walk.ts';

export interface RecordedFile {
  /** Hex. */
  readonly dumpSha256: string;
  /** Hex; the same as the dump's where nothing was packed. */
  readonly storedSha256: string;
  readonly walk: HprofSummary;
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
  end(): RecordedFile;
}

/** SHA-256 takes about a millisecond for it: a turn of the event loop stays short. */
const SLICE_BYTES = 1024 * 1024;

interface Offer {
  readonly raw: Uint8Array;
  readonly stored: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createFileRecord(): FileRecord {
  return new RunningRecord();
}

class RunningRecord implements FileRecord {
  readonly #dump: Hash = createHash('sha256');
  readonly #walk = new HprofWalk();
  readonly #offers = new Map<number, Offer>();
  /** Differs from the dump's from the first piece on that is not stored as it was dumped. */
  #stored: Hash | undefined;
  #next = 1;
  #taking = false;
  #failure: { readonly error: unknown } | undefined;

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

  end(): RecordedFile {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#taking || this.#offers.size > 0)
      throw new Error(`Pieces are not taken yet: ${this.#offers.size} wait for piece ${this.#next}`);
    const walk = this.#walk.end();
    const dumpSha256 = this.#dump.copy().digest('hex');
    return { dumpSha256, storedSha256: this.#stored?.copy().digest('hex') ?? dumpSha256, walk };
  }

  /** Never rejects: each offer hears of its own end. */
  async #takeAll(): Promise<void> {
    this.#taking = true;
    for (let offer = this.#nextOffer(); offer !== undefined; offer = this.#nextOffer()) {
      try {
        await this.#take(offer);
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

  async #take({ raw, stored }: Offer): Promise<void> {
    if (stored !== raw) this.#stored ??= this.#dump.copy();
    for (const slice of slicesOf(raw)) {
      this.#walk.update(slice);
      this.#dump.update(slice);
      if (stored === raw) this.#stored?.update(slice);
      await nextTurn();
    }
    if (stored === raw) return;
    for (const slice of slicesOf(stored)) {
      this.#stored?.update(slice);
      await nextTurn();
    }
  }
}

function* slicesOf(bytes: Uint8Array): Generator<Buffer, void, undefined> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < all.length; at += SLICE_BYTES) yield all.subarray(at, at + SLICE_BYTES);
}
