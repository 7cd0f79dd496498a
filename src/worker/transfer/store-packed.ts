/** One piece that the pod compressed itself: stored as it came. What is in it is walked when the object is read back. */
import { StepError } from '../step-error.ts';
import { countOf, type ToolLine } from '../tool-lines.ts';
import { sumOf } from './part-ledger.ts';
import type { Piece } from './pieces.ts';
import type { Transfer } from './run.ts';
import { sendPart } from './send-part.ts';

/** @param packed holds what `answer` describes. @throws StepError; StoreError */
export async function storePacked(
  transfer: Transfer,
  piece: Piece,
  packed: SharedArrayBuffer,
  answer: ToolLine,
): Promise<void> {
  const { context, sumKind, signal } = transfer;
  const size = countOf(answer, 'size') ?? 0;
  if (countOf(answer, 'bytes') !== piece.sizeBytes || size === 0)
    throw new StepError('dump-invalid', `piece ${piece.number} has ${answer.values.bytes} bytes in the pod`);
  const value = sumOf(answer.values.sum, sumKind);
  const treated = await context.threads.treat({ raw: packed, rawBytes: size, sum: undefined }, signal);
  const body = new Uint8Array(packed, 0, size);
  await sendPart(transfer, piece, body, treated, { kind: sumKind, value });
  transfer.compression.done('pod', piece.sizeBytes);
}
