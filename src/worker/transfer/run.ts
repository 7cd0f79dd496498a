/** What the parts of one transfer share. */
import type { DumpContext } from '../dump-context.ts';
import type { ObjectForm, SumKind } from '../dump-job.ts';
import type { FileRecord } from '../pieces/in-order.ts';
import type { PieceBuffers } from '../pieces/piece-buffers.ts';
import type { Compression } from './compression.ts';
import type { PartLedger } from './part-ledger.ts';
import type { PieceQueue } from './piece-queue.ts';
import type { Turns } from './turns.ts';

export interface Upload {
  readonly objectKey: string;
  readonly uploadId: string;
  readonly pieceBytes: number;
  readonly form: ObjectForm;
}

export interface Transfer {
  readonly context: DumpContext;
  readonly upload: Upload;
  /** Of the dump; unknown while it comes out of a pipe. */
  readonly dumpSizeBytes: number | undefined;
  readonly sumKind: SumKind;
  readonly queue: PieceQueue;
  readonly ledger: PartLedger;
  /** For pieces as they are in the dump. */
  readonly buffers: PieceBuffers;
  /** For pieces that our threads compressed. */
  readonly packed: PieceBuffers;
  readonly turns: Turns;
  /** Walks and hashes the whole; undefined where not every piece passes here, and the object is read back. */
  readonly record: FileRecord | undefined;
  readonly compression: Compression;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** Tells people how far the transfer is: bytes of the dump, and their rate. */
export interface Meter {
  /** Negative for what has to be sent again. */
  add(bytes: number): void;
}
