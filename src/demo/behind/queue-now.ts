/** The queue as BullMQ has it. What is in jobs and their progress is read as any reader of a wire would. */
import { type Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Behind, JobNow } from '../page/page-state.ts';

const MOST_JOBS = 20;

const jobShape = z.object({
  kind: z.enum(['dump', 'sweep']),
  requestId: z.string(),
  target: z.object({ namespace: z.string(), pod: z.string() }),
});
const progressShape = z.object({
  step: z.string(),
  sentBytes: z.number().optional(),
  totalBytes: z.number().optional(),
});

export interface QueueWatch {
  look(): Promise<Behind['queue']>;
  close(): Promise<void>;
}

export function watchQueue(name: string, redis: Redis): QueueWatch {
  const queue = new Queue(name, { connection: redis });
  queue.on('error', () => undefined);
  return {
    async look() {
      const [jobs, ended] = await Promise.all([
        openJobs(queue),
        queue.getJobCountByTypes('completed', 'failed'),
      ]);
      const dumps = jobs.filter(({ kind }) => kind === 'dump');
      const active = dumps.filter(({ state }) => state === 'active').length;
      return { waiting: dumps.length - active, active, ended, jobs };
    },
    close: () => queue.close(),
  };
}

async function openJobs(queue: Queue): Promise<JobNow[]> {
  const states = ['active', 'waiting', 'delayed'] as const;
  const found = await Promise.all(
    states.map(async (state) =>
      (await queue.getJobs([state], 0, MOST_JOBS)).map((job) => jobNow(job, state)),
    ),
  );
  return found.flat().filter((job) => job !== undefined);
}

function jobNow(job: Job | undefined, state: JobNow['state']): JobNow | undefined {
  const asked = jobShape.safeParse(job?.data);
  if (job === undefined || !asked.success) return undefined;
  const told = progressShape.safeParse(job.progress);
  const { kind, requestId, target } = asked.data;
  return {
    id: String(job.id),
    kind,
    requestId,
    pod: `${target.namespace}/${target.pod}`,
    state,
    step: told.data?.step,
    sentBytes: told.data?.sentBytes,
    totalBytes: told.data?.totalBytes,
  };
}
