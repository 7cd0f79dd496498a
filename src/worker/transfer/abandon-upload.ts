import type { DumpContext } from '../dump-context.ts';
import { partLedger } from './part-ledger.ts';

/** Removes the parts of an upload that will not be completed. Nothing to remove is no error. */
export async function abandonUpload(context: DumpContext, signal: AbortSignal): Promise<void> {
  const { upload, stored } = context.checkpoint;
  if (upload === undefined || stored !== undefined) return;
  await context.store.abortUpload(upload.objectKey, upload.uploadId, signal);
  await context.save({ upload: undefined });
  await partLedger(context.redis, context.data.requestId).clear();
}
