/** Answers of the clusters, kept for some seconds: people type letter by letter, and the cluster is asked once. */
import type { ListedPod, LookupOutcome, LookupQuestion } from '../worker/lookup-job.ts';

/** `slow`: no answer within the time that a person is made to wait; it may come for the next question. */
export type LookupProblem = 'slow' | 'forbidden' | 'no-worker' | 'old-worker' | 'failed';

export type Found<Names> =
  | { readonly ok: true; readonly found: readonly Names[]; readonly complete: boolean }
  | { readonly ok: false; readonly problem: LookupProblem };

export interface Lookups {
  /** Never rejects, and never takes longer than the patience. */
  namespaces(cluster: string): Promise<Found<string>>;
  pods(cluster: string, namespace: string): Promise<Found<ListedPod>>;
}

const FRESH_MS = 10_000;
/** A worker that has just been started, or a right that has just been given, is not to be waited for long. */
const FAILURE_FRESH_MS = 2000;
const PATIENCE_MS = 2000;
const REMEMBERED = 200;

interface Asked {
  readonly answer: Promise<LookupOutcome>;
  /** Milliseconds since the epoch; undefined while it is under way. */
  freshUntil: number | undefined;
}

export function createLookups(deps: {
  readonly lookUp: (cluster: string, question: LookupQuestion) => Promise<LookupOutcome>;
  readonly now: () => number;
  readonly patienceMs?: number;
}): Lookups {
  const { now, patienceMs = PATIENCE_MS } = deps;
  const asked = new Map<string, Asked>();

  const lately = (cluster: string, question: LookupQuestion): Promise<LookupOutcome> => {
    const key = JSON.stringify([cluster, question]);
    const before = asked.get(key);
    if (before !== undefined && (before.freshUntil === undefined || now() < before.freshUntil))
      return before.answer;
    const answer = deps.lookUp(cluster, question);
    const fresh: Asked = { answer, freshUntil: undefined };
    asked.delete(key);
    asked.set(key, fresh);
    answer.then(
      ({ outcome }) => {
        fresh.freshUntil = now() + (outcome === 'failed' ? FAILURE_FRESH_MS : FRESH_MS);
      },
      () => asked.delete(key),
    );
    if (asked.size > REMEMBERED) {
      const [oldest] = asked.keys();
      if (oldest !== undefined) asked.delete(oldest);
    }
    return answer;
  };

  const patiently = async (
    cluster: string,
    question: LookupQuestion,
  ): Promise<LookupOutcome | LookupProblem> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'slow'>((resolve) => {
      timer = setTimeout(() => resolve('slow'), patienceMs);
    });
    const answer = lately(cluster, question).catch(() => 'failed' as const);
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  };

  return {
    async namespaces(cluster) {
      const answer = await patiently(cluster, { of: 'namespaces' });
      if (typeof answer === 'string') return { ok: false, problem: answer };
      return answer.outcome === 'namespaces'
        ? { ok: true, found: answer.namespaces, complete: answer.complete }
        : { ok: false, problem: problemOf(answer) };
    },
    async pods(cluster, namespace) {
      const answer = await patiently(cluster, { of: 'pods', namespace });
      if (typeof answer === 'string') return { ok: false, problem: answer };
      return answer.outcome === 'pods'
        ? { ok: true, found: answer.pods, complete: answer.complete }
        : { ok: false, problem: problemOf(answer) };
    },
  };
}

function problemOf(answer: LookupOutcome): LookupProblem {
  if (answer.outcome !== 'failed') return 'failed';
  switch (answer.code) {
    case 'forbidden':
    case 'no-worker':
      return answer.code;
    case 'bad-job':
      return 'old-worker';
    default:
      return 'failed';
  }
}
