/** All that is computed from the bytes of one piece. Takes as long as it takes: for a thread, not for the main one. */
import { createHash } from 'node:crypto';
import type { SumKind } from '../dump-job.ts';
import { createCrc64 } from '../store/crc64.ts';
import { packPiece } from './chunked-gzip.ts';
import type { PieceTask, Treated } from './piece-task.ts';
import { createPosixCksum } from './posix-cksum.ts';

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

  return ({ raw, rawBytes, sum, pack }) => {
    const bytes = new Uint8Array(raw, 0, rawBytes);
    const ofRaw = sum === undefined ? undefined : sumOf(sum, bytes);
    const stored = pack === undefined ? bytes : packed(bytes, new Uint8Array(pack.out), pack);
    crc64.reset();
    crc64.update(stored);
    const md5 =
      pack === undefined && sum === 'md5' && ofRaw !== undefined
        ? Buffer.from(ofRaw, 'hex')
        : createHash('md5').update(stored).digest();
    return { sum: ofRaw, bytes: stored.length, md5, crc64: crc64.value().toString() };
  };
}

const packed = (bytes: Uint8Array, out: Uint8Array, pack: NonNullable<PieceTask['pack']>): Uint8Array =>
  out.subarray(0, packPiece(bytes, out, pack));
