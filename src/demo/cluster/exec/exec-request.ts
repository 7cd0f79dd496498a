import type { Access } from '../api/access.ts';
import { type Answer, badRequest, forbidden, notFound, text } from '../api/status-object.ts';
import type { ExecStreams } from '../container/runtime.ts';
import type { LivePod } from '../pod.ts';
import type { PodContainer } from '../pod-container.ts';
import type { PodStore } from '../pod-store.ts';

export interface ExecTarget {
  pod: LivePod;
  container: PodContainer;
  command: string[];
  streams: ExecStreams;
}

/** Go's strconv.ParseBool, as far as clients send it. */
const isTrue = (value: string | null): boolean => value === 'true' || value === '1';

/**
 * Everything that is refused before the upgrade, in the API server's order and then the kubelet's.
 * A WebSocket needs the verb create besides that of its method.
 */
export const execTarget = (
  request: {
    user: string;
    namespace: string;
    pod: string;
    query: URLSearchParams;
    isWebSocket: boolean;
    /** Of the HTTP method. */
    verb: 'get' | 'create';
  },
  cluster: { access: Access; pods: PodStore },
): ExecTarget | Answer => {
  const want = {
    group: '',
    namespace: request.namespace,
    resource: 'pods',
    subresource: 'exec',
    name: request.pod,
  };
  const refusal = cluster.access.refusal(request.user, { ...want, verb: request.verb });
  if (refusal) return refusal;
  const mayCreate = cluster.access.reasonToAllow(request.user, { ...want, verb: 'create' }) !== undefined;
  if (request.isWebSocket && !mayCreate) {
    // The server has no more to say than this.
    return forbidden(`pods "${request.pod}" is forbidden: `, { name: request.pod, kind: 'pods' });
  }
  const pod = cluster.pods.get(request.namespace, request.pod);
  if (!pod) return notFound('pods', request.pod);

  const { query } = request;
  const named = query.get('container') ?? '';
  const names = pod.containers.map(({ spec }) => spec.name);
  const [only, ...others] = pod.containers;
  const container = named === '' ? only : pod.containers.find(({ spec }) => spec.name === named);
  if (named === '' && others.length > 0) {
    return badRequest(
      `a container name must be specified for pod ${pod.name}, choose one of: [${names.join(' ')}]`,
    );
  }
  if (!container) return badRequest(`container ${named} is not valid for pod ${pod.name}`);

  const streams = {
    stdin: isTrue(query.get('stdin')),
    stdout: isTrue(query.get('stdout')),
    stderr: isTrue(query.get('stderr')),
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    return text(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  if (pod.isOver || container.running === undefined) {
    return text(500, `container not found ("${container.spec.name}")`);
  }
  return { pod, container, command: query.getAll('command'), streams };
};
