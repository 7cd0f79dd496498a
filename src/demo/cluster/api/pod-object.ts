import { createHash } from 'node:crypto';
import type { LivePod } from '../pod.ts';
import type { PodContainer, Termination } from '../pod-container.ts';
import type { ContainerSpec } from '../pod-spec.ts';

export const NODE_NAME = 'demo-node';
const NODE_IP = '10.99.0.1';
const DEFAULT_IMAGE = 'registry.local/demo:1';
const DEFAULT_GRACE_SECONDS = 30;

type Json = Record<string, unknown>;

/** RFC 3339 in whole seconds, as metav1.Time is written. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The pod as the API shows it, with kind and apiVersion; in a list these two are left out. */
export const podObject = (pod: LivePod): Json => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: podMetadata(pod),
  spec: podSpec(pod),
  status: podStatus(pod),
});

export const podMetadata = (pod: LivePod): Json => ({
  name: pod.name,
  namespace: pod.namespace,
  uid: pod.uid,
  resourceVersion: pod.resourceVersion,
  generation: pod.deletion ? 2 : 1,
  creationTimestamp: timestamp(pod.createdAt),
  ...(pod.deletion && {
    deletionTimestamp: timestamp(pod.deletion.at),
    deletionGracePeriodSeconds: pod.deletion.graceSeconds,
  }),
  ...(pod.spec.labels && { labels: pod.spec.labels }),
  ...(pod.spec.annotations && { annotations: pod.spec.annotations }),
  ...(pod.spec.ownerReferences && {
    ownerReferences: pod.spec.ownerReferences.map(({ kind, name }) => ({
      apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
      kind,
      name,
      uid: uidOf(`${pod.namespace}/${kind}/${name}`),
      controller: true,
      blockOwnerDeletion: true,
    })),
  }),
  managedFields: [],
});

/** Phase as the API has it; `kubectl get` shows other words (see pod-table). */
export const phaseOf = (pod: LivePod): 'Pending' | 'Running' | 'Succeeded' | 'Failed' => {
  if (pod.isOver && !pod.deletion) {
    const failed = pod.containers.some(
      ({ state }) => state.kind === 'terminated' && state.termination.exitCode !== 0,
    );
    return failed && !pod.completed ? 'Failed' : 'Succeeded';
  }
  const creating = pod.containers.some(
    ({ state, restartCount }) => state.kind === 'waiting' && restartCount === 0,
  );
  return creating ? 'Pending' : 'Running';
};

const podSpec = (pod: LivePod): Json => {
  const volumes = pod.containers.flatMap(({ spec }) => volumesOf(spec).map(({ volume }) => volume));
  return {
    ...(volumes.length > 0 && { volumes }),
    containers: pod.containers.map(({ spec }) => containerSpec(spec)),
    restartPolicy: pod.spec.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: DEFAULT_GRACE_SECONDS,
    dnsPolicy: 'ClusterFirst',
    automountServiceAccountToken: false,
    nodeName: NODE_NAME,
    securityContext: {},
    schedulerName: 'default-scheduler',
    tolerations: ['not-ready', 'unreachable'].map((condition) => ({
      key: `node.kubernetes.io/${condition}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })),
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  };
};

const containerSpec = (spec: ContainerSpec): Json => {
  const volumeMounts = volumesOf(spec).map(({ mount }) => mount);
  const securityContext = {
    ...(spec.uid !== undefined && { runAsUser: spec.uid }),
    ...(spec.gid !== undefined && { runAsGroup: spec.gid }),
    ...(spec.readOnlyRoot !== undefined && { readOnlyRootFilesystem: spec.readOnlyRoot }),
  };
  return {
    name: spec.name,
    image: spec.image ?? DEFAULT_IMAGE,
    command: spec.command,
    ...(spec.env && { env: Object.entries(spec.env).map(([name, value]) => ({ name, value })) }),
    resources: resourcesOf(spec),
    ...(volumeMounts.length > 0 && { volumeMounts }),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'Never',
    ...(Object.keys(securityContext).length > 0 && { securityContext }),
  };
};

const volumesOf = (spec: ContainerSpec): { volume: Json; mount: Json }[] => {
  const named = (kind: string, index: number) => `${spec.name}-${kind}-${index}`;
  return [
    ...(spec.emptyDirs ?? []).map((mountPath, index) => {
      const name = named('disk', index);
      return { volume: { name, emptyDir: {} }, mount: { name, mountPath } };
    }),
    ...(spec.memoryDirs ?? []).map(({ path, sizeBytes }, index) => {
      const name = named('memory', index);
      const emptyDir = { medium: 'Memory', sizeLimit: quantity(sizeBytes) };
      return { volume: { name, emptyDir }, mount: { name, mountPath: path } };
    }),
    ...(spec.mounts ?? []).map(({ hostPath, mountPath }, index) => {
      const name = named('host', index);
      return {
        volume: { name, hostPath: { path: hostPath, type: '' } },
        mount: { name, readOnly: true, mountPath },
      };
    }),
  ];
};

/** Bytes in the largest binary unit that divides them, as people write memory limits. */
const quantity = (bytes: number): string => {
  for (const [unit, size] of [
    ['Gi', 1024 ** 3] as const,
    ['Mi', 1024 ** 2] as const,
    ['Ki', 1024] as const,
  ]) {
    if (bytes > 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
};

const resourcesOf = (spec: ContainerSpec): Json => {
  if (spec.memoryLimitBytes === undefined) return {};
  const memory = quantity(spec.memoryLimitBytes);
  return { limits: { memory }, requests: { memory } };
};

const podStatus = (pod: LivePod): Json => {
  const phase = phaseOf(pod);
  const over = phase === 'Succeeded' || phase === 'Failed';
  const ready = !over && pod.containers.every(({ state }) => state.kind === 'running');
  const limits = pod.containers.map(({ spec }) => spec.memoryLimitBytes);
  const memory = limits.reduce<number>((sum, limit) => sum + (limit ?? 0), 0);
  const limited = limits.every((limit) => limit !== undefined);
  const observedGeneration = 1;
  const lastChange = Math.max(
    pod.createdAt,
    ...pod.containers.map(({ state }) =>
      state.kind === 'terminated'
        ? state.termination.finishedAt
        : state.kind === 'running'
          ? state.startedAt
          : 0,
    ),
  );
  const condition = (type: string, isTrue: boolean, at: number, reason?: string) => ({
    type,
    observedGeneration,
    status: isTrue ? 'True' : 'False',
    lastProbeTime: null,
    lastTransitionTime: timestamp(at),
    ...(reason && { reason }),
  });
  const notReady = over ? 'PodCompleted' : 'ContainersNotReady';
  return {
    observedGeneration,
    phase,
    conditions: [
      condition('PodReadyToStartContainers', !over, lastChange),
      condition('Initialized', true, pod.createdAt, over ? 'PodCompleted' : undefined),
      condition('Ready', ready, lastChange, ready ? undefined : notReady),
      condition('ContainersReady', ready, lastChange, ready ? undefined : notReady),
      condition('PodScheduled', true, pod.createdAt),
    ],
    hostIP: NODE_IP,
    hostIPs: [{ ip: NODE_IP }],
    ...(!over && { podIP: pod.ip, podIPs: [{ ip: pod.ip }] }),
    startTime: timestamp(pod.createdAt),
    containerStatuses: pod.containers.map((container) => containerStatus(container)),
    qosClass: memory > 0 ? 'Burstable' : 'BestEffort',
    ...(memory > 0 && { allocatedResources: { memory: quantity(memory) } }),
    // What 1.36 says of a pod without a limit.
    resources: limited
      ? { limits: { memory: quantity(memory) }, requests: { memory: quantity(memory) } }
      : { limits: { memory: '9007199254740988Ki' } },
  };
};

const terminated = ({ exitCode, startedAt, finishedAt, containerId }: Termination): Json => ({
  terminated: {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: timestamp(startedAt),
    finishedAt: timestamp(finishedAt),
    containerID: `containerd://${containerId}`,
  },
});

const containerStatus = (container: PodContainer): Json => {
  const { spec, state, lastTermination } = container;
  const resources = resourcesOf(spec);
  const mounts = volumesOf(spec).map(({ mount }) =>
    mount.readOnly ? { ...mount, recursiveReadOnly: 'Disabled' } : mount,
  );
  const uid = spec.uid ?? 0;
  const gid = spec.gid ?? uid;
  const image = spec.image ?? DEFAULT_IMAGE;
  return {
    name: spec.name,
    state:
      state.kind === 'running'
        ? { running: { startedAt: timestamp(state.startedAt) } }
        : state.kind === 'waiting'
          ? { waiting: { reason: state.reason } }
          : terminated(state.termination),
    lastState: lastTermination ? terminated(lastTermination) : {},
    ready: state.kind === 'running',
    restartCount: container.restartCount,
    image,
    imageID: `sha256:${createHash('sha256').update(image).digest('hex')}`,
    ...(container.containerId !== '' && { containerID: `containerd://${container.containerId}` }),
    started: state.kind === 'running',
    ...('limits' in resources && { allocatedResources: resources.requests }),
    resources,
    ...(mounts.length > 0 && { volumeMounts: mounts }),
    user: { linux: { uid, gid, supplementalGroups: [gid] } },
  };
};

/** Always the same uid for the same owner, as replicas share one. */
const uidOf = (text: string): string => {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
};
