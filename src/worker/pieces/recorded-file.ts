/**
 * What can be known of a file only by going through all of it in order: its SHA-256 as it was dumped and as it is stored,
 * and that it is a whole heap dump. Takes as long as it takes: for a thread, not for the main one.
 */
import { createHash, type Hash } from 'node:crypto';
import { type HprofSummary, HprofWalk } from '../hprof-walk.ts';

export interface RecordedFile {
  /** Hex. */
  readonly dumpSha256: string;
  /** Hex; the same as the dump's where nothing was packed. */
  readonly storedSha256: string;
  readonly walk: HprofSummary;
}

export class RunningRecord {
  readonly #dump: Hash = createHash('sha256');
  readonly #walk = new HprofWalk();
  /** Differs from the dump's from the first piece on that is not stored as it was dumped. */
  #stored: Hash | undefined;

  /**
   * The piece that comes next.
   * @param stored what is stored of it; undefined if that is the piece as it was dumped
   * @throws HprofError where the dump turns out not to be one
   */
  take(raw: Uint8Array, stored: Uint8Array | undefined): void {
    if (stored !== undefined) this.#stored ??= this.#dump.copy();
    this.#walk.update(Buffer.from(raw.buffer, raw.byteOffset, raw.length));
    this.#dump.update(raw);
    this.#stored?.update(stored ?? raw);
  }

  /** @throws HprofError if the dump is not whole */
  end(): RecordedFile {
    const walk = this.#walk.end();
    const dumpSha256 = this.#dump.copy().digest('hex');
    return { dumpSha256, storedSha256: this.#stored?.copy().digest('hex') ?? dumpSha256, walk };
  }
}
