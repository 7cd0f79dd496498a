/** The program of one thread of piece-threads.ts: a request comes in, its answer goes out, one at a time. */
import { performance } from 'node:perf_hooks';
import { parentPort } from 'node:worker_threads';
import { HprofError } from '../hprof-walk.ts';
import type { PieceTask } from './piece-task.ts';
import { type RecordedFile, RunningRecord } from './recorded-file.ts';
import { createPieceTreatment, type TreatedBytes } from './treat-piece.ts';

/** `record` is the number of a file, which only requests to this thread name. */
export type ThreadRequest =
  | { readonly treat: PieceTask }
  | {
      readonly record: number;
      readonly take: { readonly raw: Uint8Array; readonly stored: Uint8Array | undefined };
    }
  | { readonly record: number; readonly end: true }
  | { readonly record: number; readonly forget: true };

export type ThreadAnswer =
  | { readonly treated: TreatedBytes & { readonly tookMs: number } }
  | { readonly taken: true }
  | { readonly recorded: RecordedFile }
  | { readonly notHprof: { readonly reason: string; readonly offset: number } }
  /** What was thrown: the thread itself is fine. */
  | { readonly failed: unknown };

const treat = await createPieceTreatment();
const records = new Map<number, RunningRecord>();

function recordOf(number: number): RunningRecord {
  const record = records.get(number) ?? new RunningRecord();
  records.set(number, record);
  return record;
}

function answerTo(request: Exclude<ThreadRequest, { readonly forget: true }>): ThreadAnswer {
  if ('treat' in request) {
    const startedAt = performance.now();
    return { treated: { ...treat(request.treat), tookMs: performance.now() - startedAt } };
  }
  const record = recordOf(request.record);
  if ('end' in request) return { recorded: record.end() };
  record.take(request.take.raw, request.take.stored);
  return { taken: true };
}

/** Of an error nothing but its text would arrive. */
function failureOf(error: unknown): ThreadAnswer {
  if (!(error instanceof HprofError)) return { failed: error };
  return { notHprof: { reason: error.reason, offset: error.offset } };
}

parentPort?.on('message', (request: ThreadRequest) => {
  if ('forget' in request) {
    records.delete(request.record);
    return;
  }
  try {
    parentPort?.postMessage(answerTo(request));
  } catch (error) {
    parentPort?.postMessage(failureOf(error));
  }
});
