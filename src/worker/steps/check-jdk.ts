import type { Pod } from '../../k8s/pods.ts';
import type { DumpContext } from '../dump-context.ts';
import { runTool, toolByStdin } from '../dump-tool.ts';
import type { ProbedDir } from '../probe.ts';
import {
  chooseAttachTool,
  choosePlace,
  expectAttachable,
  type Probe,
  predictedPeakBytes,
  predictedSizeBytes,
  readProbe,
} from '../probe.ts';
import { StepError } from '../step-error.ts';
import { chooseSum } from '../transfer/sums.ts';

export interface CheckedContainer {
  readonly probe: Probe;
  /** Undefined where an earlier attempt chose already. */
  readonly dir: ProbedDir | undefined;
  readonly words: readonly [string, string, string];
}

/** Looks again, as the reviewer's look may be half an hour old: the JVM is the approved one, and its tools are there. */
export async function checkJdk(context: DumpContext, pod: Pod): Promise<CheckedContainer> {
  const { data, checkpoint } = context;
  const { container } = data.target;
  if (!pod.containers.some(({ name, running }) => name === container && running)) {
    throw new StepError('container-ended', `container ${container} is not running`, { retryable: true });
  }
  const [project = '', app = '', env = ''] = data.objectPrefix.split('/');
  const probe = readProbe(
    await runTool(
      context.cluster,
      { ...data.target },
      await toolByStdin(context.settings.toolPath, ['probe', '--pid', String(data.jvm.pid)]),
      {
        signal: context.signal,
        timeoutMs: 60_000,
        subprotocol: context.clusterConfig.subprotocol,
      },
    ),
  );
  // The dump is there already: the JVM may have gone since, the file has not.
  if (checkpoint.dump === undefined) {
    const jvm = probe.jvms.find(({ pid }) => pid === data.jvm.pid);
    if (jvm === undefined) throw new StepError('no-such-jvm', `pid ${data.jvm.pid} is gone`);
    if (jvm.startTime !== data.jvm.startTime)
      throw new StepError('jvm-replaced', `pid ${data.jvm.pid} started anew`);
    if (!jvm.catchesQuit) throw new StepError('jvm-not-ready', `pid ${jvm.pid} does not catch SIGQUIT`);
    expectAttachable(probe, jvm);
    chooseAttachTool(probe);
  }
  chooseSum(probe.commands);
  const words = [project, app, env] as const;
  // Once chosen, the directory stays: a second one would be a second dump.
  if (checkpoint.workDir !== undefined) return { probe, dir: undefined, words };
  const needed =
    probe.heap === undefined
      ? undefined
      : predictedPeakBytes(predictedSizeBytes(probe.heap.usedBytes), probe.heap.jdk);
  // What was approved is what happens: with or without disk.
  return { probe, dir: choosePlace(probe, needed, data.transfer.noDisk).dir, words };
}
