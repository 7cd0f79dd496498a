/** What a worker holds in memory while dumps pass through it. */
import { setTimeout as delay } from 'node:timers/promises';
import { createDumpQueues, type DumpQueues } from '../../src/bot/dump-queues.ts';
import { connectRedis } from '../../src/redis.ts';
import { type DumpData, dumpJobId } from '../../src/worker/dump-job.ts';
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { type Figure, figureOf } from '../figure.ts';
import type { Lab, LabStore, Setting, Subject } from '../lab.ts';
import type { HeadlineResult, Measured, Row } from '../report.ts';
import { lookAt } from '../ways/look-at.ts';
import { startWorkerProcess } from '../ways/worker-process.ts';

const SLOW_BYTES_PER_SECOND = 20_000_000;
const LIMITS = { 1: 100, 8: 300 } as const;
/** After the start a worker still compiles and collects; idle is what it holds then. */
const SETTLE_MS = 3000;
const LOOK_EVERY_MS = 250;
const MOST_MS = 30 * 60_000;
const DEFAULT_TERMS = { compress: 'auto', noDisk: 'never', podCpu: false } as const;

interface Case {
  readonly via: 'relay' | 'direct';
  readonly atOnce: 1 | 8;
  readonly heapMb: number;
  readonly slow: boolean;
}

export async function measureMemory(lab: Lab): Promise<Measured> {
  const stores = {
    relay: await lab.startStore({ discard: true }),
    // What the pod uploads by itself is read back.
    direct: await lab.startStore({ discard: false }),
  };
  const rows: Row[] = [];
  const worst: Record<1 | 8, { figure: Figure; name: string } | undefined> = { 1: undefined, 8: undefined };
  try {
    const { usesStandIn } = await lab.setting(stores.relay);
    for (const each of casesOf(lab)) {
      const { via, atOnce, heapMb, slow } = each;
      const size = lab.options.real === undefined ? `${heapMb} MB each` : 'the target';
      const name = `${atOnce} at once, ${size}, ${via}, ${slow ? 'store at 20 MB/s' : 'fast store'}`;
      if (slow && !usesStandIn) {
        rows.push({ name, unit: 'MB', figure: null, note: 'nobody can slow a real store down' });
        continue;
      }
      lab.say(`memory: ${name} …`);
      const figure = await measureCase(lab, stores[via], each);
      rows.push({ name, unit: 'MB', figure, limit: LIMITS[atOnce] });
      if (figure.value > (worst[atOnce]?.figure.value ?? 0)) worst[atOnce] = { figure, name };
    }
  } finally {
    await stores.relay.host.stop();
    await stores.direct.host.stop();
  }
  const why = 'there is one target, and eight of them would be needed';
  const headline = (found: (typeof worst)[1]): HeadlineResult =>
    found === undefined
      ? { figure: null, note: why }
      : { figure: found.figure, note: `the most of all cases: ${found.name}` };
  return {
    sections: [{ title: 'Memory of a worker above idle', rows }],
    headlines: { rssMbOne: headline(worst[1]), rssMbEight: headline(worst[8]) },
  };
}

/**
 * The slow store with the largest dump alone: it takes long, and shows what a fast one shows, or more. Direct, where a
 * worker holds the most while it reads the object back, only where it surely works.
 */
function casesOf({ options: { sizes, real } }: Lab): Case[] {
  const base: Case = { via: 'relay', atOnce: 1, heapMb: 0, slow: false };
  if (real !== undefined) return [base, { ...base, slow: true }];
  const [middle = sizes.memoryOne[0] ?? 0] = sizes.memoryOne
    .filter((size) => size <= sizes.throughput)
    .slice(-1);
  const [few = 0] = sizes.memoryEight;
  return [
    ...sizes.memoryOne.flatMap((heapMb): Case[] => [
      { ...base, heapMb },
      { ...base, heapMb, via: 'direct' },
    ]),
    { ...base, heapMb: middle, slow: true },
    ...sizes.memoryEight.map((heapMb): Case => ({ ...base, atOnce: 8, heapMb })),
    { ...base, atOnce: 8, heapMb: few, slow: true },
  ];
}

async function measureCase(lab: Lab, store: LabStore, { via, atOnce, heapMb, slow }: Case): Promise<Figure> {
  const setting = await lab.setting(store, atOnce === 8 ? 8 : undefined);
  const subjects: Subject[] = [];
  try {
    for (let count = 0; count < atOnce; count += 1) subjects.push(await lab.addSubject(heapMb));
    await store.host.call('rate', { bytesPerSecond: slow ? SLOW_BYTES_PER_SECOND : null });
    const runs: number[] = [];
    for (let run = 0; run < lab.options.runs; run += 1)
      runs.push(await peakAboveIdleMb(lab, setting, subjects, via));
    return figureOf(runs);
  } finally {
    for (const subject of subjects) await lab.removeSubject(subject);
  }
}

async function peakAboveIdleMb(
  lab: Lab,
  setting: Setting,
  subjects: readonly Subject[],
  via: Case['via'],
): Promise<number> {
  const jobs: DumpData[] = [];
  for (const subject of subjects)
    jobs.push((await lookAt(lab, setting, subject, { ...DEFAULT_TERMS, via })).data);
  const { redis: settings, worker: workerConfig } = setting.config;
  const queues = createDumpQueues({
    clusters: [setting.clusterConfig.name],
    redis: lab.redis,
    blocking: () => connectRedis(settings.url, 'blocking'),
    attempts: workerConfig.attempts,
    preflightTimeoutMs: 60_000,
    log: lab.log,
  });
  const worker = await startWorkerProcess(lab, setting);
  try {
    await delay(SETTLE_MS);
    await worker.forgetPeak();
    const idleMb = await worker.residentMb();
    await Promise.all(jobs.map((data) => queues.add(dumpJobId(data.requestId, 1), data)));
    const keys = await Promise.all(jobs.map((data) => stored(lab, queues, data)));
    const peakMb = await worker.peakMb();
    const store = ossFromConfig(setting.config, Date.now);
    for (const key of keys) await store.remove(key, lab.signal);
    return peakMb - idleMb;
  } finally {
    await worker.stop();
    await queues.close();
  }
}

/** @returns the object's key */
async function stored(lab: Lab, queues: DumpQueues, data: DumpData): Promise<string> {
  const deadline = performance.now() + MOST_MS;
  while (performance.now() < deadline) {
    const standing = await queues.standing(data.target.cluster, dumpJobId(data.requestId, 1));
    if (standing.kind === 'ended') {
      if (standing.outcome.outcome === 'completed') return standing.outcome.objectKey;
      throw new Error(`A dump was not completed: ${JSON.stringify(standing.outcome)}`);
    }
    await delay(LOOK_EVERY_MS, undefined, { signal: lab.signal });
  }
  throw new Error(`A dump was not done after ${MOST_MS} ms`);
}
