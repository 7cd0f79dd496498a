/**
 * Reads the stored object once more, where its pieces did not all pass through this process: what the pod uploaded by
 * itself, or another worker before it died. Hashes it, walks the dump in it, and compares each piece with the pod's own
 * checksum: this is the dump, from the store's hands. Several parts come at once, as many as there are buffers, and the
 * threads that treat pieces on their way out treat them on their way back.
 */
import { setMaxListeners } from 'node:events';
import type { DumpContext } from '../dump-context.ts';
import { copyBytes } from '../pieces/copy-bytes.ts';
import { createFileRecord, type FileRecord } from '../pieces/in-order.ts';
import { createPieceBuffers } from '../pieces/piece-buffers.ts';
import type { Treated } from '../pieces/piece-task.ts';
import type { RecordedFile } from '../pieces/recorded-file.ts';
import { ThreadError } from '../pieces/thread-pool.ts';
import { StepError } from '../step-error.ts';
import { combineCrc64 } from '../store/crc64.ts';
import { type StoredObject, StoreError } from '../store/object-store.ts';
import { memoryFor } from './memory.ts';
import type { LedgerPart } from './part-ledger.ts';
import type { Upload } from './run.ts';

/** Of one part, each going on with a connection of its own where the one before it broke. */
const MOST_TRIES = 5;

interface Reading {
  readonly context: DumpContext;
  readonly objectKey: string;
  readonly packed: boolean;
  readonly record: FileRecord;
  readonly signal: AbortSignal;
}

/** @throws StepError 'checksum-mismatch', 'dump-invalid'; HprofError; StoreError */
export async function readBack(
  context: DumpContext,
  upload: Upload,
  parts: readonly LedgerPart[],
  object: StoredObject,
  signal: AbortSignal,
): Promise<RecordedFile> {
  context.log.info({ objectKey: upload.objectKey, sizeBytes: object.sizeBytes }, 'reading the object back');
  const record = createFileRecord(context.threads.openRecorder());
  try {
    const crcs = await readParts(context, upload, parts, record, signal);
    const crc64 = parts
      .reduce((sum, { sizeBytes }, index) => combineCrc64(sum, BigInt(crcs[index] ?? 0), sizeBytes), 0n)
      .toString();
    if (object.crc64 !== undefined && object.crc64 !== crc64)
      throw new StepError('checksum-mismatch', `CRC-64 ${object.crc64} in the store, ${crc64} read back`);
    return await record.end();
  } finally {
    record.close();
  }
}

/** @returns the CRC-64 of each part as it is stored */
async function readParts(
  context: DumpContext,
  upload: Upload,
  parts: readonly LedgerPart[],
  record: FileRecord,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const stop = new AbortController();
  const packed = upload.form === 'hprof.gz';
  const reading: Reading = {
    context,
    objectKey: upload.objectKey,
    packed,
    record,
    signal: AbortSignal.any([signal, stop.signal]),
  };
  // Each part listens to it.
  setMaxListeners(0, reading.signal);
  const memory = memoryFor(context, upload);
  const raws = createPieceBuffers(memory.pieces);
  const packs = packed ? createPieceBuffers(memory.packed) : undefined;
  const under = new Set<Promise<void>>();
  const crcs: string[] = [];
  let reason: unknown;
  let position = 0;
  try {
    for (const [index, part] of parts.entries()) {
      const at = position;
      position += part.sizeBytes;
      // In the order of the parts: the first of those under way never waits for a buffer.
      const raw = await raws.acquire(reading.signal);
      const pack = await packs?.acquire(reading.signal);
      const read = readPart(reading, part, at, raw, pack)
        .then(
          (crc64) => {
            crcs[index] = crc64;
          },
          (error: unknown) => {
            reason ??= error;
            stop.abort(error);
          },
        )
        .finally(() => {
          under.delete(read);
          raws.release(raw);
          if (pack !== undefined) packs?.release(pack);
        });
      under.add(read);
    }
  } catch (error) {
    reason ??= error;
  }
  await Promise.all(under);
  raws.free();
  packs?.free();
  if (reason !== undefined) throw reason;
  return crcs;
}

/** @returns the CRC-64 of the part as it is stored */
async function readPart(
  { context, objectKey, packed, record, signal }: Reading,
  part: LedgerPart,
  at: number,
  raw: SharedArrayBuffer,
  pack: SharedArrayBuffer | undefined,
): Promise<string> {
  const stored = new Uint8Array(pack ?? raw, 0, part.sizeBytes);
  await fetchPart(context, objectKey, at, stored, signal);
  const treated = await treat();
  const { kind, value } = part.podSum;
  if (treated.sum !== value)
    throw new StepError(
      'checksum-mismatch',
      `piece ${part.number}: ${kind} ${value} in the pod, ${treated.sum} read back`,
    );
  const bytes = new Uint8Array(raw, 0, part.dumpBytes);
  await record.offer(part.number, bytes, packed ? stored : bytes, signal);
  return treated.crc64;

  async function treat(): Promise<Treated> {
    const unpack = pack === undefined ? undefined : { packed: pack, packedBytes: part.sizeBytes };
    const task = { raw, rawBytes: part.dumpBytes, sum: part.podSum.kind, unpack, isStored: true };
    try {
      return await context.threads.treat(task, signal);
    } catch (error) {
      if (!(error instanceof ThreadError) || error.code !== 'not-treated') throw error;
      throw new StepError('checksum-mismatch', `piece ${part.number} cannot be unpacked`, { cause: error });
    }
  }
}

/** Fills `into` from `at` on; a connection that breaks is gone on with where it broke. */
async function fetchPart(
  { store, log }: DumpContext,
  objectKey: string,
  at: number,
  into: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  let filled = 0;
  for (let tries = 1; filled < into.length; tries += 1) {
    const before = filled;
    try {
      const range = { start: at + filled, end: at + into.length - 1 };
      for await (const chunk of await store.read(objectKey, range, signal)) {
        const bytes = chunk as Buffer;
        if (filled + bytes.length > into.length)
          throw new StoreError('unreachable', 'The store sent more than it was asked for');
        copyBytes(into, bytes, filled);
        filled += bytes.length;
      }
      if (filled < into.length)
        throw new StoreError('unreachable', 'The store sent less than it was asked for');
    } catch (error) {
      if (filled > before) tries = 1;
      if (signal.aborted || tries >= MOST_TRIES) throw error;
      log.info({ err: error, position: at + filled }, 'reading back broke, going on');
    }
  }
}
