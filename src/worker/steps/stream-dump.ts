/**
 * No-disk mode: the JVM dumps into a pipe, and what comes out of it goes to the store at once. The application stands
 * still as long as this lasts, and a break loses the dump: there is nothing to go on with, and no second pause without a
 * new approval.
 */
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';
import { openExec } from '../../k8s/exec.ts';
import type { DumpContext } from '../dump-context.ts';
import type { StoredDump } from '../dump-job.ts';
import { toolError, toolStartError } from '../dump-tool.ts';
import { stepErrorOf } from '../failure-of.ts';
import { createFileRecord } from '../pieces/in-order.ts';
import { createPieceBuffers } from '../pieces/piece-buffers.ts';
import { QuietWatch } from '../quiet-watch.ts';
import { StepError } from '../step-error.ts';
import { countOf, LineSplitter, parseToolLine, type ToolLine } from '../tool-lines.ts';
import { abandonUpload } from '../transfer/abandon-upload.ts';
import { chooseCompressor, formOf } from '../transfer/choose-way.ts';
import { compressionOf } from '../transfer/compression.ts';
import { conclude } from '../transfer/conclude.ts';
import { memoryFor } from '../transfer/memory.ts';
import { createMeter } from '../transfer/meter.ts';
import { beginUpload } from '../transfer/open-upload.ts';
import { partLedger, sumOf } from '../transfer/part-ledger.ts';
import { PieceQueue } from '../transfer/piece-queue.ts';
import type { Transfer } from '../transfer/run.ts';
import { StreamCutter } from '../transfer/stream-cutter.ts';
import { chooseSum, sumOfKind } from '../transfer/sums.ts';
import { Turns } from '../transfer/turns.ts';
import type { CheckedContainer } from './check-jdk.ts';
import type { CopiedTool } from './copy-tool.ts';

const MIB = 1024 * 1024;
/** More than a JVM of this size can dump: sizes of parts follow from it, and there may be 10,000 of them. */
const UNKNOWN_SIZE_BYTES = 64 * 1024 * MIB;
/** Without a byte for so long the tool ends the reader in the pod, and the application goes on. */
const IDLE_SECONDS = 30;
/** Longer than the tool's own watchdog, which should be the first. */
const QUIET_MS = 45_000;

/** @throws StepError; never worth another attempt by itself once the JVM was asked */
export async function streamDump(
  context: DumpContext,
  checked: CheckedContainer,
  tool: CopiedTool,
): Promise<StoredDump> {
  const { checkpoint, data } = context;
  if (checkpoint.stored !== undefined) return checkpoint.stored;
  if (checkpoint.dumpStarted)
    throw new StepError('stream-broken', 'the attempt before this one was cut off in mid-dump');
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(context.settings.transferTimeout)]);
  const sumKind = chooseSum(checked.probe.commands);
  // The pod's own CPU is busy with the dump itself.
  const wish = { compress: data.transfer.compress, podCpu: false };
  const ways = chooseCompressor(wish, 'relay', checked.probe.commands, availableParallelism());
  const form = formOf(ways);
  const upload = await beginUpload(
    context,
    form,
    checked.probe.heap?.maxBytes === undefined ? UNKNOWN_SIZE_BYTES : 3 * checked.probe.heap.maxBytes,
    signal,
  );
  const ledger = partLedger(context.redis, data.requestId);
  await ledger.clear();
  const memory = memoryFor(context, upload);
  const run: Transfer = {
    context,
    upload,
    dumpSizeBytes: undefined,
    sumKind,
    queue: new PieceQueue([]),
    ledger,
    buffers: createPieceBuffers(memory.pieces),
    packed: createPieceBuffers(memory.packed),
    turns: new Turns(memory.packed.count),
    record: createFileRecord(context.threads.openRecorder()),
    compression: compressionOf(ways, context.now),
    meter: createMeter(context, undefined, 0),
    signal,
  };
  await context.save({ dumpStarted: true });
  try {
    const streamed = await stream(run, tool);
    await context.save({
      dump: {
        file: posix.join(tool.workDir, 'heap.hprof'),
        sizeBytes: streamed.sizeBytes,
        pauseMs: streamed.pauseMs,
        adopted: false,
      },
    });
    return await conclude(run, streamed.sizeBytes);
  } catch (error) {
    await abandonUpload(context, AbortSignal.timeout(60_000)).catch((err: unknown) =>
      context.log.warn({ err }, 'upload could not be aborted'),
    );
    throw signal.aborted && context.signal.aborted ? error : lost(error);
  } finally {
    run.buffers.free();
    run.packed.free();
    run.record?.close();
  }
}

/** Whatever broke the stream, the dump went with it. What the tool says of the JVM keeps its name. */
function lost(error: unknown): StepError {
  const failure = stepErrorOf(error);
  if (!failure.retryable && failure.code !== 'store-refused') return failure;
  return new StepError('stream-broken', `${failure.code}: ${failure.detail}`, { cause: error });
}

async function stream(run: Transfer, tool: CopiedTool): Promise<{ sizeBytes: number; pauseMs: number }> {
  const { context, sumKind } = run;
  const { data, settings, clusterConfig } = context;
  const cutter = new StreamCutter(run);
  const sum = sumOfKind(sumKind);
  const watch = new QuietWatch(QUIET_MS);
  const said: ToolLine[] = [];
  const lines = new LineSplitter((text) => {
    const line = parseToolLine(text);
    watch.touch();
    if (line !== undefined && line.word !== 'alive' && said.length < 100) said.push(line);
    if (line?.word === 'done' || line?.word === 'failed') void session.write('ok\n').catch(() => undefined);
  });
  const argv = ['stream', '--pid', String(data.jvm.pid), '--start', String(data.jvm.startTime)];
  const session = await openExec(context.cluster, data.target, {
    argv: [
      tool.toolPath,
      ...argv,
      '--dir',
      tool.workDir,
      '--sum',
      sumKind,
      '--idle',
      `${IDLE_SECONDS}`,
      '--ack',
    ],
    keepStdinOpen: true,
    onStdout: (chunk) => {
      watch.touch();
      sum.update(chunk);
      const taken = cutter.write(chunk);
      return taken === undefined ? undefined : watch.during(taken);
    },
    onStderr: (chunk) => lines.push(chunk),
    signal: AbortSignal.any([run.signal, watch.signal, cutter.failed]),
    timeoutMs: settings.transferTimeout,
    subprotocol: clusterConfig.subprotocol,
    endOnAbort: true,
  });
  try {
    const result = await session.done;
    lines.end();
    const failed = said.find(({ word }) => word === 'failed');
    if (failed !== undefined) throw toolError(failed, result.stderr);
    const streamed = said.find(({ word }) => word === 'streamed');
    await cutter.end();
    const sizeBytes = countOf(streamed, 'bytes');
    if (sizeBytes === undefined || sizeBytes !== cutter.takenBytes)
      throw new StepError('stream-broken', `${cutter.takenBytes} of ${sizeBytes ?? 'unknown'} bytes came`);
    const [there, here] = [sumOf(streamed?.values.sum, sumKind), sum.value()];
    if (there !== here)
      throw new StepError('checksum-mismatch', `${sumKind} ${there} in the pod, ${here} here`);
    return { sizeBytes, pauseMs: countOf(streamed, 'ms') ?? 0 };
  } catch (error) {
    throw cutter.failed.aborted ? cutter.failed.reason : toolStartError(error);
  } finally {
    watch.end();
    await cutter.settle();
  }
}
