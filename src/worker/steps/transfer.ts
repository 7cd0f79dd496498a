/**
 * The pod's file → the store, in parts, through one exec. Goes on after a break at the first part that the store lacks.
 * Whole-file SHA-256 here and in the pod, CRC-64 for the store, HPROF walked on the way.
 */
import type { DumpContext } from '../dump-context.ts';
import { hashInPod } from '../dump-tool.ts';
import { objectKeyOf } from '../object-key.ts';
import { StepError } from '../step-error.ts';
import { StoreError } from '../store/object-store.ts';
import type { CopiedTool } from './copy-tool.ts';
import type { Dump } from './run-dump.ts';
import { sendParts, type Upload } from './send-parts.ts';
import type { Stored } from './verify.ts';

const MIB = 1024 * 1024;

export async function transfer(context: DumpContext, tool: CopiedTool, dump: Dump): Promise<Stored> {
  const { checkpoint } = context;
  if (checkpoint.stored !== undefined) return checkpoint.stored;
  const within = AbortSignal.any([context.signal, AbortSignal.timeout(context.settings.transferTimeout)]);
  // Reads what the transfer has just read, or is about to: the page cache serves one of the two.
  const podHash = hashInPod(context, tool.toolPath, dump.file, within);
  podHash.catch(() => undefined);
  const upload = await openUpload(context, dump, within);
  const sent = await sendParts(context, tool, dump, upload, within).catch(async (error: unknown) => {
    // The file is not what was sent of it before: nothing that is stored is of use.
    if (error instanceof StepError && error.code === 'checksum-mismatch')
      await abandonUpload(context, within);
    throw error;
  });

  const inPod = await podHash;
  if (inPod.sizeBytes !== dump.sizeBytes)
    throw new StepError('dump-invalid', `${inPod.sizeBytes} bytes in the pod, ${dump.sizeBytes} dumped`);
  if (inPod.sha256 !== sent.sha256) {
    // Whatever was stored is of no use to the next attempt.
    await abandonUpload(context, within);
    throw new StepError('checksum-mismatch', `SHA-256 ${inPod.sha256} in the pod, ${sent.sha256} received`);
  }
  const current = context.checkpoint.upload;
  if (current === undefined) throw new Error('Upload vanished from the checkpoint');
  const object = await context.store.completeUpload(
    current.objectKey,
    current.uploadId,
    current.parts,
    within,
  );
  if (object.crc64 !== undefined && object.crc64 !== sent.crc64) {
    throw new StepError('checksum-mismatch', `CRC-64 ${object.crc64} in the store, ${sent.crc64} sent`);
  }
  const stored = {
    objectKey: current.objectKey,
    sizeBytes: dump.sizeBytes,
    sha256: sent.sha256,
    crc64: sent.crc64,
  };
  await context.save({ stored });
  return stored;
}

/** Removes the parts of an upload that will not be completed. Nothing to remove is no error. */
export async function abandonUpload(context: DumpContext, signal: AbortSignal): Promise<void> {
  const { upload, stored } = context.checkpoint;
  if (upload === undefined || stored !== undefined) return;
  await context.store.abortUpload(upload.objectKey, upload.uploadId, signal);
  await context.save({ upload: undefined });
}

/** The upload of an earlier attempt, cut to what the store really has; else a new one. */
async function openUpload(context: DumpContext, dump: Dump, signal: AbortSignal): Promise<Upload> {
  const { data, store } = context;
  const earlier = context.checkpoint.upload;
  if (earlier !== undefined) {
    if (await storeStillHas(context, earlier, signal)) return earlier;
    context.log.warn(
      { objectKey: earlier.objectKey },
      'store lacks parts of the earlier attempt, beginning anew',
    );
    await store.abortUpload(earlier.objectKey, earlier.uploadId, signal);
  }
  const objectKey =
    earlier?.objectKey ?? objectKeyOf(data.objectPrefix, data.target.pod, data.requestId, context.now());
  const uploadId = await store.beginUpload(
    {
      objectKey,
      metadata: {
        'request-id': data.requestId,
        'requested-by': data.requestedBy,
        'approved-by': data.approvedBy.join(',') || 'rule',
      },
    },
    signal,
  );
  const upload: Upload = {
    objectKey,
    uploadId,
    partSizeBytes: partSizeFor(dump.sizeBytes, context),
    parts: [],
  };
  await context.save({ upload });
  return upload;
}

async function storeStillHas(context: DumpContext, upload: Upload, signal: AbortSignal): Promise<boolean> {
  try {
    const there = new Map(
      (await context.store.listParts(upload.objectKey, upload.uploadId, signal)).map((part) => [
        part.number,
        part,
      ]),
    );
    return upload.parts.every((part) => {
      const found = there.get(part.number);
      return found !== undefined && found.etag === part.etag && found.sizeBytes === part.sizeBytes;
    });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'no-such-upload') throw error;
    // Completed already, its answer lost: completing again finds the object.
    const object = await context.store.head(upload.objectKey, signal);
    return (
      object !== undefined && object.sizeBytes === upload.parts.reduce((sum, part) => sum + part.sizeBytes, 0)
    );
  }
}

/** A whole number of MiB, as the pod reads in blocks of that size; larger where 10,000 parts would not do. */
function partSizeFor(sizeBytes: number, { settings, store }: DumpContext): number {
  const least = Math.ceil(sizeBytes / (store.limits.maxParts - 1) / MIB);
  return Math.max(settings.partSizeMiB, least, Math.ceil(store.limits.minPartBytes / MIB)) * MIB;
}
