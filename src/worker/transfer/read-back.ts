/**
 * Reads the stored object once more, where its pieces did not all pass through this process: what the pod uploaded by
 * itself, or another worker before it died. Hashes it, walks the dump in it, and compares each piece with the pod's own
 * checksum: this is the dump, from the store's hands.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { DumpContext } from '../dump-context.ts';
import { HprofWalk } from '../hprof-walk.ts';
import type { RecordedFile } from '../pieces/in-order.ts';
import { StepError } from '../step-error.ts';
import { createCrc64 } from '../store/crc64.ts';
import type { StoredObject } from '../store/object-store.ts';
import type { LedgerPart } from './part-ledger.ts';
import type { Upload } from './run.ts';
import { type Sum, sumOfKind } from './sums.ts';

/** One request's worth: a break costs no more than what is left of it. */
const RANGE_BYTES = 64 * 1024 * 1024;
const MOST_TRIES = 5;

/** @throws StepError 'checksum-mismatch', 'dump-invalid'; HprofError; StoreError */
export async function readBack(
  context: DumpContext,
  upload: Upload,
  parts: readonly LedgerPart[],
  object: StoredObject,
  signal: AbortSignal,
): Promise<RecordedFile> {
  context.log.info({ objectKey: upload.objectKey, sizeBytes: object.sizeBytes }, 'reading the object back');
  const stored = createHash('sha256');
  const crc64 = await createCrc64();
  const dump = upload.form === 'hprof' ? stored : createHash('sha256');
  const walk = new HprofWalk();
  const pieces = new PieceSums(parts);
  const takeStored = (chunk: Buffer): void => {
    crc64.update(chunk);
    stored.update(chunk);
  };
  const takeDump = (chunk: Buffer): void => {
    if (dump !== stored) dump.update(chunk);
    walk.update(chunk);
    pieces.update(chunk);
  };
  const source = Readable.from(chunksOf(context, upload.objectKey, object.sizeBytes, signal), {
    objectMode: true,
    highWaterMark: 4,
  });
  const through = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      takeStored(chunk);
      if (upload.form === 'hprof') takeDump(chunk);
      else yield chunk;
    }
  };
  const drain = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) takeDump(chunk);
  };
  if (upload.form === 'hprof') await pipeline(source, through, drain, { signal });
  else await pipeline(source, through, createGunzip(), drain, { signal });
  pieces.end();
  const crc = crc64.value().toString();
  if (object.crc64 !== undefined && object.crc64 !== crc)
    throw new StepError('checksum-mismatch', `CRC-64 ${object.crc64} in the store, ${crc} read back`);
  const storedSha256 = stored.copy().digest('hex');
  return { storedSha256, dumpSha256: dump.copy().digest('hex'), walk: walk.end() };
}

/** The object from its first byte to its last, in ranges; one that breaks is gone on with where it broke. */
async function* chunksOf(
  context: DumpContext,
  objectKey: string,
  sizeBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let position = 0;
  let tries = 0;
  while (position < sizeBytes) {
    const before = position;
    try {
      const end = Math.min(position + RANGE_BYTES, sizeBytes) - 1;
      for await (const chunk of await context.store.read(objectKey, { start: position, end }, signal)) {
        position += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
      if (position <= end)
        throw new StepError('store-unreachable', 'the store sent less than it was asked for', {
          retryable: true,
        });
      tries = 0;
    } catch (error) {
      tries = position > before ? 1 : tries + 1;
      if (signal.aborted || tries >= MOST_TRIES) throw error;
      context.log.info({ err: error, position }, 'reading back broke, going on');
    }
  }
}

/** Compares piece after piece with the pod's checksums. */
class PieceSums {
  readonly #parts: readonly LedgerPart[];
  #index = 0;
  #left: number;
  #sum: Sum | undefined;

  constructor(parts: readonly LedgerPart[]) {
    this.#parts = parts;
    this.#left = parts[0]?.dumpBytes ?? 0;
  }

  update(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const part = this.#parts[this.#index];
      if (part === undefined) throw new StepError('checksum-mismatch', 'the store has more than was dumped');
      this.#sum ??= sumOfKind(part.podSum.kind);
      const taken = Math.min(this.#left, chunk.length - at);
      this.#sum.update(chunk.subarray(at, at + taken));
      at += taken;
      this.#left -= taken;
      if (this.#left > 0) continue;
      const value = this.#sum.value();
      if (value !== part.podSum.value)
        throw new StepError(
          'checksum-mismatch',
          `piece ${part.number}: ${part.podSum.kind} ${part.podSum.value} in the pod, ${value} read back`,
        );
      this.#index += 1;
      this.#left = this.#parts[this.#index]?.dumpBytes ?? 0;
      this.#sum = undefined;
    }
  }

  /** @throws StepError if there was less than was dumped */
  end(): void {
    if (this.#index < this.#parts.length)
      throw new StepError('checksum-mismatch', 'the store has less than was dumped');
  }
}
