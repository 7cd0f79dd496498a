/**
 * The pod's file → the store, piece by piece, over several connections or by the pod itself. Goes on after a break with
 * the pieces that the store lacks. What was proved of it is in the result.
 */
import type { DumpContext } from '../dump-context.ts';
import type { ObjectForm, StoredDump } from '../dump-job.ts';
import { createFileRecord } from '../pieces/in-order.ts';
import { createPieceBuffers } from '../pieces/piece-buffers.ts';
import { abandonUpload } from '../transfer/abandon-upload.ts';
import { type ChosenWay, chooseWay } from '../transfer/choose-way.ts';
import { conclude, isWorthless } from '../transfer/conclude.ts';
import { runLanes } from '../transfer/lanes.ts';
import { memoryFor } from '../transfer/memory.ts';
import { createMeter } from '../transfer/meter.ts';
import { openUpload } from '../transfer/open-upload.ts';
import { partLedger } from '../transfer/part-ledger.ts';
import { PieceQueue } from '../transfer/piece-queue.ts';
import { piecesOf } from '../transfer/pieces.ts';
import type { PodSource } from '../transfer/relay.ts';
import type { Transfer } from '../transfer/run.ts';
import { chooseSum } from '../transfer/sums.ts';
import { tryBothForms } from '../transfer/try-both-forms.ts';
import { Turns } from '../transfer/turns.ts';
import type { CheckedContainer } from './check-jdk.ts';
import type { CopiedTool } from './copy-tool.ts';
import type { Dump } from './run-dump.ts';

export async function transfer(
  context: DumpContext,
  checked: CheckedContainer,
  tool: CopiedTool,
  dump: Dump,
): Promise<StoredDump> {
  if (context.checkpoint.stored !== undefined) return context.checkpoint.stored;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(context.settings.transferTimeout)]);
  const source = { toolPath: tool.toolPath, file: dump.file };
  const sumKind = chooseSum(checked.probe.commands);
  const ledger = partLedger(context.redis, context.data.requestId);
  try {
    const way = await chooseWay(context, checked.probe, source, signal);
    const formOf = async (pieceBytes: number): Promise<ObjectForm> =>
      way.mayPack
        ? tryBothForms(context, source, { sizeBytes: dump.sizeBytes, pieceBytes }, sumKind, signal)
        : way.form;
    const { upload, there, completed } = await openUpload(context, formOf, dump.sizeBytes, ledger, signal);
    const compression = way.compressionOf(upload.form);
    const all = piecesOf(dump.sizeBytes, upload.pieceBytes);
    const missing = completed ? [] : all.filter(({ number }) => !there.has(number));
    const whole = missing.length === all.length && way.passesHere;
    const memory = memoryFor(context, upload);
    const run: Transfer = {
      context,
      upload,
      dumpSizeBytes: dump.sizeBytes,
      sumKind,
      queue: new PieceQueue(missing),
      ledger,
      buffers: createPieceBuffers(memory.pieces),
      packed: createPieceBuffers(memory.packed),
      turns: new Turns(memory.packed.count),
      record: whole ? createFileRecord(context.threads.openRecorder()) : undefined,
      compression,
      meter: createMeter(
        context,
        dump.sizeBytes,
        dump.sizeBytes - missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      ),
      signal,
    };
    try {
      await sendPieces(run, source, way, memory.lanes);
      return await conclude(run, dump.sizeBytes);
    } finally {
      run.record?.close();
    }
  } catch (error) {
    // The file is not what was sent of it, or no heap dump: nothing that is stored is of use.
    if (isWorthless(error)) await abandonUpload(context, signal);
    throw error;
  }
}

async function sendPieces(run: Transfer, source: PodSource, way: ChosenWay, lanes: number): Promise<void> {
  try {
    await runLanes(run, source, way.first, { lanes, mayFallBack: way.mayFallBack });
  } finally {
    run.buffers.free();
    run.packed.free();
  }
}
