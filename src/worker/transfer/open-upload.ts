/** The upload of an earlier attempt, with the parts that the store really has; else a new one. */
import type { DumpContext } from '../dump-context.ts';
import type { ObjectForm } from '../dump-job.ts';
import { objectKeyOf } from '../object-key.ts';
import { StoreError } from '../store/object-store.ts';
import { removeStrays } from './abandon-upload.ts';
import type { PartLedger } from './part-ledger.ts';
import { pieceBytesFor } from './pieces.ts';
import type { Upload } from './run.ts';

export interface OpenedUpload {
  readonly upload: Upload;
  /** Numbers of the parts that need not be sent again. */
  readonly there: ReadonlySet<number>;
  /** It was put together already, and the answer to that was lost. */
  readonly completed: boolean;
}

/** @param formOf asked for a new upload alone: one that goes on keeps the form it has */
export async function openUpload(
  context: DumpContext,
  formOf: (pieceBytes: number) => Promise<ObjectForm>,
  dumpSizeBytes: number,
  ledger: PartLedger,
  signal: AbortSignal,
): Promise<OpenedUpload> {
  const earlier = context.checkpoint.upload;
  if (earlier !== undefined) {
    const found = await partsThere(context, earlier, dumpSizeBytes, ledger, signal);
    if (found !== undefined) return { upload: earlier, ...found };
    context.log.warn(
      { objectKey: earlier.objectKey },
      'upload of the earlier attempt is gone, beginning anew',
    );
  }
  await ledger.clear();
  const { store, settings } = context;
  const form = await formOf(pieceBytesFor(dumpSizeBytes, settings.partSizeMiB, store.limits));
  const upload = await beginUpload(context, form, dumpSizeBytes, signal);
  return { upload, there: new Set(), completed: false };
}

/** @param dumpSizeBytes a good guess where it is not known yet */
export async function beginUpload(
  context: DumpContext,
  form: Upload['form'],
  dumpSizeBytes: number,
  signal: AbortSignal,
): Promise<Upload> {
  const { data, store } = context;
  await removeStrays(context, signal);
  const objectKey = objectKeyOf(data.objectPrefix, data.target.pod, data.requestId, context.now(), form);
  await context.save({ objectKey });
  const uploadId = await store.beginUpload(
    {
      objectKey,
      metadata: {
        'request-id': data.requestId,
        // Written once with the object: a manifest that somebody else wrote cannot say otherwise.
        target: `${data.target.cluster}/${data.target.namespace}/${data.target.pod}`,
        'requested-by': data.requestedBy,
        'approved-by': data.approvedBy.join(',') || 'rule',
      },
    },
    signal,
  );
  const upload: Upload = {
    objectKey,
    uploadId,
    pieceBytes: pieceBytesFor(dumpSizeBytes, context.settings.partSizeMiB, store.limits),
    form,
  };
  await context.save({ upload });
  return upload;
}

/** @returns undefined if nothing of the upload is left */
async function partsThere(
  context: DumpContext,
  upload: Upload,
  dumpSizeBytes: number,
  ledger: PartLedger,
  signal: AbortSignal,
): Promise<Omit<OpenedUpload, 'upload'> | undefined> {
  const recorded = await ledger.all();
  try {
    const listed = await context.store.listParts(upload.objectKey, upload.uploadId, signal);
    const byNumber = new Map(listed.map((part) => [part.number, part]));
    const [there, lost] = [new Set<number>(), [] as number[]];
    for (const { number, etag, sizeBytes } of recorded) {
      const found = byNumber.get(number);
      if (found?.etag === etag && found.sizeBytes === sizeBytes) there.add(number);
      else lost.push(number);
    }
    await ledger.forget(lost);
    return { there, completed: false };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'no-such-upload') throw error;
    const dumped = recorded.reduce((sum, part) => sum + part.dumpBytes, 0);
    const object = dumped === dumpSizeBytes ? await context.store.head(upload.objectKey, signal) : undefined;
    if (object?.sizeBytes !== recorded.reduce((sum, part) => sum + part.sizeBytes, 0)) return undefined;
    return { there: new Set(recorded.map(({ number }) => number)), completed: true };
  }
}
