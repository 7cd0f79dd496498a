/**
 * The pod's file → parts in the store: one exec, cut into parts, each hashed, walked and sent while the next one is
 * read. What is sent is in the checkpoint before it is relied on.
 */
import { createHash, type Hash } from 'node:crypto';
import type { DumpContext } from '../dump-context.ts';
import type { Checkpoint, UploadedPart } from '../dump-job.ts';
import { sendFromPod } from '../dump-tool.ts';
import { stepErrorOf } from '../failure-of.ts';
import { HprofWalk } from '../hprof-walk.ts';
import { StepError } from '../step-error.ts';
import { combineCrc64, createCrc64 } from '../store/crc64.ts';
import type { CopiedTool } from './copy-tool.ts';
import { PartCutter } from './part-cutter.ts';
import type { Dump } from './run-dump.ts';

export type Upload = NonNullable<Checkpoint['upload']>;

/** One is filled while two are under way. */
const BUFFERS = 3;
/** Breaks in a row without a single new part, before the queue's longer back-off takes over. */
const FRUITLESS_BREAKS = 3;

/** What is known of the parts so far: their list, and what the file's beginning has come to. */
interface Prefix {
  readonly parts: readonly UploadedPart[];
  readonly sha: Hash;
  readonly walk: string;
}

/**
 * Sends what the upload lacks and goes on by itself when the connection breaks, as long as that brings it forward.
 * @returns checksums of the whole file
 */
export async function sendParts(
  context: DumpContext,
  tool: CopiedTool,
  dump: Dump,
  upload: Upload,
  signal: AbortSignal,
): Promise<{ sha256: string; crc64: string }> {
  let prefix = await prefixOf(context, tool, dump, upload, signal);
  for (let fruitless = 0; ; ) {
    const before = prefix.parts.length;
    try {
      await sendFrom(context, tool, dump, upload, prefix, signal, (longer) => {
        prefix = longer;
      });
      return conclude(prefix, dump);
    } catch (error) {
      const failure = stepErrorOf(error);
      fruitless = prefix.parts.length > before ? 0 : fruitless + 1;
      if (failure.code !== 'exec-broken' || signal.aborted || fruitless >= FRUITLESS_BREAKS) throw error;
      context.log.info({ err: failure, parts: prefix.parts.length }, 'connection broke, transfer goes on');
    }
  }
}

/**
 * After another process sent some parts, their hash is not known here: the pod's file is read again up to there, and not
 * sent again. Each part is compared with what was sent, so that a file that changed since is found.
 */
async function prefixOf(
  context: DumpContext,
  tool: CopiedTool,
  dump: Dump,
  upload: Upload,
  signal: AbortSignal,
): Promise<Prefix> {
  const sha = createHash('sha256');
  const walk = new HprofWalk();
  const crc = await createCrc64();
  const expected = [...upload.parts];
  const sizeBytes = expected.reduce((sum, part) => sum + part.sizeBytes, 0);
  const cutter = new PartCutter({
    partBytes: upload.partSizeBytes,
    buffers: 1,
    firstNumber: 1,
    async send({ number, body }) {
      sha.update(body);
      walk.update(body);
      crc.reset();
      crc.update(body);
      if (crc.value().toString() !== expected[number - 1]?.crc64) {
        throw new StepError('checksum-mismatch', `part ${number} is not what was sent before`);
      }
    },
  });
  if (sizeBytes > 0) {
    context.log.info({ parts: expected.length, sizeBytes }, 'reading again what another worker has sent');
    await sendFromPod(
      context,
      tool.toolPath,
      { file: dump.file, offset: 0, count: sizeBytes },
      signal,
      (chunk) => cutter.write(chunk),
    );
    await cutter.end();
  }
  return { parts: expected, sha, walk: walk.save() };
}

/** One exec, from the first part that is missing to the end of the file. */
async function sendFrom(
  context: DumpContext,
  tool: CopiedTool,
  dump: Dump,
  upload: Upload,
  prefix: Prefix,
  signal: AbortSignal,
  onLonger: (prefix: Prefix) => void,
): Promise<void> {
  const crc = await createCrc64();
  const sha = prefix.sha.copy();
  const walk = HprofWalk.restore(prefix.walk);
  const parts = [...prefix.parts];
  const offset = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  /** Stored, but a part before it is not yet: a prefix has no holes. */
  const early = new Map<number, { part: UploadedPart; sha: Hash; walk: string }>();
  const rate = rateOf(context, dump.sizeBytes, offset);

  const cutter = new PartCutter({
    partBytes: upload.partSizeBytes,
    buffers: BUFFERS,
    firstNumber: parts.length + 1,
    async send({ number, body }) {
      // In the order of the file: parts are cut one after the other, and this runs before any wait.
      sha.update(body);
      walk.update(body);
      crc.reset();
      crc.update(body);
      const known = { sha: sha.copy(), walk: walk.save() };
      const crc64 = crc.value().toString();
      const stored = await context.store.uploadPart(upload.objectKey, upload.uploadId, number, body, signal);
      early.set(number, { part: { number, sizeBytes: body.length, etag: stored.etag, crc64 }, ...known });
      let longer: Prefix | undefined;
      for (let next = early.get(parts.length + 1); next !== undefined; next = early.get(parts.length + 1)) {
        early.delete(next.part.number);
        parts.push(next.part);
        longer = { parts: [...parts], sha: next.sha, walk: next.walk };
      }
      if (longer === undefined) return;
      await context.save({ upload: { ...upload, parts: [...longer.parts] } });
      onLonger(longer);
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
}

function conclude(prefix: Prefix, dump: Dump): { sha256: string; crc64: string } {
  const summary = HprofWalk.restore(prefix.walk).end();
  if (summary.sizeBytes !== dump.sizeBytes)
    throw new StepError('dump-invalid', `${summary.sizeBytes} bytes walked, ${dump.sizeBytes} dumped`);
  const crc64 = prefix.parts.reduce(
    (whole, part) => combineCrc64(whole, BigInt(part.crc64), part.sizeBytes),
    0n,
  );
  return { sha256: prefix.sha.copy().digest('hex'), crc64: crc64.toString() };
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
