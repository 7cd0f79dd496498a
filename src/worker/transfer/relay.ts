/** A lane through exec: asks the pod for piece after piece, two ahead, and has each stored while the next one comes. */
import { StepError } from '../step-error.ts';
import { countOf } from '../tool-lines.ts';
import { sumOf } from './part-ledger.ts';
import type { Piece } from './pieces.ts';
import { openPodFile, type PodFile } from './pod-file.ts';
import type { Transfer } from './run.ts';
import { storePacked } from './store-packed.ts';
import { type Storing, storePiece } from './store-piece.ts';

/** Asked for at a time: the second keeps the way full while the first is being checked. */
const AHEAD = 2;

export interface PodSource {
  readonly toolPath: string;
  readonly file: string;
}

/** Takes over a piece that has come: has it stored, and its buffer released. */
export type HandOver = (piece: Piece, storing: Storing, buffer: SharedArrayBuffer) => void;

/**
 * Works until no piece is left. @throws what ends this connection; the pieces that were on their way are back in the
 * queue then. Those that were handed over are stored nevertheless.
 */
export async function relayLane(transfer: Transfer, source: PodSource, handOver: HandOver): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([transfer.signal, stop.signal]);
  const file = await openPodFile(transfer.context, source, signal);
  let failed: unknown;
  try {
    if (file.sizeBytes !== transfer.dumpSizeBytes)
      throw new StepError(
        'dump-invalid',
        `${file.sizeBytes} bytes in the pod, ${transfer.dumpSizeBytes} dumped`,
      );
    const fetching = Array.from({ length: AHEAD }, () =>
      fetchPieces(transfer, file, signal, handOver).catch((error: unknown) => {
        failed ??= error;
        stop.abort(error);
      }),
    );
    await Promise.all(fetching);
  } finally {
    await file.close();
  }
  if (failed !== undefined) throw failed;
}

async function fetchPieces(
  transfer: Transfer,
  file: PodFile,
  signal: AbortSignal,
  handOver: HandOver,
): Promise<void> {
  const { queue, buffers, meter } = transfer;
  for (;;) {
    const buffer = await buffers.acquire(signal);
    let piece: Piece | undefined;
    let counted = 0;
    try {
      piece = await queue.take(signal);
      if (piece === undefined) {
        buffers.release(buffer);
        return;
      }
      const storing = await fetchPiece(transfer, file, piece, buffer, (count) => {
        counted += count;
        meter.add(count);
      });
      handOver(piece, storing, buffer);
    } catch (error) {
      meter.add(-counted);
      if (piece !== undefined) queue.putBack(piece);
      buffers.release(buffer);
      throw error;
    }
  }
}

async function fetchPiece(
  transfer: Transfer,
  file: PodFile,
  piece: Piece,
  buffer: SharedArrayBuffer,
  onCount: (count: number) => void,
): Promise<Storing> {
  const { upload, sumKind, dumpSizeBytes } = transfer;
  const way = transfer.compression.next();
  const range = `${piece.offset} ${upload.pieceBytes} ${sumKind}`;
  if (way === 'pod') {
    const bytes = { into: new Uint8Array(buffer), count: undefined, onCount: () => undefined };
    const answer = await file.ask({ line: `pack ${range}`, bytes });
    onCount(piece.sizeBytes);
    const stored = storePacked(transfer, piece, buffer, answer);
    return { letGo: stored.catch(() => undefined), stored };
  }
  const bytes = { into: new Uint8Array(buffer, 0, piece.sizeBytes), count: piece.sizeBytes, onCount };
  const answer = await file.ask({ line: `send ${range}`, bytes });
  if (countOf(answer, 'bytes') !== piece.sizeBytes)
    throw new StepError('dump-invalid', `piece ${piece.number} has ${answer.values.bytes} bytes in the pod`);
  return storePiece(transfer, {
    piece,
    raw: buffer,
    way,
    podSum: sumOf(answer.values.sum, sumKind),
    isLast: piece.offset + piece.sizeBytes === dumpSizeBytes,
  });
}
