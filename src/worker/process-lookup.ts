/** Which namespaces and pods there are, for people who choose one. Read-only, and nothing is asked of any pod. */
import type { Cluster } from '../k8s/client.ts';
import { listNamespaces } from '../k8s/namespaces.ts';
import { listPods, type Pod } from '../k8s/pods.ts';
import type { Logger } from '../log.ts';
import { CONTRACT_VERSION, dnsLabel, podName } from './dump-job.ts';
import { stepErrorOf } from './failure-of.ts';
import {
  type ListedPod,
  type LookupData,
  type LookupOutcome,
  MOST_CONTAINERS,
  MOST_NAMESPACES,
  MOST_PODS,
  POD_STATES,
} from './lookup-job.ts';

export interface LookupContext {
  readonly data: LookupData;
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Never throws for what the cluster says: that is the answer. */
export async function processLookup({ data, cluster, signal, log }: LookupContext): Promise<LookupOutcome> {
  try {
    return await answer(data, cluster, signal);
  } catch (error) {
    const failure = stepErrorOf(error);
    log.info({ err: error, code: failure.code, of: data.question.of }, 'lookup was not answered');
    return {
      outcome: 'failed',
      version: CONTRACT_VERSION,
      code: failure.code,
      detail: failure.detail.slice(0, 1000),
      retry: 'resume',
      left: [],
    };
  }
}

async function answer(data: LookupData, cluster: Cluster, signal: AbortSignal): Promise<LookupOutcome> {
  const { question } = data;
  switch (question.of) {
    case 'namespaces': {
      const { names, complete } = await listNamespaces(cluster, MOST_NAMESPACES, signal);
      const namespaces = names.filter((name) => dnsLabel.safeParse(name).success);
      return { outcome: 'namespaces', version: CONTRACT_VERSION, namespaces, complete };
    }
    case 'pods': {
      const found = await listPods(cluster, question.namespace, { limit: MOST_PODS + 1 }, signal);
      const pods = found.slice(0, MOST_PODS).filter(isNamed).map(listed);
      return { outcome: 'pods', version: CONTRACT_VERSION, pods, complete: found.length <= MOST_PODS };
    }
  }
}

const isNamed = ({ name }: Pod): boolean => podName.safeParse(name).success;

function listed(pod: Pod): ListedPod {
  const startedAt = pod.startTime === undefined ? Number.NaN : Date.parse(pod.startTime);
  return {
    name: pod.name,
    state: stateOf(pod),
    ...(Number.isNaN(startedAt) ? {} : { startedAt }),
    // Those that stay beside the application come last.
    containers: [...pod.containers]
      .sort((one, other) => Number(one.sidecar) - Number(other.sidecar))
      .map(({ name }) => name)
      .filter((name) => dnsLabel.safeParse(name).success)
      .slice(0, MOST_CONTAINERS),
  };
}

function stateOf({ phase, deletionTimestamp }: Pod): ListedPod['state'] {
  if (deletionTimestamp !== undefined) return 'ending';
  return POD_STATES.find((state) => state === phase.toLowerCase()) ?? 'unknown';
}
