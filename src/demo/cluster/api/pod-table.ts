import type { LivePod } from '../pod.ts';
import { humanDuration } from './human-duration.ts';
import { NODE_NAME, phaseOf, podMetadata } from './pod-object.ts';

const COLUMNS = [
  ['Name', 0],
  ['Ready', 0],
  ['Status', 0],
  ['Restarts', 0],
  ['Age', 0],
  ['IP', 1],
  ['Node', 1],
  ['Nominated Node', 1],
  ['Readiness Gates', 1],
] as const;

const COMPLETED = {
  type: 'Completed',
  status: 'True',
  reason: 'Succeeded',
  message: 'The pod has completed successfully.',
};

/** True when kubectl asks for columns instead of objects. */
export const wantsTable = (accept: string | undefined): boolean => /;as=Table/.test(accept ?? '');

/** What `kubectl get pods` prints. */
export const podTable = (pods: LivePod[], metadata: Record<string, unknown>, now: number) => ({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
  columnDefinitions: COLUMNS.map(([name, priority]) => ({
    name,
    type: 'string',
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority,
  })),
  rows: pods.map((pod) => ({
    cells: cellsOf(pod, now),
    ...(phaseOf(pod) === 'Succeeded' && { conditions: [COMPLETED] }),
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: podMetadata(pod) },
  })),
});

const cellsOf = (pod: LivePod, now: number): string[] => {
  const ready = pod.containers.filter(({ state }) => state.kind === 'running').length;
  const restarts = pod.containers.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const lastEnd = Math.max(
    0,
    ...pod.containers.map(({ lastTermination }) => lastTermination?.finishedAt ?? 0),
  );
  return [
    pod.name,
    `${ready}/${pod.containers.length}`,
    statusWord(pod),
    restarts > 0 && lastEnd > 0 ? `${restarts} (${humanDuration(now - lastEnd)} ago)` : String(restarts),
    humanDuration(now - pod.createdAt),
    pod.isOver ? '<none>' : pod.ip,
    NODE_NAME,
    '<none>',
    '<none>',
  ];
};

const statusWord = (pod: LivePod): string => {
  if (pod.deletion) return 'Terminating';
  const phase = phaseOf(pod);
  if (phase === 'Succeeded') return 'Completed';
  for (const { state } of pod.containers) {
    if (state.kind === 'waiting') return state.reason;
    if (state.kind === 'terminated') return state.termination.exitCode === 0 ? 'Completed' : 'Error';
  }
  return phase;
};
