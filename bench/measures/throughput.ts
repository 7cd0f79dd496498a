/** How fast a dump leaves its pod, by each way, one after the other and again. */
import { access, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../src/k8s/exec.ts';
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { figureOf, ratioOf } from '../figure.ts';
import type { Lab, Setting } from '../lab.ts';
import type { Measured, Row } from '../report.ts';
import { inTurns } from '../timed.ts';
import { barePipe } from '../ways/bare-pipe.ts';
import { discardingStore } from '../ways/discarding-store.ts';
import { findKubectl } from '../ways/kubectl.ts';
import { type PreparedDump, prepareDump } from '../ways/prepare-dump.ts';
import { clusterMeter, cpuSection, NAMES, type Way } from './throughput-cpu.ts';

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
  lab.say(`throughput: ${Math.round(dump.sizeBytes / 1e6)} MB, ${Object.keys(ways).length} ways in turns …`);
  const { throughputRuns } = lab.options;
  const meter = clusterMeter(lab);
  const taken = await inTurns(ways as Record<Way, () => Promise<void>>, throughputRuns, meter);
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
      cpuSection(taken, dump.sizeBytes),
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
