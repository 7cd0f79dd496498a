/** The program of one thread of piece-threads.ts: a task comes in, its result goes out, one at a time. */
import { performance } from 'node:perf_hooks';
import { parentPort } from 'node:worker_threads';
import type { PieceTask } from './piece-task.ts';
import { createPieceTreatment, type TreatedBytes } from './treat-piece.ts';

export type ThreadAnswer =
  | (TreatedBytes & { readonly tookMs: number })
  | {
      /** What the treatment threw: the thread itself is fine. */
      readonly failed: unknown;
    };

const treat = await createPieceTreatment();

const answerTo = (task: PieceTask): ThreadAnswer => {
  const startedAt = performance.now();
  try {
    return { ...treat(task), tookMs: performance.now() - startedAt };
  } catch (failed) {
    return { failed };
  }
};

parentPort?.on('message', (task: PieceTask) => parentPort?.postMessage(answerTo(task)));
