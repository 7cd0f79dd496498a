/** The bot's side of BullMQ: a queue for each cluster, and what is heard from it. */
import { type Job, Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from '../log.ts';
import {
  CANCEL_CHANNEL,
  CONTRACT_VERSION,
  cancelKey,
  type DumpData,
  type DumpOutcome,
  dumpOutcome,
  looksQueueName,
  type PreflightOutcome,
  type Progress,
  plainFailure,
  preflightData,
  preflightJobId,
  preflightOutcome,
  progress,
  queueName,
  type Target,
  type TransferTerms,
} from '../worker/dump-job.ts';
import type { LookupOutcome, LookupQuestion } from '../worker/lookup-job.ts';
import { lookUp } from './look-up.ts';

export type JobStanding =
  | { readonly kind: 'absent' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'active'; readonly progress: Progress | undefined }
  | { readonly kind: 'ended'; readonly outcome: DumpOutcome };

export interface JobListener {
  onProgress(requestId: string, run: number, progress: Progress): void;
  onEnded(requestId: string): void;
}

export interface DumpQueues {
  /** Asks the cluster's worker to look at a pod. Never throws for what the cluster or the worker says. */
  preflight(
    requestId: string,
    look: number,
    target: Target,
    noDisk: TransferTerms['noDisk'],
  ): Promise<PreflightOutcome>;
  /** Asks the cluster's worker which names there are. Never throws, as above. */
  lookUp(cluster: string, question: LookupQuestion): Promise<LookupOutcome>;
  /** Adding the same job again changes nothing. */
  add(jobId: string, data: DumpData): Promise<void>;
  standing(cluster: string, jobId: string): Promise<JobStanding>;
  /** Reaches the job wherever it is: waiting, running, or about to be handed over. */
  askToCancel(requestId: string, by: string): Promise<void>;
  clearCancel(requestId: string): Promise<void>;
  /** @returns true if the job had not begun and is gone now */
  removeWaiting(cluster: string, jobId: string): Promise<boolean>;
  listen(listener: JobListener): void;
  close(): Promise<void>;
}

export interface DumpQueuesOptions {
  readonly clusters: readonly string[];
  /** For commands, with an end; and a maker of connections that may block. */
  readonly redis: Redis;
  readonly blocking: () => Redis;
  readonly attempts: number;
  readonly preflightTimeoutMs: number;
  readonly log: Logger;
}

/** Kept for a week, so that a bot that was down for a while still learns how a job ended. */
const KEEP_SECONDS = 7 * 86_400;
const CANCEL_SECONDS = 7 * 86_400;
/** Of looks, which are waited for by whoever asked, or by nobody any more. */
const LOOK_EVENTS = 200;
/** BullMQ waits without end for a Redis that is not there. */
const ADD_TIMEOUT_MS = 4000;

export function createDumpQueues(options: DumpQueuesOptions): DumpQueues {
  const { redis, log } = options;
  const connections: Redis[] = [];
  const lines = new Map(
    options.clusters.map((cluster) => {
      const connection = options.blocking();
      connection.on('error', (err) => log.warn({ err, cluster }, 'redis connection for job events failed'));
      connections.push(connection);
      const queue = new Queue(queueName(cluster), { connection: redis });
      const looks = new Queue(looksQueueName(cluster), {
        connection: redis,
        // An event holds its job's answer, and that of a lookup is a long list.
        streams: { events: { maxLen: LOOK_EVENTS } },
      });
      const events = new QueueEvents(queueName(cluster), { connection });
      const lookEvents = new QueueEvents(looksQueueName(cluster), { connection });
      // Each pre-flight that is waited for listens to its queue, and there may be any number.
      looks.setMaxListeners(0);
      const failed = (err: Error): void => log.warn({ err, cluster }, 'queue failed');
      for (const each of [queue, looks]) each.on('error', failed);
      for (const each of [events, lookEvents]) each.on('error', failed);
      return [cluster, { queue, looks, events, lookEvents }] as const;
    }),
  );
  const line = (cluster: string) => {
    const found = lines.get(cluster);
    if (found === undefined) throw new Error(`No queue for this cluster: ${cluster}`);
    return found;
  };

  return {
    async preflight(requestId, look, target, noDisk) {
      const { looks, lookEvents } = line(target.cluster);
      const data = preflightData.parse({
        version: CONTRACT_VERSION,
        kind: 'preflight',
        requestId,
        target,
        noDisk,
      });
      const job = await within(
        ADD_TIMEOUT_MS,
        looks.add('preflight', data, {
          jobId: preflightJobId(requestId, look),
          removeOnComplete: { age: 3600 },
          removeOnFail: { age: 3600 },
        }),
      );
      try {
        const answer = preflightOutcome.safeParse(
          await job.waitUntilFinished(lookEvents, options.preflightTimeoutMs),
        );
        return answer.success ? answer.data : plainFailure('bad-job', 'new-approval');
      } catch (err) {
        const state = await job.getState().catch(() => 'unknown');
        log.warn({ err, requestId, state }, 'pre-flight was not answered');
        if (state === 'failed') return plainFailure('internal', 'new-approval');
        // Nobody shall look on later for a person who was told that nobody looked.
        await job.remove().catch(() => undefined);
        return plainFailure('no-worker', 'new-approval');
      }
    },

    lookUp: (cluster, question) => lookUp(line(cluster), cluster, question, log),

    async add(jobId, data) {
      await within(
        ADD_TIMEOUT_MS,
        line(data.target.cluster).queue.add('dump', data, {
          jobId,
          attempts: options.attempts,
          backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
          removeOnComplete: { age: KEEP_SECONDS },
          removeOnFail: { age: KEEP_SECONDS },
        }),
      );
    },

    async standing(cluster, jobId) {
      const { queue } = line(cluster);
      // State first: a job that was read before it ended has no return value yet.
      const state = await queue.getJobState(jobId);
      const job = (await queue.getJob(jobId)) as Job | undefined;
      if (job === undefined) return { kind: 'absent' };
      if (state === 'completed') {
        const outcome = dumpOutcome.safeParse(job.returnvalue);
        if (!outcome.success)
          log.error({ jobId, issues: outcome.error.issues.slice(0, 5) }, 'outcome is not of this contract');
        return {
          kind: 'ended',
          outcome: outcome.success ? outcome.data : plainFailure('bad-job', 'new-approval'),
        };
      }
      if (state === 'failed') {
        log.error({ jobId, failedReason: job.failedReason }, 'dump job broke');
        return {
          kind: 'ended',
          outcome: plainFailure(job.stalledCounter > 0 ? 'worker-lost' : 'internal', 'new-approval'),
        };
      }
      const said = progress.safeParse(job.progress);
      return said.success
        ? { kind: 'active', progress: said.data }
        : { kind: state === 'active' ? 'active' : 'waiting', progress: undefined };
    },

    async askToCancel(requestId, by) {
      await redis.set(cancelKey(requestId), by, 'EX', CANCEL_SECONDS);
      await redis.publish(CANCEL_CHANNEL, requestId);
    },

    async clearCancel(requestId) {
      await redis.del(cancelKey(requestId));
    },

    async removeWaiting(cluster, jobId) {
      const job = (await line(cluster).queue.getJob(jobId)) as Job | undefined;
      // Once begun it may have left something in the pod, so its worker has to end it.
      if (job === undefined || job.attemptsStarted > 0) return false;
      return job.remove().then(
        () => true,
        () => false,
      );
    },

    listen(listener) {
      for (const { events } of lines.values()) {
        events.on('progress', ({ jobId, data }) => {
          const job = parseJobId(jobId);
          const said = progress.safeParse(data);
          if (job !== undefined && said.success) listener.onProgress(job.requestId, job.run, said.data);
        });
        const ended = ({ jobId }: { jobId: string }) => {
          const job = parseJobId(jobId);
          if (job !== undefined) listener.onEnded(job.requestId);
        };
        events.on('completed', ended);
        events.on('failed', ended);
      }
    },

    async close() {
      await Promise.allSettled(
        [...lines.values()].flatMap(({ queue, looks, events, lookEvents }) =>
          [events, lookEvents, queue, looks].map((part) => part.close()),
        ),
      );
      for (const connection of connections) connection.disconnect();
    },
  };
}

function parseJobId(jobId: string): { requestId: string; run: number } | undefined {
  const [, requestId, run] = /^([a-z0-9]{8})-run(\d+)$/.exec(jobId) ?? [];
  return requestId === undefined || run === undefined ? undefined : { requestId, run: Number(run) };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not take the job within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
