/**
 * How much memory one transfer may use: the process's budget, divided by how many may run at once. Pure.
 * With the defaults (128 MiB, 4 at once, pieces of 8 MiB) that is four buffers: two as dumped, two compressed.
 */
import type { ObjectForm } from '../dump-job.ts';
import { packedBound } from '../pieces/chunked-gzip.ts';

const MIB = 1024 * 1024;
export interface TransferMemory {
  readonly pieces: { readonly pieceBytes: number; readonly count: number };
  readonly packed: { readonly pieceBytes: number; readonly count: number };
  readonly lanes: number;
}

export function memoryFor(
  {
    settings,
    clusterConfig,
  }: {
    readonly settings: { readonly transferMemoryMiB: number; readonly lanes: number };
    readonly clusterConfig: { readonly dumpsAtOnce: number };
  },
  upload: { readonly pieceBytes: number; readonly form: ObjectForm },
): TransferMemory {
  const share = Math.floor((settings.transferMemoryMiB * MIB) / clusterConfig.dumpsAtOnce);
  // Fewer than two would not be able to fetch and store at the same time.
  const count = Math.max(2, Math.floor(share / upload.pieceBytes));
  const packed = upload.form === 'hprof' ? 0 : Math.max(1, Math.floor(count / 2));
  const pieces = Math.max(1, count - packed);
  const bytes = upload.form === 'hprof' ? upload.pieceBytes : packedBytesFor(upload.pieceBytes);
  return {
    pieces: { pieceBytes: bytes, count: pieces },
    packed: { pieceBytes: bytes, count: Math.max(1, packed) },
    lanes: Math.max(1, Math.min(settings.lanes, pieces)),
  };
}

/** What cannot be compressed grows: by 178 bytes a MiB with the gzip of a pod, by less with ours. */
const packedBytesFor = (pieceBytes: number): number =>
  Math.max(packedBound(pieceBytes), pieceBytes + 512 * Math.ceil(pieceBytes / MIB));
