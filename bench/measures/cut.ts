/** What is sent twice when connections break in the midst of a dump. */
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { memoryFor } from '../../src/worker/transfer/memory.ts';
import { pieceBytesFor } from '../../src/worker/transfer/pieces.ts';
import { figureOf } from '../figure.ts';
import type { Lab, LabStore, Setting } from '../lab.ts';
import { NotMeasurable } from '../not-measurable.ts';
import type { Measured } from '../report.ts';
import { type PreparedDump, prepareDump } from '../ways/prepare-dump.ts';

export async function measureCut(lab: Lab): Promise<Measured> {
  const cluster = lab.ownCluster('nobody counts what a real cluster sends, nor cuts its connections');
  const store = await lab.startStore({ discard: true });
  const setting = await lab.setting(store);
  if (!setting.usesStandIn) throw new NotMeasurable('nobody counts what a real store receives');
  const subject = await lab.addSubject(lab.options.sizes.cut);
  const dump = await prepareDump(lab, setting, subject);
  try {
    const pieceBytes = pieceBytesFor(dump.sizeBytes, setting.config.worker.partSizeMiB, {
      minPartBytes: 0,
      maxParts: 10_000,
    });
    const memory = memoryFor(
      { settings: setting.config.worker, clusterConfig: setting.clusterConfig },
      { pieceBytes, form: 'hprof' },
    );
    const limit = memory.lanes * pieceBytes;
    lab.say(`cuts: one connection, then all ${memory.lanes} …`);
    const one: number[] = [];
    const all: number[] = [];
    for (let run = 0; run < lab.options.runs; run += 1) {
      one.push(await resentBytes(lab, cluster, store, setting, dump, 1, memory.lanes));
      all.push(await resentBytes(lab, cluster, store, setting, dump, memory.lanes, memory.lanes));
    }
    const mb = (values: readonly number[]) => figureOf(values.map((bytes) => bytes / 1e6));
    return {
      sections: [
        {
          title: 'Sent twice after a cut',
          rows: [
            { name: 'one connection of the lanes cut', unit: 'MB', figure: mb(one), limit: limit / 1e6 },
            { name: 'all of them cut', unit: 'MB', figure: mb(all), limit: limit / 1e6 },
          ],
        },
      ],
      headlines: {
        resentBytesAfterCut: {
          figure: figureOf(all),
          note: `all ${memory.lanes} connections cut; the limit is ${memory.lanes} × ${pieceBytes} = ${limit} bytes`,
          limit,
        },
      },
    };
  } finally {
    await dump.remove();
    await lab.removeSubject(subject);
    await store.host.stop();
  }
}

type ClusterHost = ReturnType<Lab['ownCluster']>;

/** Of the dump out of the pod, and of parts into the store, together. */
async function resentBytes(
  lab: Lab,
  cluster: ClusterHost,
  { host }: LabStore,
  setting: Setting,
  dump: PreparedDump,
  cuts: number,
  lanes: number,
): Promise<number> {
  const before = await cluster.call('servedBytes', null);
  // Half-way of what each of them carries; a bit apart, as they would break in life.
  const half = dump.sizeBytes / lanes / 2;
  for (let cut = 0; cut < cuts; cut += 1)
    await cluster.call('cutAfter', { bytes: Math.floor(half * (1 + cut / 50)) });
  const store = ossFromConfig(setting.config, Date.now);
  const { objectKey, sizeBytes } = await dump.relay({ store });
  const unused = await cluster.call('unusedFaults', null);
  if (unused > 0) throw new Error(`${unused} of ${cuts} connections were not cut`);
  const outOfPod = (await cluster.call('servedBytes', null)) - before - dump.sizeBytes;
  const intoStore = (await host.call('receivedBytes', { key: objectKey })) - sizeBytes;
  await store.remove(objectKey, lab.signal);
  return outOfPod + intoStore;
}
