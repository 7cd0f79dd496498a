/** How fast a dump leaves its pod, by each way, one after the other and again. */
import { access, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../src/k8s/exec.ts';
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { figureOf, ratioOf } from '../figure.ts';
import type { Lab, Setting } from '../lab.ts';
import type { Measured, Row } from '../report.ts';
import { inTurns, type Timed } from '../timed.ts';
import { barePipe } from '../ways/bare-pipe.ts';
import { discardingStore } from '../ways/discarding-store.ts';
import { findKubectl } from '../ways/kubectl.ts';
import { type PreparedDump, prepareDump } from '../ways/prepare-dump.ts';

const NAMES = {
  pipe: 'bare pipe (one cat, nothing done with it)',
  relay: 'relay into nothing, hashed and walked',
  oneLane: 'relay into nothing, one connection',
  packed: 'relay into nothing, compress: auto',
  store: 'relay into the store',
  kubectl: 'kubectl cp',
} as const;
type Way = keyof typeof NAMES;

export async function measureThroughput(lab: Lab): Promise<Measured> {
  const store = await lab.startStore({ discard: true });
  const setting = await lab.setting(store);
  const subject = await lab.addSubject(lab.options.sizes.throughput);
  const dump = await prepareDump(lab, setting, subject);
  try {
    return await measure(lab, setting, dump);
  } finally {
    await dump.remove();
    await lab.removeSubject(subject);
    await store.host.stop();
  }
}

async function measure(lab: Lab, setting: Setting, dump: PreparedDump): Promise<Measured> {
  const { subprotocol } = setting.clusterConfig;
  const { target } = dump.data;
  await exec(lab.cluster, target, {
    argv: ['sh', '-c', 'cat "$1" >/dev/null', 'sh', dump.file],
    signal: lab.signal,
  });
  const kubectl = await findKubectl(lab);
  const copy = join(await memoryFolder(dump.sizeBytes, lab.workDir), `heapdump-bench-${process.pid}`);
  const into = ossFromConfig(setting.config, Date.now);
  const expectAll = (bytes: number): void => {
    if (bytes !== dump.sizeBytes) throw new Error(`${bytes} of ${dump.sizeBytes} bytes came`);
  };
  const ways: Partial<Record<Way, () => Promise<void>>> = {
    pipe: async () => expectAll(await barePipe(lab.cluster, target, ['cat', dump.file], subprotocol)),
    relay: async () => void (await dump.relay({ store: discardingStore() })),
    oneLane: async () => void (await dump.relay({ store: discardingStore(), lanes: 1 })),
    packed: async () => void (await dump.relay({ store: discardingStore(), compress: 'auto' })),
    store: async () => {
      const { objectKey } = await dump.relay({ store: into });
      await into.remove(objectKey, lab.signal);
    },
  };
  if (kubectl !== undefined)
    ways.kubectl = async () => {
      await kubectl.copyOut(target, dump.file, copy).finally(() => rm(copy, { force: true }));
    };
  const serverSeconds = chargeServer(lab, ways);
  lab.say(`throughput: ${Math.round(dump.sizeBytes / 1e6)} MB, ${Object.keys(ways).length} ways in turns …`);
  const taken = await inTurns(ways as Record<Way, () => Promise<void>>, lab.options.throughputRuns);
  const rates = (way: Way): number[] =>
    (taken[way] ?? []).map(({ seconds }) => dump.sizeBytes / 1e6 / seconds);
  const seconds = (way: Way): number[] => (taken[way] ?? []).map((each) => each.seconds);

  const rows = (Object.keys(NAMES) as Way[]).map((way): Row => {
    if (taken[way] === undefined)
      return { name: NAMES[way], unit: 'MB/s', figure: null, note: 'no kubectl of 1.31 or later on PATH' };
    const other = way === 'pipe' || way === 'kubectl';
    return { name: NAMES[way], unit: 'MB/s', figure: figureOf(rates(way)), other };
  });
  return {
    sections: [
      { title: `Throughput, a dump of ${Math.round(dump.sizeBytes / 1e6)} MB`, rows },
      {
        title: 'CPU of worker and stand-in, for moving',
        rows: cpuRows(taken, serverSeconds, dump.sizeBytes),
      },
    ],
    headlines: {
      relayVsPipe: { figure: ratioOf(seconds('pipe'), seconds('relay')), note: 'of pairs in the same round' },
      relayVsKubectlCp:
        kubectl === undefined
          ? { figure: null, note: 'no kubectl of 1.31 or later on PATH' }
          : {
              figure: ratioOf(seconds('kubectl'), seconds('relay')),
              note: `kubectl ${kubectl.version}, into a file in memory where there is room`,
            },
    },
  };
}

type Seconds = Partial<Record<Way, number[]>>;

/** @returns seconds of CPU that the stand-in's API server spends on each run of each way, filled as they run */
function chargeServer({ clusterHost }: Lab, ways: Partial<Record<Way, () => Promise<void>>>): Seconds {
  const taken: Seconds = {};
  if (clusterHost === undefined) return taken;
  for (const [name, work] of Object.entries(ways) as [Way, () => Promise<void>][]) {
    const runs: number[] = [];
    taken[name] = runs;
    ways[name] = async () => {
      const before = await clusterHost.call('cpuSeconds', null);
      await work();
      runs.push((await clusterHost.call('cpuSeconds', null)) - before);
    };
  }
  return taken;
}

/** On one machine they share its cores, with the pod's own programs: what one spends, another lacks. */
function cpuRows(taken: Partial<Record<Way, Timed[]>>, server: Seconds, sizeBytes: number): Row[] {
  const perGigabyte = (seconds: readonly number[]) =>
    figureOf(seconds.map((each) => each / (sizeBytes / 1e9)));
  const ours = ['pipe', 'relay', 'oneLane', 'packed', 'store'] as const;
  return [
    ...ours.map((way): Row => {
      const seconds = (taken[way] ?? []).map(({ cpuSeconds }) => cpuSeconds);
      const name = `worker: ${NAMES[way]}`;
      return { name, unit: 'CPU s/GB', figure: perGigabyte(seconds), other: way === 'pipe' };
    }),
    ...(['pipe', 'relay', 'kubectl'] as const).flatMap((way): Row[] => {
      // The first run was to warm up.
      const seconds = server[way]?.slice(1) ?? [];
      if (seconds.length === 0) return [];
      const name = `API server: ${NAMES[way]}`;
      return [{ name, unit: 'CPU s/GB', figure: perGigabyte(seconds), other: true }];
    }),
  ];
}

/** So that no disk is measured along. */
async function memoryFolder(sizeBytes: number, otherwise: string): Promise<string> {
  try {
    await access('/dev/shm');
    const { bavail, bsize } = await statfs('/dev/shm');
    return bavail * bsize > sizeBytes * 1.2 ? '/dev/shm' : otherwise;
  } catch {
    return otherwise;
  }
}
