/**
 * What the bot tells Prometheus. Several bots run on one Redis, so: counters count what this very bot did (of each move
 * of a request exactly one bot is the author), and may be summed over bots; gauges are read from Redis when asked for,
 * are the same in every bot, and are for max(), not for sum().
 */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Logger } from '../log.ts';
import { queueName } from '../worker/dump-job.ts';
import type { AuditEntry } from './audit.ts';
import type { ChatPlatform } from './chat/chat-platform.ts';
import type { RequestState } from './dump-request.ts';
import type { RequestStore } from './request-store.ts';

export interface BotMetrics {
  /** The same store, whose moves are counted. */
  counted(store: RequestStore): RequestStore;
  close(): Promise<void>;
}

export interface BotMetricsOptions {
  readonly registry: Registry;
  readonly redis: Redis;
  readonly clusters: readonly string[];
  readonly platforms: readonly Pick<ChatPlatform, 'name' | 'isConnected'>[];
  readonly now: () => number;
  readonly log: Logger;
}

/** Final states are of no use as a gauge: they only grow, and the counters have them. */
const OPEN_STATES: readonly RequestState[] = ['pending', 'approved', 'queued', 'running'];
const JOB_STATES = ['waiting', 'active', 'delayed'] as const;

export function createBotMetrics(options: BotMetricsOptions): BotMetrics {
  const { registry, redis, now, log } = options;
  const registers = [registry];
  const events = new Counter({
    name: 'heapdump_request_events_total',
    help: 'What happened to requests, as the audit record names it. Each event is counted by one bot.',
    labelNames: ['event'],
    registers,
  });
  const failures = new Counter({
    name: 'heapdump_request_failures_total',
    help: 'Requests that ended as failed, by the code of the failure. Each is counted by one bot.',
    labelNames: ['code'],
    registers,
  });
  const count = (entry: AuditEntry): void => {
    events.inc({ event: entry.event });
    if (entry.event === 'failed') failures.inc({ code: String(entry.facts.code ?? 'internal') });
  };

  const queues = options.clusters.map((cluster) => {
    const queue = new Queue(queueName(cluster), { connection: redis });
    queue.on('error', (err) => log.debug({ err, cluster }, 'queue could not be measured'));
    return { cluster, queue };
  });
  const measured = (gauge: Gauge, measure: () => Promise<void>) => async (): Promise<void> => {
    try {
      await measure();
    } catch (err) {
      // An old number would be a lie, and no metrics at all would hide the rest.
      gauge.reset();
      log.debug({ err }, 'redis could not be measured');
    }
  };

  const depth: Gauge = new Gauge({
    name: 'heapdump_queue_jobs',
    help: 'Dump jobs in a cluster’s queue: waiting for a worker, active, or delayed until their next try. From Redis, the same in every bot: use max().',
    labelNames: ['cluster', 'state'],
    registers,
    collect: () =>
      measured(depth, async () => {
        for (const { cluster, queue } of queues) {
          const counts = await queue.getJobCounts(...JOB_STATES);
          for (const state of JOB_STATES) depth.set({ cluster, state }, counts[state] ?? 0);
        }
      })(),
  });
  const oldest: Gauge = new Gauge({
    name: 'heapdump_queue_oldest_seconds',
    help: 'Age of the oldest dump job that waits; 0 where none does. From Redis, the same in every bot: use max().',
    labelNames: ['cluster'],
    registers,
    collect: () =>
      measured(oldest, async () => {
        for (const { cluster, queue } of queues) {
          const [first] = await queue.getJobs(['waiting'], 0, 0, true);
          const ageMs = first === undefined ? 0 : Math.max(0, now() - first.timestamp);
          oldest.set({ cluster }, ageMs / 1000);
        }
      })(),
  });
  const connected: Gauge = new Gauge({
    name: 'heapdump_chat_connected',
    help: 'Whether what people say on a chat platform reaches this very bot: 1 or 0.',
    labelNames: ['platform'],
    registers,
    collect() {
      for (const platform of options.platforms)
        connected.set({ platform: platform.name }, Number(platform.isConnected()));
    },
  });
  return {
    counted(store) {
      const open: Gauge = new Gauge({
        name: 'heapdump_open_requests',
        help: 'Requests that are not over, by state. From Redis, the same in every bot: use max().',
        labelNames: ['state'],
        registers,
        collect: () =>
          measured(open, async () => {
            const states = await openStates(store);
            for (const state of OPEN_STATES)
              open.set({ state }, states.filter((each) => each === state).length);
          })(),
      });
      return {
        ...store,
        async create(request, deliveryId, audit) {
          const created = await store.create(request, deliveryId, audit);
          if (created.isNew) count(audit);
          return created;
        },
        async change(id, move, audit) {
          let last: AuditEntry | undefined;
          const result = await store.change(id, move, (after) => {
            last = audit?.(after);
            return last;
          });
          if (result?.changed && last !== undefined) count(last);
          return result;
        },
        async record(entry) {
          await store.record(entry);
          count(entry);
        },
      };
    },
    async close() {
      await Promise.allSettled(queues.map(({ queue }) => queue.close()));
    },
  };
}

async function openStates(store: RequestStore): Promise<RequestState[]> {
  const ids = await store.openIds();
  const found = await Promise.all(ids.map((id) => store.get(id).catch(() => undefined)));
  return found.flatMap((request) => (request === undefined ? [] : [request.state]));
}
