import type { V1Container, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { type Cluster, ClusterError, callApi } from './client.ts';
import { isDnsLabel, isDnsSubdomain } from './names.ts';
import { parseBytes } from './quantity.ts';

export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly ready: boolean;
  readonly running: boolean;
  readonly restartCount: number;
  /** 'containerd://…'; absent until it first started. */
  readonly containerID: string | undefined;
  /** In force now: the container's own limit, else what all containers of the pod may use together. */
  readonly memoryLimitBytes: number | undefined;
  readonly memoryRequestBytes: number | undefined;
  /** Of its first process, where the kubelet reports it (1.31 and newer). */
  readonly uid: number | undefined;
  /** An init container that stays (restartPolicy Always). Never chosen unless named. */
  readonly sidecar: boolean;
}

export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Pending, Running, Succeeded, Failed or Unknown. */
  readonly phase: string;
  readonly node: string | undefined;
  /** ISO time at which a node took it; absent until then. */
  readonly startTime: string | undefined;
  /** ISO time by which it is to be gone; present while it is being deleted. */
  readonly deletionTimestamp: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly OwnerReference[];
  readonly containers: readonly PodContainer[];
}

/** @throws ClusterError ('not-found', 'forbidden', …) */
export const getPod = async (
  cluster: Cluster,
  target: { readonly namespace: string; readonly pod: string },
  signal?: AbortSignal,
): Promise<Pod> => {
  checkNamespace(target.namespace);
  if (!isDnsSubdomain(target.pod))
    throw new ClusterError('bad-request', `Not a pod name: ${JSON.stringify(target.pod)}`);
  const pod = await callApi(
    'get pods',
    (options) => cluster.core.readNamespacedPod({ namespace: target.namespace, name: target.pod }, options),
    signal,
  );
  return toPod(pod);
};

const PAGE = 200;

/**
 * Pods of a namespace by name, `limit` at most. A namespace that does not exist has none.
 * @throws ClusterError
 */
export const listPods = async (
  cluster: Cluster,
  namespace: string,
  query: { readonly labelSelector?: string | undefined; readonly limit?: number | undefined },
  signal?: AbortSignal,
): Promise<Pod[]> => {
  checkNamespace(namespace);
  const most = query.limit ?? 500;
  const pods: Pod[] = [];
  let next: string | undefined;
  do {
    const request = {
      namespace,
      limit: Math.min(PAGE, most - pods.length),
      ...(query.labelSelector === undefined ? {} : { labelSelector: query.labelSelector }),
      ...(next === undefined ? {} : { _continue: next }),
    };
    const page = await callApi(
      'list pods',
      (options) => cluster.core.listNamespacedPod(request, options),
      signal,
    );
    pods.push(...page.items.map(toPod));
    next = page.metadata?._continue || undefined;
  } while (next !== undefined && pods.length < most);
  return pods.slice(0, most);
};

export type ContainerChoice =
  | { readonly kind: 'chosen'; readonly container: PodContainer }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'undecided'; readonly candidates: readonly PodContainer[] };

/**
 * Whom a request means: the named container, else the pod's default-container annotation, else the only one there is.
 * Otherwise the caller decides among the regular ones, by looking for a JVM.
 */
export const chooseContainer = (pod: Pod, named?: string): ContainerChoice => {
  const byName = (name: string): PodContainer | undefined => pod.containers.find((one) => one.name === name);
  if (named !== undefined) {
    const container = byName(named);
    return container === undefined ? { kind: 'not-found' } : { kind: 'chosen', container };
  }
  const candidates = pod.containers.filter((one) => !one.sidecar);
  const annotated = byName(pod.annotations['kubectl.kubernetes.io/default-container'] ?? '');
  const container = annotated ?? (candidates.length === 1 ? candidates[0] : undefined);
  return container === undefined ? { kind: 'undecided', candidates } : { kind: 'chosen', container };
};

export interface Workload {
  readonly kind: string;
  readonly name: string;
}

/** ReplicaSets carry their owner's hash under these labels; the rest of their name is the owner's. */
const HASH_LABELS = [
  { label: 'pod-template-hash', kind: 'Deployment' },
  { label: 'rollouts-pod-template-hash', kind: 'Rollout' },
];

/** What the pod is a replica of; a pod without a controller is its own workload. */
export const workloadOf = (pod: Pod): Workload => {
  const owner = pod.ownerReferences.find((one) => one.controller);
  if (owner === undefined) return { kind: 'Pod', name: pod.name };
  if (owner.kind === 'ReplicaSet') {
    for (const { label, kind } of HASH_LABELS) {
      const ending = `-${pod.labels[label]}`;
      if (pod.labels[label] && owner.name.endsWith(ending) && owner.name.length > ending.length)
        return { kind, name: owner.name.slice(0, -ending.length) };
    }
  }
  return { kind: owner.kind, name: owner.name };
};

const checkNamespace = (namespace: string): void => {
  if (!isDnsLabel(namespace))
    throw new ClusterError('bad-request', `Not a namespace: ${JSON.stringify(namespace)}`);
};

const toPod = (pod: V1Pod): Pod => {
  const { metadata, spec, status } = pod;
  const statuses = new Map(
    [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map((one) => [
      one.name,
      one,
    ]),
  );
  const podLimit = parseBytes(spec?.resources?.limits?.memory);
  const stays = (spec?.initContainers ?? []).filter((one) => one.restartPolicy === 'Always');
  const convert = (sidecar: boolean) => (one: V1Container) =>
    toContainer(one, statuses.get(one.name), podLimit, sidecar);
  return Object.freeze({
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    phase: status?.phase ?? 'Unknown',
    node: spec?.nodeName,
    startTime: status?.startTime?.toISOString(),
    deletionTimestamp: metadata?.deletionTimestamp?.toISOString(),
    labels: Object.freeze({ ...metadata?.labels }),
    annotations: Object.freeze({ ...metadata?.annotations }),
    ownerReferences: Object.freeze(
      (metadata?.ownerReferences ?? []).map((one) =>
        Object.freeze({
          kind: one.kind,
          name: one.name,
          uid: one.uid,
          controller: one.controller === true,
        }),
      ),
    ),
    containers: Object.freeze([...(spec?.containers ?? []).map(convert(false)), ...stays.map(convert(true))]),
  });
};

const toContainer = (
  spec: V1Container,
  status: V1ContainerStatus | undefined,
  podLimit: number | undefined,
  sidecar: boolean,
): PodContainer => {
  // The status has what an in-place resize made of it; the spec only what was wished.
  const memory = (which: 'limits' | 'requests'): number | undefined =>
    parseBytes(status?.resources?.[which]?.memory ?? spec.resources?.[which]?.memory);
  return Object.freeze({
    name: spec.name,
    image: spec.image ?? '',
    ready: status?.ready === true,
    running: status?.state?.running !== undefined,
    restartCount: status?.restartCount ?? 0,
    containerID: status?.containerID,
    memoryLimitBytes: memory('limits') ?? podLimit,
    memoryRequestBytes: memory('requests'),
    uid: status?.user?.linux?.uid,
    sidecar,
  });
};
