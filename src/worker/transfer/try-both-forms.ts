/**
 * Shall the pod compress what it uploads by itself? Measured, not guessed: the first piece both ways, as parts of an
 * upload that is thrown away. Only where the rule lets the pod's CPU be used, and the dump is worth the two pieces.
 */
import type { DumpContext } from '../dump-context.ts';
import type { ObjectForm, SumKind } from '../dump-job.ts';
import { objectKeyOf } from '../object-key.ts';
import { DirectClosed, measure, put, refusalOf } from './direct.ts';
import { piecesOf } from './pieces.ts';
import { openPodFile } from './pod-file.ts';
import type { PodSource } from './relay.ts';

/** Fewer are moved before a trial would pay. */
const LEAST_PIECES = 8;
/** The pod's CPU is spent for no less than that. */
const WORTH_IT = 0.9;

/** @returns the form in which the pod moves more of the dump per second; 'hprof' where that cannot be told */
export async function tryBothForms(
  context: DumpContext,
  source: PodSource,
  dump: { readonly sizeBytes: number; readonly pieceBytes: number },
  sumKind: SumKind,
  signal: AbortSignal,
): Promise<ObjectForm> {
  const pieces = piecesOf(dump.sizeBytes, dump.pieceBytes);
  const [piece] = pieces;
  if (piece === undefined || pieces.length < LEAST_PIECES) return 'hprof';
  const { data, store } = context;
  const objectKey = `${objectKeyOf(data.objectPrefix, data.target.pod, data.requestId, context.now(), 'hprof')}.trial`;
  // Noted first, so that what a crash leaves of the trial is found and removed.
  await context.save({ objectKey });
  const uploadId = await store.beginUpload({ objectKey, metadata: {} }, signal);
  const file = await openPodFile(context, source, signal);
  const timed = async (packWithSum: SumKind | undefined): Promise<number> => {
    const began = context.now();
    const measured = await measure(file, piece, dump.pieceBytes, packWithSum);
    const answer = await put(context, { objectKey, uploadId }, file, piece, measured, signal);
    return refusalOf(answer) === undefined ? context.now() - began : Number.POSITIVE_INFINITY;
  };
  try {
    const [asItIs, packed] = [await timed(undefined), await timed(sumKind)];
    context.log.info({ asItIs, packed }, 'the first piece was tried both ways');
    return packed < asItIs * WORTH_IT ? 'hprof.gz' : 'hprof';
  } catch (error) {
    // Without room for a packed piece there is nothing to choose.
    if (error instanceof DirectClosed) return 'hprof';
    throw error;
  } finally {
    await file.close();
    await store.abortUpload(objectKey, uploadId, signal);
  }
}
