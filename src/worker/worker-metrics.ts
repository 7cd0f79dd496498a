/** What a worker tells Prometheus: all of it is this very worker's own doing, and may be summed over workers. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { dumpOutcome, preflightOutcome, STEPS } from './dump-job.ts';
import type { ObjectStore } from './store/object-store.ts';

export interface WorkerMetrics {
  /** @param outcome of a dump job, as its queue keeps it */
  dumpEnded(outcome: unknown): void;
  lookEnded(outcome: unknown): void;
  attemptFailed(): void;
  /** The same store; what it is sent is counted. */
  counted(store: ObjectStore): ObjectStore;
}

/** From a blink to the six hours that a transfer may take. */
const STEP_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600];
const PAUSE_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

/** Of one process: it may serve several clusters, and a registry takes each name once. */
const known = new WeakMap<Registry, ReturnType<typeof register>>();

/** @param running how many dumps run in this process for this cluster now */
export function workerMetrics(registry: Registry, cluster: string, running: () => number): WorkerMetrics {
  const metrics = known.get(registry) ?? register(registry);
  known.set(registry, metrics);
  metrics.running.set(cluster, running);
  return {
    dumpEnded(value) {
      const { data: outcome } = dumpOutcome.safeParse(value);
      if (outcome === undefined) return;
      metrics.dumps.inc({ cluster, outcome: outcome.outcome });
      if (outcome.outcome !== 'completed') return;
      for (const step of STEPS) {
        const ms = outcome.stepMs[step];
        if (ms !== undefined) metrics.steps.observe({ cluster, step }, ms / 1000);
      }
      if (outcome.pauseMs !== undefined) metrics.pauses.observe({ cluster }, outcome.pauseMs / 1000);
      const { via, form } = outcome;
      metrics.transfers.inc({ cluster, via, form });
      metrics.dumpedBytes.inc({ cluster }, outcome.dumpSizeBytes);
      metrics.storedBytes.inc({ cluster, via, form }, outcome.sizeBytes);
    },
    lookEnded(value) {
      const { data: outcome } = preflightOutcome.safeParse(value);
      if (outcome !== undefined) metrics.looks.inc({ cluster, outcome: outcome.outcome });
    },
    attemptFailed() {
      metrics.attempts.inc({ cluster });
    },
    counted: (store) => ({
      ...store,
      async uploadPart(objectKey, uploadId, part, signal) {
        const stored = await store.uploadPart(objectKey, uploadId, part, signal);
        metrics.sentBytes.inc({ cluster }, part.body.byteLength);
        return stored;
      },
    }),
  };
}

function register(registry: Registry) {
  const registers = [registry];
  const running = new Map<string, () => number>();
  new Gauge({
    name: 'heapdump_dumps_running',
    help: 'Dumps that this worker is busy with.',
    labelNames: ['cluster'],
    registers,
    collect() {
      for (const [cluster, count] of running) this.set({ cluster }, count());
    },
  });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  return {
    running,
    dumps: counter('heapdump_dumps_total', 'Dump jobs that ended here, by how.', ['cluster', 'outcome']),
    looks: counter('heapdump_looks_total', 'Looks at a pod before anybody was asked, by how they ended.', [
      'cluster',
      'outcome',
    ]),
    attempts: counter(
      'heapdump_attempts_failed_total',
      'Attempts at a dump that broke and were left to the next one.',
      ['cluster'],
    ),
    transfers: counter('heapdump_transfers_total', 'Dumps that were stored, by their way and form.', [
      'cluster',
      'via',
      'form',
    ]),
    dumpedBytes: counter('heapdump_dumped_bytes_total', 'Bytes of heap dumps that were stored, unpacked.', [
      'cluster',
    ]),
    storedBytes: counter('heapdump_stored_bytes_total', 'Bytes of stored objects, by their way and form.', [
      'cluster',
      'via',
      'form',
    ]),
    sentBytes: counter(
      'heapdump_part_bytes_sent_total',
      'Bytes of parts that passed this worker; a part that was sent again counts again.',
      ['cluster'],
    ),
    steps: new Histogram({
      name: 'heapdump_step_duration_seconds',
      help: 'Time spent on each step of a completed dump, all attempts together.',
      labelNames: ['cluster', 'step'],
      buckets: STEP_BUCKETS,
      registers,
    }),
    pauses: new Histogram({
      name: 'heapdump_pause_seconds',
      help: 'How long the application stood still for a dump.',
      labelNames: ['cluster'],
      buckets: PAUSE_BUCKETS,
      registers,
    }),
  };
}
