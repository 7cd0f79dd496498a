/** All that is computed from the bytes of one piece. Takes as long as it takes: for a thread, not for the main one. */
import { createHash } from 'node:crypto';
import type { SumKind } from '../dump-job.ts';
import { createCrc64 } from '../store/crc64.ts';
import { packPiece } from './chunked-gzip.ts';
import type { PieceTask, Treated, UnpackTask } from './piece-task.ts';
import { createPosixCksum } from './posix-cksum.ts';
import { unpackPiece } from './unpack-piece.ts';

/** Everything but the time it took; the MD5 as plain bytes, which is how it arrives from a thread. */
export type TreatedBytes = Omit<Treated, 'md5' | 'tookMs'> & { readonly md5: Uint8Array };

/** @returns a function for one piece at a time; what it needs to compute is allocated once */
export async function createPieceTreatment(): Promise<(task: PieceTask) => TreatedBytes> {
  const crc64 = await createCrc64();
  const cksum = createPosixCksum();

  const sumOf = (kind: SumKind, bytes: Uint8Array): string => {
    if (kind !== 'cksum') return createHash(kind).update(bytes).digest('hex');
    cksum.reset();
    cksum.update(bytes);
    return cksum.value();
  };

  return (task) => {
    const bytes = new Uint8Array(task.raw, 0, task.rawBytes);
    if (task.unpack !== undefined) unpackPiece(packedIn(task.unpack), bytes);
    const sum = task.sum === undefined ? undefined : sumOf(task.sum, bytes);
    const stored = storedFormOf(task, bytes);
    crc64.reset();
    crc64.update(stored);
    const md5 =
      task.isStored === true ? NONE : md5Of(stored, stored === bytes && task.sum === 'md5' ? sum : undefined);
    return { sum, bytes: stored.length, md5, crc64: crc64.value().toString() };
  };
}

const NONE = Buffer.alloc(0);

const packedIn = ({ packed, packedBytes }: UnpackTask): Uint8Array => new Uint8Array(packed, 0, packedBytes);

function storedFormOf({ pack, unpack }: PieceTask, bytes: Uint8Array): Uint8Array {
  if (unpack !== undefined) return packedIn(unpack);
  if (pack === undefined) return bytes;
  const out = new Uint8Array(pack.out);
  return out.subarray(0, packPiece(bytes, out, pack));
}

/** @param known in hex, where it was computed already */
const md5Of = (bytes: Uint8Array, known: string | undefined): Buffer =>
  known === undefined ? createHash('md5').update(bytes).digest() : Buffer.from(known, 'hex');
