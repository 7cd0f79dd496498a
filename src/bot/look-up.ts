/** Asks a cluster's worker which namespaces or pods there are. */
import { randomUUID } from 'node:crypto';
import type { Queue, QueueEvents } from 'bullmq';
import type { Logger } from '../log.ts';
import { CONTRACT_VERSION, plainFailure } from '../worker/dump-job.ts';
import {
  LOOKUP_JOB,
  type LookupOutcome,
  type LookupQuestion,
  lookupData,
  lookupOutcome,
} from '../worker/lookup-job.ts';

/** Longer than the worker takes: a late answer still serves the next letter that is typed. */
const TIMEOUT_MS = 10_000;
/** Nobody reads it twice. */
const KEEP_SECONDS = 600;

/** Never throws for what the cluster, the worker or the queue says. */
export async function lookUp(
  { looks, lookEvents }: { readonly looks: Queue; readonly lookEvents: QueueEvents },
  cluster: string,
  question: LookupQuestion,
  log: Logger,
): Promise<LookupOutcome> {
  const data = lookupData.parse({ version: CONTRACT_VERSION, kind: 'lookup', cluster, question });
  try {
    const job = await looks.add(LOOKUP_JOB, data, {
      jobId: `lookup-${randomUUID()}`,
      removeOnComplete: { age: KEEP_SECONDS },
      removeOnFail: { age: KEEP_SECONDS },
    });
    try {
      const answer = lookupOutcome.safeParse(await job.waitUntilFinished(lookEvents, TIMEOUT_MS));
      return answer.success ? answer.data : plainFailure('bad-job', 'none');
    } catch (err) {
      const state = await job.getState();
      log.info({ err, cluster, state }, 'lookup was not answered');
      return plainFailure(state === 'failed' ? 'internal' : 'no-worker', 'resume');
    } finally {
      // A long list is not to lie in Redis, nor shall anybody look for a person who has given up.
      await job.remove().catch(() => undefined);
    }
  } catch (err) {
    log.warn({ err, cluster }, 'lookup could not be asked for');
    return plainFailure('internal', 'resume');
  }
}
