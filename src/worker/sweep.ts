/** Removes what was kept for a person's Retry that never came, or what a lost job left. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Cluster } from '../k8s/client.ts';
import { getPod } from '../k8s/pods.ts';
import type { Logger } from '../log.ts';
import type { DumpContext } from './dump-context.ts';
import { CONTRACT_VERSION, dumpData } from './dump-job.ts';
import { stepErrorOf } from './failure-of.ts';
import { type CleanUpContext, removeWorkDir } from './steps/clean-up.ts';
import type { ObjectStore } from './store/object-store.ts';

/** While it is there, the dump of this request waits in its pod for a Retry, and nobody removes it. */
export const keptKey = (requestId: string): string => `heapdump:kept:${requestId}`;

export const sweepData = z.strictObject({
  version: z.literal(CONTRACT_VERSION),
  kind: z.literal('sweep'),
  requestId: dumpData.shape.requestId,
  target: dumpData.shape.target,
  podUid: dumpData.shape.podUid,
  workload: dumpData.shape.workload,
  workDir: z.string(),
  upload: z.strictObject({ objectKey: z.string(), uploadId: z.string() }).optional(),
});
export type SweepData = z.infer<typeof sweepData>;

/** After everything that a job may still do by itself. */
export function scheduleSweep(
  queue: Queue,
  context: DumpContext,
  name: 'kept' | 'safety',
  delayMs: number,
): Promise<unknown> {
  const { data, checkpoint } = context;
  const { workDir, upload } = checkpoint;
  if (workDir === undefined) return Promise.resolve();
  const sweep: SweepData = {
    version: CONTRACT_VERSION,
    kind: 'sweep',
    requestId: data.requestId,
    target: data.target,
    podUid: data.podUid,
    workload: data.workload,
    workDir,
    ...(upload === undefined ? {} : { upload: { objectKey: upload.objectKey, uploadId: upload.uploadId } }),
  };
  return queue.add('sweep', sweep, {
    jobId: sweepJobId(data.requestId, name),
    delay: delayMs,
    attempts: 5,
    backoff: { type: 'exponential', delay: 30_000 },
    removeOnComplete: true,
    removeOnFail: { age: 86_400 },
  });
}

export const sweepJobId = (requestId: string, name: 'kept' | 'safety'): string =>
  `${requestId}-sweep-${name}`;

export interface SweepDeps extends Omit<CleanUpContext, 'data'> {
  readonly cluster: Cluster;
  readonly store: ObjectStore;
  readonly redis: Redis;
  readonly log: Logger;
}

/** @throws what is worth another try */
export async function sweep(data: SweepData, deps: SweepDeps, signal: AbortSignal): Promise<void> {
  const { log } = deps;
  if (data.upload !== undefined)
    await deps.store.abortUpload(data.upload.objectKey, data.upload.uploadId, signal);
  try {
    const pod = await getPod(
      deps.cluster,
      { namespace: data.target.namespace, pod: data.target.pod },
      signal,
    );
    if (pod.uid !== data.podUid) return;
    const left = await removeWorkDir({ ...deps, data: { target: data.target } }, data.workDir, signal);
    log.info({ requestId: data.requestId, workDir: data.workDir, left }, 'swept');
  } catch (error) {
    const { code } = stepErrorOf(error);
    // The pod went, and what it held with it.
    if (code === 'pod-not-found' || code === 'container-not-found') return;
    throw error;
  }
}
