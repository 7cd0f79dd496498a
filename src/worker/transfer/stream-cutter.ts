/** Cuts a stream of unknown length into pieces and has each stored while the next one fills. */
import { copyBytes } from '../pieces/copy-bytes.ts';
import { StepError } from '../step-error.ts';
import type { Transfer } from './run.ts';
import { storePiece } from './store-piece.ts';

export class StreamCutter {
  readonly #run: Transfer;
  readonly #storing = new Set<Promise<void>>();
  readonly #failed = new AbortController();
  #buffer: SharedArrayBuffer | undefined;
  #filled = 0;
  #number = 1;
  #offset = 0;

  constructor(run: Transfer) {
    this.#run = run;
  }

  /** Aborts, for the reason why, when a piece could not be stored. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  get takenBytes(): number {
    return this.#offset + this.#filled;
  }

  /** @returns undefined if there was room for it, else a promise that the source has to wait for */
  write(chunk: Buffer): Promise<void> | undefined {
    const { pieceBytes } = this.#run.upload;
    if (this.#buffer === undefined || this.#filled + chunk.length >= pieceBytes)
      return this.#writeSlowly(chunk);
    this.#copy(chunk);
    return undefined;
  }

  /** Stores what is left as the last piece, and waits for all. @throws what a piece failed with */
  async end(): Promise<void> {
    if (this.#filled > 0) this.#dispatch(true);
    await this.settle();
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
  }

  /** Nothing is at work any more, and no buffer in use. */
  async settle(): Promise<void> {
    if (this.#buffer !== undefined) this.#run.buffers.release(this.#buffer);
    this.#buffer = undefined;
    while (this.#storing.size > 0) await Promise.all(this.#storing);
  }

  async #writeSlowly(chunk: Buffer): Promise<void> {
    const { upload, buffers, signal } = this.#run;
    for (let at = 0; at < chunk.length; ) {
      this.#buffer ??= await buffers.acquire(AbortSignal.any([signal, this.#failed.signal]));
      const taken = Math.min(chunk.length - at, upload.pieceBytes - this.#filled);
      this.#copy(chunk.subarray(at, at + taken));
      at += taken;
      if (this.#filled === upload.pieceBytes) this.#dispatch(false);
    }
  }

  #copy(bytes: Uint8Array): void {
    if (this.#buffer === undefined) return;
    copyBytes(new Uint8Array(this.#buffer), bytes, this.#filled);
    this.#filled += bytes.length;
    this.#run.meter.add(bytes.length);
  }

  #dispatch(last: boolean): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const run = { ...this.#run, signal: AbortSignal.any([this.#run.signal, this.#failed.signal]) };
    const { maxParts } = run.context.store.limits;
    if (this.#number > maxParts)
      throw new StepError('stream-broken', `more than ${maxParts} pieces of ${run.upload.pieceBytes} bytes`);
    const piece = { number: this.#number, offset: this.#offset, sizeBytes: this.#filled };
    this.#number += 1;
    this.#offset += this.#filled;
    this.#filled = 0;
    this.#buffer = undefined;
    const way = run.compression.next();
    const { letGo, stored } = storePiece(run, {
      piece,
      raw: buffer,
      way: way === 'pod' ? 'deflate' : way,
      podSum: undefined,
      isLast: last,
    });
    const settled = Promise.all([
      letGo.then(() => run.buffers.release(buffer)),
      stored.catch((error: unknown) => this.#failed.abort(error)),
    ]).then(() => void this.#storing.delete(settled));
    this.#storing.add(settled);
  }
}
