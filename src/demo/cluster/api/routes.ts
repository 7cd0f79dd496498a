import type { IncomingMessage, ServerResponse } from 'node:http';
import { execTarget } from '../exec/exec-request.ts';
import type { RequestFault } from '../faults.ts';
import type { LivePod } from '../pod.ts';
import type { PodStore } from '../pod-store.ts';
import { type Access, ANONYMOUS, type ResourceRequest } from './access.ts';
import { selfSubjectAccessReview, selfSubjectRulesReview } from './access-reviews.ts';
import { discovery, versionObject } from './discovery.ts';
import { namespaceObject } from './namespace-object.ts';
import { podList } from './pod-list.ts';
import { podObject } from './pod-object.ts';
import { podTable, wantsTable } from './pod-table.ts';
import { reviewFromProtobuf } from './protobuf-body.ts';
import { requestInfo } from './request-info.ts';
import { podFilter } from './selector.ts';
import {
  type Answer,
  badRequest,
  encodeAnswer,
  faultAnswer,
  forbidden,
  methodNotAllowed,
  noSuchResource,
  notFound,
  text,
  unauthorized,
} from './status-object.ts';
import { streamWatch } from './watch.ts';

/** What the routes need of the cluster. */
export interface ApiCluster {
  access: Access;
  pods: PodStore;
  namespaces: Set<string>;
  startedAt: number;
  now: () => number;
  takeRequestFault: (request: { method: string; path: string; user: string }) => RequestFault | undefined;
  /** Called for every plain request once it is answered. */
  record: (request: { method: string; path: string; user: string; status: number }) => void;
}

/** More than any review needs. */
const MAX_BODY_BYTES = 1024 * 1024;
/** What everybody may read, known or not (system:public-info-viewer). */
const PUBLIC_PATHS = ['/healthz', '/livez', '/readyz', '/version'];

/** Answers everything but WebSocket upgrades. */
export const handleRequest = async (
  request: IncomingMessage,
  response: ServerResponse,
  cluster: ApiCluster,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'https://cluster');
  const method = request.method ?? 'GET';
  const user = cluster.access.userOf(request.headers.authorization);
  const body = await readBody(request);
  const record = (status: number) => cluster.record({ method, path: url.pathname, user: user ?? '', status });
  const answer = answerTo({ method, url, user, body, accept: request.headers.accept }, cluster);
  if ('watch' in answer) {
    streamWatch(response, answer.watch, cluster);
    record(200);
    return;
  }
  record(answer.status);
  const encoded = encodeAnswer(answer);
  response.writeHead(answer.status, {
    ...(encoded.contentType && { 'content-type': encoded.contentType }),
    'cache-control': 'no-cache, private',
    ...answer.headers,
    'content-length': Buffer.byteLength(encoded.body),
  });
  response.end(method === 'HEAD' ? undefined : encoded.body);
};

interface Incoming {
  method: string;
  url: URL;
  user: string | undefined;
  body: unknown;
  accept: string | undefined;
}
type Outcome = Answer | { watch: Parameters<typeof streamWatch>[1] };

const answerTo = (incoming: Incoming, cluster: ApiCluster): Outcome => {
  const { method, url, user } = incoming;
  if (user === undefined) return unauthorized();
  const fault = cluster.takeRequestFault({ method, path: url.pathname, user });
  if (fault) return faultAnswer(fault);
  const info = requestInfo(method, url);
  if (info.kind === 'path') return answerToPath(incoming, user);
  const isExec = info.resource === 'pods' && info.subresource === 'exec';
  // Exec asks for its rights itself, as it needs two verbs.
  const refusal = isExec ? undefined : cluster.access.refusal(user, info);
  if (refusal) return refusal;
  if (info.version !== 'v1') return noSuchResource();
  switch (`${info.group}/${info.resource}${info.subresource ? `/${info.subresource}` : ''}`) {
    case '/pods':
      return answerPods(incoming, info, cluster);
    case '/pods/exec':
      return answerPlainExec(incoming, user, info, cluster);
    case '/pods/log':
      return answerLog(incoming, info, cluster);
    case '/namespaces':
      return answerNamespaces(info, cluster);
    case 'authorization.k8s.io/selfsubjectaccessreviews':
      return method === 'POST'
        ? selfSubjectAccessReview(cluster.access, user, incoming.body)
        : methodNotAllowed();
    case 'authorization.k8s.io/selfsubjectrulesreviews':
      return method === 'POST'
        ? selfSubjectRulesReview(cluster.access, user, incoming.body)
        : methodNotAllowed();
    default:
      return noSuchResource();
  }
};

const answerToPath = (incoming: Incoming, user: string): Answer => {
  const { pathname } = incoming.url;
  const isPublic = PUBLIC_PATHS.some((path) => pathname === path || pathname === `${path}/`);
  if (user === ANONYMOUS && !isPublic) {
    const verb = incoming.method.toLowerCase();
    return forbidden(`forbidden: User "${user}" cannot ${verb} path "${pathname}"`, {});
  }
  if (isPublic && pathname.startsWith('/version')) return { status: 200, body: versionObject() };
  if (isPublic) return text(200, 'ok');
  return discovery(pathname, incoming.accept, incoming.url.host) ?? noSuchResource();
};

const answerPods = (incoming: Incoming, want: ResourceRequest, cluster: ApiCluster): Outcome => {
  const asTable = wantsTable(incoming.accept);
  if (want.name === undefined) {
    if (incoming.method !== 'GET') return methodNotAllowed();
    const query = incoming.url.searchParams;
    const filter = podFilter(query);
    if (typeof filter !== 'function') return filter;
    const request = { namespace: want.namespace, query, filter, asTable };
    return want.verb === 'watch' ? { watch: request } : podList(request, cluster);
  }
  const pod = cluster.pods.get(want.namespace ?? '', want.name);
  if (incoming.method !== 'GET' && incoming.method !== 'DELETE') return methodNotAllowed();
  if (!pod) return notFound('pods', want.name);
  if (incoming.method === 'DELETE') return deletePod(pod, incoming);
  if (!asTable) return { status: 200, body: podObject(pod) };
  return { status: 200, body: podTable([pod], { resourceVersion: pod.resourceVersion }, cluster.now()) };
};

const deletePod = (pod: LivePod, incoming: Incoming): Answer => {
  const { body, url } = incoming;
  const inBody =
    typeof body === 'object' && body !== null && 'gracePeriodSeconds' in body
      ? body.gracePeriodSeconds
      : undefined;
  const asked = inBody ?? url.searchParams.get('gracePeriodSeconds');
  const graceSeconds = asked === null || asked === undefined ? Number.NaN : Number(asked);
  // Goes on after the answer, as it does in a kubelet; a pod that is being deleted twice is no error.
  void pod.delete(Number.isFinite(graceSeconds) ? { graceSeconds } : {}).catch(() => {});
  return { status: 200, body: podObject(pod) };
};

const answerPlainExec = (
  { method, url }: Incoming,
  user: string,
  want: ResourceRequest,
  cluster: ApiCluster,
): Answer => {
  if (method !== 'GET' && method !== 'POST') return methodNotAllowed();
  const target = execTarget(
    {
      user,
      namespace: want.namespace ?? '',
      pod: want.name ?? '',
      query: url.searchParams,
      isWebSocket: false,
      verb: method === 'GET' ? 'get' : 'create',
    },
    cluster,
  );
  // SPDY is not spoken here: a client that asks for it learns what one without any upgrade does.
  return 'status' in target ? target : badRequest('Upgrade request required');
};

const answerLog = ({ url }: Incoming, want: ResourceRequest, cluster: ApiCluster): Answer => {
  const pod = cluster.pods.get(want.namespace ?? '', want.name ?? '');
  if (!pod) return notFound('pods', want.name ?? '');
  const named = url.searchParams.get('container') ?? '';
  const container = named === '' ? pod.containers[0] : pod.containers.find(({ spec }) => spec.name === named);
  if (!container) return badRequest(`container ${named} is not valid for pod ${pod.name}`);
  const lines = pod.stdout(container.spec.name).split('\n');
  const tail = Number(url.searchParams.get('tailLines') ?? '0');
  return {
    status: 200,
    contentType: 'text/plain',
    body: (tail > 0 ? lines.slice(-tail - 1) : lines).join('\n'),
  };
};

const answerNamespaces = (want: ResourceRequest, cluster: ApiCluster): Answer => {
  if (want.verb !== 'get' && want.verb !== 'list') return methodNotAllowed();
  if (want.name === undefined) {
    const items = [...cluster.namespaces].sort().map((name) => namespaceObject(name, cluster.startedAt));
    const metadata = { resourceVersion: String(cluster.pods.version) };
    return { status: 200, body: { kind: 'NamespaceList', apiVersion: 'v1', metadata, items } };
  }
  if (!cluster.namespaces.has(want.name)) return notFound('namespaces', want.name);
  return {
    status: 200,
    body: { kind: 'Namespace', apiVersion: 'v1', ...namespaceObject(want.name, cluster.startedAt) },
  };
};

/** JSON, or a review in protobuf; undefined for anything else. */
const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  try {
    return request.headers['content-type']?.includes('protobuf')
      ? reviewFromProtobuf(body)
      : JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};
