/** All pieces are stored → one object, compared with what the pod and this process know of the dump. */
import type { DumpContext } from '../dump-context.ts';
import type { StoredDump } from '../dump-job.ts';
import { stepErrorOf } from '../failure-of.ts';
import { StepError } from '../step-error.ts';
import { combineCrc64 } from '../store/crc64.ts';
import { type StoredObject, type StoredPart, StoreError } from '../store/object-store.ts';
import type { LedgerPart } from './part-ledger.ts';
import { readBack } from './read-back.ts';
import type { Transfer } from './run.ts';

/** @throws StepError 'checksum-mismatch', 'dump-invalid'; what is not proved is removed, and nowhere called done */
export async function conclude(transfer: Transfer, dumpSizeBytes: number): Promise<StoredDump> {
  const { context, upload, ledger, signal } = transfer;
  const parts = await ledger.all();
  expectWhole(parts, dumpSizeBytes);
  const object = await putTogether(transfer, parts);
  try {
    const crc64 = crc64Of(parts);
    if (crc64 !== undefined && object.crc64 !== undefined && object.crc64 !== crc64)
      throw new StepError('checksum-mismatch', `CRC-64 ${object.crc64} in the store, ${crc64} sent`);
    const seen = await (transfer.record?.end() ?? readBack(context, upload, parts, object, signal));
    if (seen.walk.sizeBytes !== dumpSizeBytes)
      throw new StepError('dump-invalid', `${seen.walk.sizeBytes} bytes walked, ${dumpSizeBytes} dumped`);
    const whole = crc64 ?? object.crc64;
    if (whole === undefined)
      throw new StepError('checksum-mismatch', 'neither we nor the store have a CRC-64');
    const stored: StoredDump = {
      objectKey: upload.objectKey,
      form: upload.form,
      sizeBytes: object.sizeBytes,
      sha256: seen.storedSha256,
      crc64: whole,
      dumpSizeBytes,
      dumpSha256: seen.dumpSha256,
      via: viaOf(parts),
      podChecksum: transfer.sumKind,
      readBack: transfer.record === undefined,
    };
    await context.save({ stored });
    await ledger.clear();
    return stored;
  } catch (error) {
    if (isWorthless(error)) await removeObject(context, upload.objectKey, signal);
    throw error;
  }
}

/** What is stored is not the dump, or the dump is none: nothing of it is of use to another attempt. */
export function isWorthless(error: unknown): boolean {
  const { code } = stepErrorOf(error);
  return code === 'checksum-mismatch' || code === 'dump-invalid';
}

/** @throws StepError 'exec-broken' if a piece is not recorded */
function expectWhole(parts: readonly LedgerPart[], dumpSizeBytes: number): void {
  const dumped = parts.reduce((sum, { dumpBytes }) => sum + dumpBytes, 0);
  if (dumped !== dumpSizeBytes || parts.some(({ number }, index) => number !== index + 1))
    throw new StepError('exec-broken', `${dumped} of ${dumpSizeBytes} bytes are recorded`, {
      retryable: true,
    });
}

async function putTogether(transfer: Transfer, parts: readonly LedgerPart[]): Promise<StoredObject> {
  const { context, upload, ledger, signal } = transfer;
  let listed: readonly StoredPart[] = parts;
  try {
    // A pod only says that the store has its part; so the store is asked.
    listed = await context.store.listParts(upload.objectKey, upload.uploadId, signal);
    const wrong = parts.filter((part) => {
      const found = listed.find(({ number }) => number === part.number);
      return found?.etag !== part.etag || found.sizeBytes !== part.sizeBytes;
    });
    if (wrong.length > 0) {
      await ledger.forget(wrong.map(({ number }) => number));
      throw new StepError('store-unreachable', `the store lacks ${wrong.length} parts that it had taken`, {
        retryable: true,
      });
    }
  } catch (error) {
    // Completed by an attempt that did not hear the answer: completing again finds the object.
    if (!(error instanceof StoreError) || error.code !== 'no-such-upload') throw error;
  }
  const sent = parts.map(({ number, sizeBytes, etag }) => ({ number, sizeBytes, etag }));
  return context.store.completeUpload(upload.objectKey, upload.uploadId, sent, signal);
}

const crc64Of = (parts: readonly LedgerPart[]): string | undefined => {
  let whole = 0n;
  for (const { crc64, sizeBytes } of parts) {
    if (crc64 === undefined) return undefined;
    whole = combineCrc64(whole, BigInt(crc64), sizeBytes);
  }
  return whole.toString();
};

function viaOf(parts: readonly LedgerPart[]): StoredDump['via'] {
  const direct = parts.some(({ via }) => via === 'direct');
  return direct && parts.some(({ via }) => via === 'relay') ? 'both' : direct ? 'direct' : 'relay';
}

async function removeObject(context: DumpContext, objectKey: string, signal: AbortSignal): Promise<void> {
  await context.save({ upload: undefined });
  await context.store.remove(objectKey, signal).catch((err: unknown) => {
    // The worker need not have the right to delete: then a lifecycle rule will.
    context.log.warn({ err, objectKey }, 'object that is not what was dumped could not be removed');
  });
}
