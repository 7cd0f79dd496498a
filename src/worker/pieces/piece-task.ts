/** What goes to a thread and comes back. The bytes themselves lie in memory that both sides see. */

import type { SumKind } from '../dump-job.ts';

export interface PieceTask {
  readonly raw: SharedArrayBuffer;
  /** Of the dump, at the start of `raw`. */
  readonly rawBytes: number;
  readonly sum: SumKind | undefined;
  /** Without either the piece is stored as it is. */
  readonly pack?: PackTask | undefined;
  readonly unpack?: UnpackTask | undefined;
  /** It comes from the store, which is asked for no MD5 again. */
  readonly isStored?: boolean;
}

/** The way back: `raw` is filled from what is stored. */
export interface UnpackTask {
  readonly packed: SharedArrayBuffer;
  readonly packedBytes: number;
}

export interface PackTask {
  /** At least `packedBound(rawBytes)` bytes, of which the first `Treated.bytes` are written. */
  readonly out: SharedArrayBuffer;
  readonly first: boolean;
  readonly level: number;
  readonly minBytes: number | undefined;
}

export interface Treated {
  /** Of the raw bytes, as the pod's program prints it: decimal for cksum, hex for the others. */
  readonly sum: string | undefined;
  /** Of what is stored, in `pack.out`, `unpack.packed` or `raw`. */
  readonly bytes: number;
  /** Of what is to be stored, 16 bytes; none of what is stored already. */
  readonly md5: Buffer;
  /** CRC-64/XZ of what is stored, in decimal. */
  readonly crc64: string;
  /** In the thread, without the time spent waiting for one. */
  readonly tookMs: number;
}
