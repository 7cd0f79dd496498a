/** Bytes that are ready → a part in the store and in the ledger. */
import type { Treated } from '../pieces/piece-task.ts';
import type { PodSum } from './part-ledger.ts';
import type { Piece } from './pieces.ts';
import type { Transfer } from './run.ts';

/** @param body must stay as it is until this settles @throws StoreError */
export async function sendPart(
  { context, upload, ledger, signal }: Transfer,
  piece: Piece,
  body: Uint8Array,
  { md5, crc64 }: Pick<Treated, 'md5' | 'crc64'>,
  podSum: PodSum,
): Promise<void> {
  const { number } = piece;
  const part = { number, body, md5, crc64 };
  const stored = await context.store.uploadPart(upload.objectKey, upload.uploadId, part, signal);
  await ledger.record({
    number,
    sizeBytes: stored.sizeBytes,
    etag: stored.etag,
    crc64,
    dumpBytes: piece.sizeBytes,
    podSum,
    via: 'relay',
  });
}
