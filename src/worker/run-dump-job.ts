/** Takes a dump job from the queue: its lease, its checkpoint, its steps, and what the queue is to do afterwards. */
import { DelayedError, type Job, type Queue, UnrecoverableError } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ClusterConfig } from '../config-schema.ts';
import type { Cluster } from '../k8s/client.ts';
import type { Logger } from '../log.ts';
import type { DumpContext, DumpSettings } from './dump-context.ts';
import {
  type Checkpoint,
  CONTRACT_VERSION,
  type DumpOutcome,
  dumpData,
  plainFailure,
  type Step,
} from './dump-job.ts';
import { CancelledError, HandOverError } from './end-reason.ts';
import { LeaseLostError, takeLease, workloadLeaseKey } from './lease.ts';
import type { PieceThreads } from './pieces/piece-threads.ts';
import { processDump } from './process-dump.ts';
import { createProgressReporter } from './report-progress.ts';
import type { ObjectStore } from './store/object-store.ts';
import { keptKey, scheduleSweep, sweepJobId } from './sweep.ts';

export interface RunDumpJobDeps {
  readonly cluster: Cluster;
  readonly clusterConfig: ClusterConfig;
  readonly store: ObjectStore;
  readonly threads: PieceThreads;
  readonly redis: Redis;
  readonly queue: Queue;
  readonly settings: DumpSettings;
  readonly now: () => number;
  readonly log: Logger;
}

/** How soon a job that had to wait is looked at again. */
const BUSY_DELAY_MS = 3000;
const HAND_OVER_DELAY_MS = 500;

/**
 * @param token BullMQ's lock token
 * @param stop aborts with a CancelledError or a HandOverError as its reason
 * @throws DelayedError where the job goes back to the queue, and what BullMQ shall try again
 */
export async function runDumpJob(
  job: Job,
  token: string | undefined,
  stop: AbortSignal,
  deps: RunDumpJobDeps,
): Promise<DumpOutcome> {
  const parsed = dumpData.safeParse(job.data);
  if (!parsed.success) {
    deps.log.error({ jobId: job.id, issues: parsed.error.issues.slice(0, 5) }, 'job is not of this contract');
    return plainFailure('bad-job', 'none');
  }
  const data = parsed.data;
  const attempt = job.attemptsStarted;
  const log = deps.log.child({ requestId: data.requestId, jobId: job.id, attempt });
  const reporter = createProgressReporter(job, { attempt, now: deps.now, log });
  const later = async (delayMs: number): Promise<never> => {
    await job.moveToDelayed(deps.now() + delayMs, token);
    throw new DelayedError();
  };

  const lease = await takeLease(
    deps.redis,
    workloadLeaseKey(data.target.cluster, data.target.namespace, data.workload),
    deps.settings.takeOverAfter,
  );
  if (lease === undefined) {
    // Nothing of it is in the pod yet: it need not wait for its turn in order to end.
    if (stop.reason instanceof CancelledError && data.checkpoint.workDir === undefined)
      return { outcome: 'cancelled', version: CONTRACT_VERSION, left: [] };
    log.info({ workload: data.workload }, 'another dump of this workload is running');
    await reporter.waiting('workload-busy');
    return later(BUSY_DELAY_MS);
  }
  try {
    let checkpoint: Checkpoint = data.checkpoint;
    const save = async (change: Partial<Checkpoint>): Promise<void> => {
      checkpoint = { ...checkpoint, ...change };
      await job.updateData({ ...data, checkpoint });
    };
    const context: DumpContext = {
      data,
      attempt,
      cluster: deps.cluster,
      clusterConfig: deps.clusterConfig,
      store: deps.store,
      threads: deps.threads,
      redis: deps.redis,
      settings: deps.settings,
      signal: AbortSignal.any([stop, lease.lost]),
      now: deps.now,
      log,
      get checkpoint() {
        return checkpoint;
      },
      save,
      report: (change) => reporter.facts(change),
    };
    await deps.redis.del(keptKey(data.requestId));
    const step = async <T>(name: Step, work: () => Promise<T>): Promise<T> => {
      reporter.step(name, checkpoint.stepMs);
      const began = deps.now();
      log.info({ step: name }, 'dump step begins');
      const result = await work();
      // A clock that is set right meanwhile may have gone back.
      const ms = Math.max(0, deps.now() - began);
      // What an earlier attempt spent on the same step counts as well.
      await save({ stepMs: { ...checkpoint.stepMs, [name]: (checkpoint.stepMs[name] ?? 0) + ms } });
      log.info({ step: name, ms }, 'dump step ended');
      if (name === 'copy-tool') {
        await scheduleSweep(
          deps.queue,
          context,
          'safety',
          deps.settings.dumpTimeout + deps.settings.transferTimeout,
        );
      }
      return result;
    };
    const outcome = await processDump(context, step, {
      lastAttempt: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
      async keepForRetry() {
        await deps.redis.set(keptKey(data.requestId), '1', 'PX', Math.max(1, deps.settings.keepDumpForRetry));
        await scheduleSweep(deps.queue, context, 'kept', deps.settings.keepDumpForRetry);
      },
    });
    await reporter.flush();
    if (outcome.outcome !== 'failed') await deps.queue.remove(sweepJobId(data.requestId, 'safety'));
    log.info(
      { outcome: outcome.outcome, ...(outcome.outcome === 'failed' ? { code: outcome.code } : {}) },
      'dump job ended',
    );
    return outcome;
  } catch (error) {
    if (error instanceof HandOverError) {
      log.info('handing the job over');
      return await later(HAND_OVER_DELAY_MS);
    }
    // Somebody else has the job by now; this run must not say anything about it.
    if (error instanceof LeaseLostError) throw new Error('Lost the lease of the workload', { cause: error });
    if (!(error instanceof UnrecoverableError)) await reporter.waiting('retrying');
    throw error;
  } finally {
    await reporter.flush();
    await lease.release();
  }
}
