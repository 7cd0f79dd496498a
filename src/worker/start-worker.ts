/** Serves the queue of one cluster: dumps, looks, sweeps. Stops by handing its running jobs over. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { DelayedError, type Job, Queue, Worker } from 'bullmq';
import type { ClusterConfig, Config } from '../config-schema.ts';
import type { Health } from '../health/health.ts';
import { connectCluster } from '../k8s/client.ts';
import type { Logger } from '../log.ts';
import { connectRedis } from '../redis.ts';
import {
  CANCEL_CHANNEL,
  cancelKey,
  looksQueueName,
  type PreflightOutcome,
  plainFailure,
  preflightData,
  queueName,
} from './dump-job.ts';
import { CancelledError, HandOverError } from './end-reason.ts';
import { LOOKUP_JOB, type LookupOutcome, lookupData } from './lookup-job.ts';
import { createPieceThreads } from './pieces/piece-threads.ts';
import { processLookup } from './process-lookup.ts';
import { processPreflight } from './process-preflight.ts';
import { runDumpJob } from './run-dump-job.ts';
import type { ObjectStore } from './store/object-store.ts';
import { sweep, sweepData } from './sweep.ts';
import { workerMetrics } from './worker-metrics.ts';

export interface WorkerDeps {
  readonly store: ObjectStore;
  readonly now: () => number;
  readonly log: Logger;
  /** Of the machine this runs on; the tools folder beside the code unless told. */
  readonly toolsDir?: string;
  /** Of this process, where somebody wants to know. */
  readonly health?: Health | undefined;
}

export interface RunningWorker {
  /** Takes no more jobs and hands the running ones over, within the config's drainTimeout. */
  stop(): Promise<void>;
}

const OWN_TOOL = 'jmap-dump-tool';
const LOOKS_AT_ONCE = 4;
/** Whoever asked has long been told that it takes too long. */
const LOOKUP_TIMEOUT_MS = 8000;
const MOST_PIECE_THREADS = 4;
/** A rolling restart or two in the middle of a dump must not count as a broken job. */
const MAX_STALLED = 20;

export async function startWorker(
  config: Config,
  clusterConfig: ClusterConfig,
  deps: WorkerDeps,
): Promise<RunningWorker> {
  const log = deps.log.child({ cluster: clusterConfig.name });
  const cluster = connectCluster({
    ...(clusterConfig.kubeconfig === undefined ? {} : { kubeconfigPath: clusterConfig.kubeconfig }),
    ...(clusterConfig.context === undefined ? {} : { context: clusterConfig.context }),
    inCluster: clusterConfig.inCluster,
  });
  const toolsDir = deps.toolsDir ?? fileURLToPath(new URL('../../tools', import.meta.url));
  const settings = {
    ...config.worker,
    toolPath: `${toolsDir}/${OWN_TOOL}`,
    foreignToolPath:
      config.worker.dumpTool === OWN_TOOL ? undefined : `${toolsDir}/${config.worker.dumpTool}`,
    manifestKeys: config.store.manifestKeys,
  };
  const redis = connectRedis(config.redis.url, 'commands');
  const blocking = connectRedis(config.redis.url, 'blocking');
  const subscriber = connectRedis(config.redis.url, 'blocking');
  for (const connection of [redis, blocking, subscriber])
    connection.on('error', (err) => log.warn({ err }, 'redis connection failed'));
  const queue = new Queue(queueName(clusterConfig.name), { connection: redis });
  queue.on('error', (err) => log.warn({ err }, 'queue failed'));
  const threads = createPieceThreads({ threads: pieceThreadsFor(availableParallelism()) });
  const running = new Map<string, AbortController>();
  const stopping = new AbortController();
  const metrics =
    deps.health === undefined
      ? undefined
      : workerMetrics(deps.health.registry, clusterConfig.name, () => running.size);
  const store = metrics?.counted(deps.store) ?? deps.store;

  subscriber.on('message', (_channel, requestId) => running.get(requestId)?.abort(new CancelledError()));
  await subscriber.subscribe(CANCEL_CHANNEL);

  const dump = async (job: Job, token: string | undefined) => {
    const requestId = String((job.data as { requestId?: unknown }).requestId);
    const stop = new AbortController();
    running.set(requestId, stop);
    try {
      // Said before this worker listened, or before the job began.
      if ((await redis.exists(cancelKey(requestId))) === 1) stop.abort(new CancelledError());
      if (stopping.signal.aborted) stop.abort(new HandOverError());
      return await runDumpJob(job, token, stop.signal, {
        cluster,
        clusterConfig,
        store,
        threads,
        redis,
        queue,
        settings,
        now: deps.now,
        log,
      });
    } finally {
      if (running.get(requestId) === stop) running.delete(requestId);
    }
  };

  const work = async (job: Job, token: string | undefined): Promise<unknown> => {
    switch (job.name) {
      case 'dump':
        return dump(job, token);
      case 'sweep':
        return sweep(
          sweepData.parse(job.data),
          { cluster, clusterConfig, settings, store: deps.store, redis, log },
          AbortSignal.any([stopping.signal, AbortSignal.timeout(300_000)]),
        );
      default:
        throw new Error(`No such job: ${job.name}`);
    }
  };

  const lookUp = async (job: Job): Promise<LookupOutcome> => {
    const data = lookupData.safeParse(job.data);
    if (!data.success || data.data.cluster !== clusterConfig.name) return plainFailure('bad-job', 'none');
    return processLookup({
      data: data.data,
      cluster,
      signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(LOOKUP_TIMEOUT_MS)]),
      log: log.child({ jobId: job.id }),
    });
  };

  const look = async (job: Job, token: string | undefined): Promise<PreflightOutcome | LookupOutcome> => {
    if (job.name === LOOKUP_JOB) return lookUp(job);
    const data = preflightData.safeParse(job.data);
    if (!data.success) return plainFailure('bad-job', 'none');
    const answer = await processPreflight({
      data: data.data,
      cluster,
      clusterConfig,
      toolPath: settings.toolPath,
      signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(60_000)]),
      log: log.child({ requestId: data.data.requestId, jobId: job.id }),
    });
    if (!stopping.signal.aborted || answer.outcome === 'ready') return answer;
    // What it found is that this worker stops; another one shall look.
    await job.moveToDelayed(deps.now() + 200, token);
    throw new DelayedError();
  };

  // A cluster's limit holds for all of its workers together.
  await queue.setGlobalConcurrency(clusterConfig.dumpsAtOnce);
  const workers = [
    new Worker(queueName(clusterConfig.name), work, {
      connection: blocking,
      concurrency: clusterConfig.dumpsAtOnce,
      maxStalledCount: MAX_STALLED,
      lockDuration: settings.takeOverAfter,
      stalledInterval: settings.takeOverAfter,
    }),
    new Worker(looksQueueName(clusterConfig.name), look, {
      connection: blocking,
      concurrency: LOOKS_AT_ONCE,
    }),
  ];
  for (const worker of workers) {
    worker.on('error', (err) => log.warn({ err }, 'worker failed'));
    worker.on('failed', (job, err) =>
      log.warn({ err, jobId: job?.id, attemptsMade: job?.attemptsMade }, 'job attempt failed'),
    );
    worker.on('lockRenewalFailed', (jobIds) => log.warn({ jobIds }, 'locks could not be renewed'));
    await worker.waitUntilReady();
  }
  const [dumps, looks] = workers;
  dumps?.on('completed', (job, outcome) => {
    if (job.name === 'dump') metrics?.dumpEnded(outcome);
  });
  dumps?.on('failed', () => metrics?.attemptFailed());
  looks?.on('completed', (_job, outcome) => metrics?.lookEnded(outcome));
  deps.health?.addCheck(
    `queue ${clusterConfig.name}`,
    async () => workers.every((worker) => worker.isRunning()) && (await redis.ping()) === 'PONG',
  );
  log.info({ dumpsAtOnce: clusterConfig.dumpsAtOnce }, 'worker is up');

  return {
    async stop() {
      stopping.abort(new HandOverError());
      for (const stop of running.values()) stop.abort(new HandOverError());
      // `close` waits for ever for a job that hangs.
      await Promise.race([
        Promise.all(workers.map((worker) => worker.close())),
        new Promise((resolve) => setTimeout(resolve, config.worker.drainTimeout).unref()),
      ]);
      await Promise.all([queue.close(), threads.close()]);
      for (const connection of [subscriber, blocking, redis]) connection.disconnect();
      log.info('worker is down');
    },
  };
}

/** One core is left for moving bytes; what a few threads cannot compress is sent as it is. */
const pieceThreadsFor = (cores: number): number => Math.min(MOST_PIECE_THREADS, Math.max(1, cores - 1));
