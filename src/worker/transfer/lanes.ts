/** Several connections at once, each opened again when it breaks, as long as that brings the transfer forward. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { stepErrorOf } from '../failure-of.ts';
import { StepError } from '../step-error.ts';
import { DirectClosed, directLane } from './direct.ts';
import { type HandOver, type PodSource, relayLane } from './relay.ts';
import type { Transfer } from './run.ts';
import { PieceDiffers } from './store-piece.ts';

/** Breaks without a single new piece, before the queue's longer back-off takes over. */
const FRUITLESS_BREAKS_PER_LANE = 3;
const FIRST_PAUSE_MS = 300;
/** A connection that was cut, and a cluster that refuses one at the moment. */
const COMES_BACK: ReadonlySet<string> = new Set(['exec-broken', 'cluster-unreachable']);
/** How often one piece may come otherwise than the pod read it, before that is taken for more than a flipped bit. */
const MOST_DIFFERENT = 3;

/**
 * Stores every piece that the queue holds.
 * @param first how it begins; a direct way that closes is gone on with by relay, if that may be
 * @throws what ended it; what was stored is in the ledger, and no buffer is in use any more
 */
export async function runLanes(
  transfer: Transfer,
  source: PodSource,
  first: 'direct' | 'relay',
  options: { readonly lanes: number; readonly mayFallBack: boolean },
): Promise<void> {
  const stop = new AbortController();
  const run = { ...transfer, signal: AbortSignal.any([transfer.signal, stop.signal]) };
  // Each piece listens to it.
  setMaxListeners(0, run.signal);
  let reason: unknown;
  const fail = (error: unknown): void => {
    reason ??= error;
    stop.abort(error);
  };
  const storing = new Set<Promise<void>>();
  const handOver = takeOver(run, storing, fail);
  const state: LaneState = { way: first, fewestLeft: run.queue.left, fruitless: 0 };
  const lanes = Array.from({ length: options.lanes }, () =>
    runLane(run, source, state, options, handOver).catch(fail),
  );
  await Promise.all(lanes);
  while (storing.size > 0) await Promise.all(storing);
  if (reason !== undefined) throw reason;
}

/** What the lanes know of each other. */
interface LaneState {
  way: 'direct' | 'relay';
  fewestLeft: number;
  fruitless: number;
}

async function runLane(
  run: Transfer,
  source: PodSource,
  state: LaneState,
  options: { readonly lanes: number; readonly mayFallBack: boolean },
  handOver: HandOver,
): Promise<void> {
  const { log } = run.context;
  while (run.queue.left > 0) {
    run.signal.throwIfAborted();
    try {
      if (state.way === 'direct') await directLane(run, source);
      else await relayLane(run, source, handOver);
      return;
    } catch (error) {
      if (run.signal.aborted) throw error;
      if (error instanceof DirectClosed) {
        if (!options.mayFallBack)
          // The store may be gone for a while. A full disk waits for a person, who may want another way.
          throw new StepError(error.code, error.message, {
            retryable: error.code === 'no-route-to-store',
            cause: error,
          });
        if (state.way === 'direct') log.info({ err: error }, 'the direct way closed, going on by relay');
        state.way = 'relay';
        continue;
      }
      const failure = stepErrorOf(error);
      if (!failure.retryable || !COMES_BACK.has(failure.code)) throw error;
      const { left } = run.queue;
      state.fruitless = left < state.fewestLeft ? 0 : state.fruitless + 1;
      state.fewestLeft = Math.min(left, state.fewestLeft);
      if (state.fruitless >= FRUITLESS_BREAKS_PER_LANE * options.lanes) throw error;
      log.info({ err: failure, left }, 'connection broke, transfer goes on');
      await delay(FIRST_PAUSE_MS * 2 ** Math.min(state.fruitless, 5), undefined, { signal: run.signal });
    }
  }
}

/** Pieces that have come are stored beside the lanes: a connection that breaks does not take them along. */
function takeOver(run: Transfer, storing: Set<Promise<void>>, fail: (error: unknown) => void): HandOver {
  const different = new Map<number, number>();
  return (piece, { letGo, stored }, buffer) => {
    const settled = Promise.all([
      letGo.then(() => run.buffers.release(buffer)),
      stored.then(
        () => run.queue.done(),
        (error: unknown) => {
          run.meter.add(-piece.sizeBytes);
          run.queue.putBack(piece);
          const count = (different.get(piece.number) ?? 0) + 1;
          different.set(piece.number, count);
          if (!(error instanceof PieceDiffers)) fail(error);
          else if (count >= MOST_DIFFERENT) fail(new StepError('checksum-mismatch', error.message));
          else run.context.log.warn({ piece: piece.number }, 'piece came otherwise than the pod read it');
        },
      ),
    ]).then(() => void storing.delete(settled));
    storing.add(settled);
  };
}
