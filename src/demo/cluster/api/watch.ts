import type { ServerResponse } from 'node:http';
import type { PodEvent, PodStore } from '../pod-store.ts';
import { podObject } from './pod-object.ts';
import { podTable } from './pod-table.ts';
import type { PodFilter } from './selector.ts';
import { expired } from './status-object.ts';

export interface WatchRequest {
  namespace: string | undefined;
  query: URLSearchParams;
  filter: PodFilter;
  asTable: boolean;
}

/**
 * Streams pod events, one JSON object a line, until the client or `timeoutSeconds` ends it.
 * Without a resourceVersion (or with 0) the pods that are there come first, as ADDED.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export const streamWatch = (
  response: ServerResponse,
  request: WatchRequest,
  cluster: { pods: PodStore; now: () => number },
): void => {
  const { query } = request;
  const isTrue = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  const line = (event: { type: string; object: unknown }) =>
    void response.write(`${JSON.stringify(event)}\n`);
  const seen = (event: PodEvent) => {
    if (request.namespace !== undefined && event.pod.namespace !== request.namespace) return;
    if (!request.filter(event.pod)) return;
    const object = request.asTable ? podTable([event.pod], {}, cluster.now()) : event.object;
    line({ type: event.type, object });
  };

  const from = Number(query.get('resourceVersion') ?? '0');
  const initial = isTrue('sendInitialEvents') || from === 0;
  const missed = initial ? [] : cluster.pods.since(from);
  if (!missed) {
    line({ type: 'ERROR', object: expired(from).body });
    response.end();
    return;
  }
  if (initial) {
    for (const pod of cluster.pods.list(request.namespace)) {
      seen({ type: 'ADDED', version: cluster.pods.version, pod, object: podObject(pod) });
    }
  }
  for (const event of missed) seen(event);
  if (isTrue('sendInitialEvents') && isTrue('allowWatchBookmarks')) {
    line({ type: 'BOOKMARK', object: bookmark(cluster.pods.version) });
  }
  // Headers alone are held back by Node until the first byte.
  response.flushHeaders();

  const unsubscribe = cluster.pods.subscribe(seen);
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? '0');
  const timer = timeoutSeconds > 0 ? setTimeout(() => response.end(), timeoutSeconds * 1000) : undefined;
  response.on('close', () => {
    unsubscribe();
    clearTimeout(timer);
  });
};

const bookmark = (version: number) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: {
    resourceVersion: String(version),
    annotations: { 'k8s.io/initial-events-end': 'true' },
  },
  spec: { containers: null },
  status: {},
});
