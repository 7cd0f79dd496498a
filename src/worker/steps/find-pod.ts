import type { Cluster } from '../../k8s/client.ts';
import { chooseContainer, getPod, type Pod, type PodContainer } from '../../k8s/pods.ts';
import type { Target } from '../dump-job.ts';
import { StepError } from '../step-error.ts';

/** @returns the pod, running; or says why it cannot be dumped */
export async function findPod(cluster: Cluster, target: Target, signal: AbortSignal): Promise<Pod> {
  const pod = await getPod(cluster, { namespace: target.namespace, pod: target.pod }, signal);
  if (pod.phase !== 'Running') throw new StepError('pod-not-running', `phase ${pod.phase}`);
  if (pod.deletionTimestamp !== undefined) throw new StepError('pod-not-running', 'the pod is being deleted');
  return pod;
}

/** The pod that was approved and no other: a pod of the same name may be a new one. */
export function expectSamePod(pod: Pod, approvedUid: string): void {
  if (pod.uid !== approvedUid)
    throw new StepError('pod-replaced', `approved ${approvedUid}, found ${pod.uid}`);
}

/** @returns the containers to look at, the best first */
export function containersToTry(pod: Pod, named: string | undefined): readonly PodContainer[] {
  const choice = chooseContainer(pod, named);
  if (choice.kind === 'not-found') {
    throw new StepError(
      'container-not-found',
      `"${named ?? ''}" is none of: ${pod.containers.map(({ name }) => name).join(', ')}`,
    );
  }
  const candidates = choice.kind === 'chosen' ? [choice.container] : choice.candidates;
  const running = candidates.filter((container) => container.running);
  if (running.length === 0)
    throw new StepError(
      'pod-not-running',
      `container ${candidates.map(({ name }) => name).join(', ')} is not running`,
    );
  return running;
}
