import type { DumpContext } from '../dump-context.ts';
import { partLedger } from './part-ledger.ts';

/** Removes the parts of an upload that will not be completed. Nothing to remove is no error. */
export async function abandonUpload(context: DumpContext, signal: AbortSignal): Promise<void> {
  const { upload, stored } = context.checkpoint;
  if (stored !== undefined) return;
  if (upload !== undefined) {
    await context.store.abortUpload(upload.objectKey, upload.uploadId, signal);
    await context.save({ upload: undefined });
    await partLedger(context.redis, context.data.requestId).clear();
  }
  await removeStrays(context, signal);
}

/** Uploads that were begun for this dump by an attempt that did not live to note their ids. */
export async function removeStrays(context: DumpContext, signal: AbortSignal): Promise<void> {
  const { objectKey, upload } = context.checkpoint;
  if (objectKey === undefined) return;
  try {
    const removed = await context.store.abortStrayUploads(objectKey, upload?.uploadId, signal);
    if (removed > 0) context.log.info({ objectKey, removed }, 'removed uploads that nobody knew of');
  } catch (err) {
    // The key need not have the right to list uploads; a lifecycle rule takes them in the end.
    context.log.warn({ err, objectKey }, 'uploads could not be listed');
  }
}
