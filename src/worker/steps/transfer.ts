/**
 * The pod's file → the store, in parts, through one exec. Goes on after a break at the first part that the store lacks.
 * Whole-file SHA-256 here and in the pod, CRC-64 for the store, HPROF walked on the way.
 */
import { createSHA256 } from 'hash-wasm';
import type { DumpContext } from '../dump-context.ts';
import type { Checkpoint, UploadedPart } from '../dump-job.ts';
import { hashInPod, sendFromPod } from '../dump-tool.ts';
import { stepErrorOf } from '../failure-of.ts';
import { HprofWalk } from '../hprof-walk.ts';
import { objectKeyOf } from '../object-key.ts';
import { StepError } from '../step-error.ts';
import { combineCrc64, createCrc64 } from '../store/crc64.ts';
import { StoreError } from '../store/object-store.ts';
import type { CopiedTool } from './copy-tool.ts';
import { PartCutter } from './part-cutter.ts';
import type { Dump } from './run-dump.ts';
import type { Stored } from './verify.ts';

type Upload = NonNullable<Checkpoint['upload']>;

const MIB = 1024 * 1024;
/** One is filled while two are under way. */
const BUFFERS = 3;
/** Breaks in a row without a single new part, before the queue's longer back-off takes over. */
const FRUITLESS_BREAKS = 3;

export async function transfer(context: DumpContext, tool: CopiedTool, dump: Dump): Promise<Stored> {
  const { checkpoint } = context;
  if (checkpoint.stored !== undefined) return checkpoint.stored;
  const within = AbortSignal.any([context.signal, AbortSignal.timeout(context.settings.transferTimeout)]);
  // Reads what the transfer has just read, or is about to: the page cache serves one of the two.
  const podHash = hashInPod(context, tool.toolPath, dump.file, within);
  podHash.catch(() => undefined);
  const upload = await openUpload(context, dump, within);
  const sent = await sendAll(context, tool, dump, upload, within);

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

async function sendAll(
  context: DumpContext,
  tool: CopiedTool,
  dump: Dump,
  upload: Upload,
  signal: AbortSignal,
): Promise<{ sha256: string; crc64: string }> {
  let fruitless = 0;
  for (;;) {
    const before = (context.checkpoint.upload ?? upload).parts.length;
    try {
      return await sendFrom(context, tool, dump, context.checkpoint.upload ?? upload, signal);
    } catch (error) {
      const failure = stepErrorOf(error);
      const gained = (context.checkpoint.upload ?? upload).parts.length > before;
      fruitless = gained ? 0 : fruitless + 1;
      if (failure.code !== 'exec-broken' || signal.aborted || fruitless >= FRUITLESS_BREAKS) throw error;
      context.log.info(
        { err: failure, parts: context.checkpoint.upload?.parts.length },
        'connection broke, transfer goes on',
      );
    }
  }
}

/** One exec, from the first part that is missing to the end of the file. */
async function sendFrom(
  context: DumpContext,
  tool: CopiedTool,
  dump: Dump,
  upload: Upload,
  signal: AbortSignal,
): Promise<{ sha256: string; crc64: string }> {
  const crc = await createCrc64();
  const sha = await createSHA256();
  if (upload.sha256State === undefined) sha.init();
  else sha.load(Buffer.from(upload.sha256State, 'base64'));
  const walk = upload.hprofState === undefined ? new HprofWalk() : HprofWalk.restore(upload.hprofState);
  const offset = upload.parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const done: UploadedPart[] = [...upload.parts];
  /** Stored, but a part before it is not yet: not in the checkpoint, whose hash state is that of a prefix. */
  const early = new Map<number, { part: UploadedPart; sha256State: string; hprofState: string }>();
  const rate = rateOf(context, dump.sizeBytes, offset);

  const cutter = new PartCutter({
    partBytes: upload.partSizeBytes,
    buffers: BUFFERS,
    firstNumber: done.length + 1,
    async send({ number, body }) {
      // In the order of the file, since parts are cut one after the other and this part runs before any wait.
      sha.update(body);
      walk.update(body);
      const state = { sha256State: Buffer.from(sha.save()).toString('base64'), hprofState: walk.save() };
      crc.reset();
      crc.update(body);
      const crc64 = crc.value().toString();
      const stored = await context.store.uploadPart(upload.objectKey, upload.uploadId, number, body, signal);
      early.set(number, { part: { number, sizeBytes: body.length, etag: stored.etag, crc64 }, ...state });
      let newest: { sha256State: string; hprofState: string } | undefined;
      for (let next = early.get(done.length + 1); next !== undefined; next = early.get(done.length + 1)) {
        early.delete(done.length + 1);
        done.push(next.part);
        newest = next;
      }
      if (newest !== undefined) {
        await context.save({
          upload: {
            ...upload,
            parts: [...done],
            sha256State: newest.sha256State,
            hprofState: newest.hprofState,
          },
        });
      }
    },
  });

  try {
    if (offset < dump.sizeBytes) {
      await sendFromPod(
        context,
        tool.toolPath,
        { file: dump.file, offset, count: dump.sizeBytes - offset },
        signal,
        async (chunk) => {
          await cutter.write(chunk);
          rate(chunk.length);
        },
      );
    }
    await cutter.end();
  } finally {
    await cutter.settle();
  }
  const summary = walk.end();
  if (summary.sizeBytes !== dump.sizeBytes)
    throw new StepError('dump-invalid', `${summary.sizeBytes} bytes walked, ${dump.sizeBytes} dumped`);
  const crc64 = done.reduce((whole, part) => combineCrc64(whole, BigInt(part.crc64), part.sizeBytes), 0n);
  return { sha256: sha.digest('hex'), crc64: crc64.toString() };
}

/** Reports bytes and rate, the rate over the last few seconds. */
function rateOf(context: DumpContext, totalBytes: number, offset: number): (bytes: number) => void {
  let sentBytes = offset;
  let [markBytes, markAt, bytesPerSecond] = [offset, context.now(), undefined as number | undefined];
  context.report({ sentBytes, totalBytes });
  return (bytes) => {
    sentBytes += bytes;
    const elapsed = context.now() - markAt;
    if (elapsed < 1000) return;
    const fresh = Math.round(((sentBytes - markBytes) * 1000) / elapsed);
    bytesPerSecond = bytesPerSecond === undefined ? fresh : Math.round(0.6 * bytesPerSecond + 0.4 * fresh);
    [markBytes, markAt] = [sentBytes, context.now()];
    context.report({ sentBytes, totalBytes, bytesPerSecond });
  };
}
