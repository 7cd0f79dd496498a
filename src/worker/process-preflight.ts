/** Looks at a pod before anybody is asked: read-only, writes nothing into the container. */
import type { ClusterConfig } from '../config-schema.ts';
import type { Cluster } from '../k8s/client.ts';
import { type Pod, type PodContainer, workloadOf } from '../k8s/pods.ts';
import type { Logger } from '../log.ts';
import {
  CONTRACT_VERSION,
  type Jvm,
  type Preflight,
  type PreflightData,
  type PreflightOutcome,
} from './dump-job.ts';
import { runTool, toolByStdin } from './dump-tool.ts';
import { stepErrorOf } from './failure-of.ts';
import { prefixWords } from './object-key.ts';
import {
  chooseAttachTool,
  chooseJvm,
  choosePlace,
  expectAttachable,
  type Probe,
  type ProbedJvm,
  predictedPauseMs,
  predictedPeakBytes,
  predictedSizeBytes,
  readProbe,
} from './probe.ts';
import { containersToTry, findPod } from './steps/find-pod.ts';
import { chooseSum } from './transfer/sums.ts';

export interface PreflightContext {
  readonly data: PreflightData;
  readonly cluster: Cluster;
  readonly clusterConfig: ClusterConfig;
  readonly toolPath: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Never throws for what the pod or the cluster says: that is the answer. */
export async function processPreflight(context: PreflightContext): Promise<PreflightOutcome> {
  try {
    return { outcome: 'ready', version: CONTRACT_VERSION, preflight: await look(context) };
  } catch (error) {
    const failure = stepErrorOf(error);
    context.log.info({ err: error, code: failure.code }, 'pre-flight found a reason against the dump');
    return {
      outcome: 'failed',
      version: CONTRACT_VERSION,
      code: failure.code,
      detail: failure.detail.slice(0, 1000),
      // Whatever was wrong may be mended by then; nothing was approved yet.
      retry: 'new-approval',
      left: [],
    };
  }
}

async function look(context: PreflightContext): Promise<Preflight> {
  const { data, cluster, signal } = context;
  const pod = await findPod(cluster, data.target, signal);
  const { container, probe } = await probeFirstWithJvm(
    context,
    pod,
    containersToTry(pod, data.target.container),
  );
  const jvm = chooseJvm(probe);
  expectAttachable(probe, jvm);
  const attachTool = chooseAttachTool(probe);
  chooseSum(probe.commands);
  const used = probe.heap?.usedBytes;
  const size = used === undefined ? undefined : predictedSizeBytes(used);
  const peak = size === undefined ? undefined : predictedPeakBytes(size, probe.heap?.jdk);
  const { dir, noDisk } = choosePlace(probe, peak, data.noDisk);
  return {
    podUid: pod.uid,
    container: container.name,
    workload: workloadOf(pod).name,
    jvm: jvmOf(jvm),
    otherJvms: probe.jvms
      .filter(({ pid }) => pid !== jvm.pid)
      .slice(0, 50)
      .map(jvmOf),
    attachTool,
    ...(used === undefined ? {} : { heapUsedBytes: used, predictedPauseMs: predictedPauseMs(used) }),
    ...(probe.heap?.maxBytes === undefined ? {} : { heapMaxBytes: probe.heap.maxBytes }),
    ...(size === undefined ? {} : { predictedSizeBytes: size }),
    ...(peak === undefined ? {} : { predictedPeakDiskBytes: peak }),
    dumpDir: dir.path,
    freeDiskBytes: dir.freeBytes,
    noDisk,
    ...(probe.memory === undefined
      ? {}
      : { memoryLimitBytes: probe.memory.limitBytes, memoryUsedBytes: probe.memory.usedBytes }),
    objectPrefix: prefixWords(pod.labels, context.clusterConfig).join('/'),
  };
}

/** The named container, or of several the first in which a JVM runs. */
async function probeFirstWithJvm(
  context: PreflightContext,
  pod: Pod,
  containers: readonly PodContainer[],
): Promise<{ container: PodContainer; probe: Probe }> {
  let last: { container: PodContainer; probe: Probe } | undefined;
  let firstError: unknown;
  for (const container of containers) {
    try {
      const probe = readProbe(
        await runTool(
          context.cluster,
          { namespace: context.data.target.namespace, pod: pod.name, container: container.name },
          await toolByStdin(context.toolPath, ['probe']),
          { signal: context.signal, timeoutMs: 40_000, subprotocol: context.clusterConfig.subprotocol },
        ),
      );
      last = { container, probe };
      if (probe.jvms.length > 0) return last;
    } catch (error) {
      // A sidecar without a shell says nothing about the container beside it.
      firstError ??= error;
    }
  }
  if (last !== undefined) return last;
  throw firstError;
}

const jvmOf = ({ pid, startTime, mainClass, uid }: ProbedJvm): Jvm => ({ pid, startTime, mainClass, uid });
