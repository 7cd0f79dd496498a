import type { LivePod } from '../pod.ts';
import type { PodStore } from '../pod-store.ts';
import { podObject } from './pod-object.ts';
import { podTable } from './pod-table.ts';
import type { PodFilter } from './selector.ts';
import { type Answer, badRequest } from './status-object.ts';

/** A list of pods in pages of `limit`, as objects or as kubectl's table. */
export const podList = (
  request: { namespace: string | undefined; query: URLSearchParams; filter: PodFilter; asTable: boolean },
  cluster: { pods: PodStore; now: () => number },
): Answer => {
  const { query } = request;
  const after = readContinue(query.get('continue'));
  if (after === undefined) return badRequest('continue key is not valid');
  const limit = Number(query.get('limit') ?? '0');
  const rest = cluster.pods
    .list(request.namespace)
    .filter(request.filter)
    .filter((pod) => `${pod.namespace}/${pod.name}` > after);
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const last = page.at(-1);
  const metadata = {
    resourceVersion: String(cluster.pods.version),
    ...(last &&
      page.length < rest.length && {
        continue: writeContinue(last),
        remainingItemCount: rest.length - page.length,
      }),
  };
  if (request.asTable) return { status: 200, body: podTable(page, metadata, cluster.now()) };
  const items = page.map((pod) => {
    // Items of a list do not repeat what the list says of them all.
    const { kind: _kind, apiVersion: _apiVersion, ...item } = podObject(pod);
    return item;
  });
  return { status: 200, body: { kind: 'PodList', apiVersion: 'v1', metadata, items } };
};

const writeContinue = (pod: LivePod): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', start: `${pod.namespace}/${pod.name}` })).toString(
    'base64url',
  );

const readContinue = (token: string | null): string | undefined => {
  if (token === null || token === '') return '';
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    const start =
      typeof parsed === 'object' && parsed !== null && 'start' in parsed ? parsed.start : undefined;
    return typeof start === 'string' ? start : undefined;
  } catch {
    return undefined;
  }
};
