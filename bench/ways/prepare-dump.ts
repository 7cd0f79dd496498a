/** A heap dump that lies in a pod with the dump tool beside it, to be fetched as often as one likes. */
import { availableParallelism } from 'node:os';
import type { DumpContext } from '../../src/worker/dump-context.ts';
import type { Checkpoint, DumpData, StoredDump, TransferTerms } from '../../src/worker/dump-job.ts';
import { createPieceThreads } from '../../src/worker/pieces/piece-threads.ts';
import { checkJdk } from '../../src/worker/steps/check-jdk.ts';
import { cleanUp } from '../../src/worker/steps/clean-up.ts';
import { copyTool } from '../../src/worker/steps/copy-tool.ts';
import { findPod } from '../../src/worker/steps/find-pod.ts';
import { makeExecutable } from '../../src/worker/steps/make-executable.ts';
import { runDump } from '../../src/worker/steps/run-dump.ts';
import { transfer } from '../../src/worker/steps/transfer.ts';
import type { ObjectStore } from '../../src/worker/store/object-store.ts';
import type { Lab, Setting, Subject } from '../lab.ts';
import { lookAt, toolPath } from './look-at.ts';

export interface RelayOptions {
  readonly store: ObjectStore;
  readonly lanes?: number;
  readonly compress?: TransferTerms['compress'];
}

export interface PreparedDump {
  readonly data: DumpData;
  /** In the container. */
  readonly file: string;
  readonly sizeBytes: number;
  /** The transfer step as a worker runs it, by relay. */
  relay(options: RelayOptions): Promise<StoredDump>;
  /** Takes it, and the tool, out of the pod. */
  remove(): Promise<void>;
}

/** As many as a worker would have on this machine (start-worker.ts). */
const THREADS = Math.min(4, Math.max(1, availableParallelism() - 1));

/** Pauses the application once. */
export async function prepareDump(lab: Lab, setting: Setting, subject: Subject): Promise<PreparedDump> {
  const terms = { via: 'relay', compress: 'none', noDisk: 'never', podCpu: false } as const;
  const { data } = await lookAt(lab, setting, subject, terms);
  const threads = createPieceThreads({ threads: THREADS });

  const contextWith = (
    store: ObjectStore,
    settings: Partial<DumpContext['settings']>,
    compress: TransferTerms['compress'],
    known: Checkpoint,
  ): DumpContext => {
    let checkpoint = known;
    return {
      data: { ...data, transfer: { ...terms, compress } },
      attempt: 1,
      cluster: lab.cluster,
      clusterConfig: setting.clusterConfig,
      store,
      threads,
      redis: lab.redis,
      settings: {
        ...setting.config.worker,
        toolPath,
        foreignToolPath: undefined,
        manifestKeys: [],
        ...settings,
      },
      signal: lab.signal,
      now: Date.now,
      log: lab.log,
      get checkpoint() {
        return checkpoint;
      },
      save: async (change) => {
        checkpoint = { ...checkpoint, ...change };
      },
      report: () => undefined,
    };
  };

  const unused = undefined as never;
  const context = contextWith(unused, {}, 'none', { stepMs: {} });
  const pod = await findPod(lab.cluster, data.target, lab.signal);
  const checked = await checkJdk(context, pod);
  const tool = await copyTool(context, checked);
  await makeExecutable(context, tool);
  const dump = await runDump(context, tool);

  return {
    data,
    file: dump.file,
    sizeBytes: dump.sizeBytes,
    relay: ({ store, lanes, compress = 'none' }) =>
      transfer(
        contextWith(store, lanes === undefined ? {} : { lanes }, compress, context.checkpoint),
        checked,
        tool,
        dump,
      ),
    async remove() {
      const left = await cleanUp(context, AbortSignal.timeout(180_000));
      await threads.close();
      if (left.length > 0) lab.say(`left in the pod: ${left.join(', ')}`);
    },
  };
}
