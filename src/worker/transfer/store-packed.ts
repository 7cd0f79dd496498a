/** One piece that the pod compressed itself: stored as it came. What is in it is walked when the object is read back. */
import { StepError } from '../step-error.ts';
import { countOf, type ToolLine } from '../tool-lines.ts';
import { sumOf } from './part-ledger.ts';
import type { Piece } from './pieces.ts';
import type { Transfer } from './run.ts';

/** @param packed holds what `answer` describes. @throws StepError; StoreError */
export async function storePacked(
  transfer: Transfer,
  piece: Piece,
  packed: SharedArrayBuffer,
  answer: ToolLine,
): Promise<void> {
  const { context, upload, sumKind, signal } = transfer;
  const size = countOf(answer, 'size') ?? 0;
  if (countOf(answer, 'bytes') !== piece.sizeBytes || size === 0)
    throw new StepError('dump-invalid', `piece ${piece.number} has ${answer.values.bytes} bytes in the pod`);
  const value = sumOf(answer.values.sum, sumKind);
  const treated = await context.threads.treat({ raw: packed, rawBytes: size, sum: undefined }, signal);
  const part = await context.store.uploadPart(
    upload.objectKey,
    upload.uploadId,
    {
      number: piece.number,
      body: new Uint8Array(packed, 0, size),
      md5: treated.md5,
      crc64: treated.crc64,
    },
    signal,
  );
  await transfer.ledger.record({
    number: piece.number,
    sizeBytes: part.sizeBytes,
    etag: part.etag,
    crc64: treated.crc64,
    dumpBytes: piece.sizeBytes,
    podSum: { kind: sumKind, value },
    via: 'relay',
  });
  transfer.compression.done('pod', piece.sizeBytes);
}
