/** A cluster: may we, and does an exec get through to the API server. Nothing runs in a pod unless one is named. */
import { randomBytes } from 'node:crypto';
import type { ClusterConfig, Config } from '../config-schema.ts';
import { type Cluster, ClusterError, connectCluster } from '../k8s/client.ts';
import { ExecError, exec, openExec } from '../k8s/exec.ts';
import { checkPermissions, type MissingPermission } from '../k8s/permissions.ts';
import { chooseContainer, getPod } from '../k8s/pods.ts';
import { namespacesOf } from './check-config.ts';
import { type Finding, finding } from './finding.ts';

export interface ClusterWish {
  readonly config: Config;
  readonly cluster: ClusterConfig;
  /** Beside those that the rules name. */
  readonly namespaces: readonly string[];
  readonly pod?: string | undefined;
}

const EXEC_TIMEOUT_MS = 15_000;

export async function checkCluster(wish: ClusterWish, signal: AbortSignal): Promise<Finding[]> {
  const { name } = wish.cluster;
  let cluster: Cluster;
  try {
    cluster = connectCluster({
      kubeconfigPath: wish.cluster.kubeconfig,
      context: wish.cluster.context,
      inCluster: wish.cluster.inCluster,
    });
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return [finding('cluster-config', { cluster: name, reason: error.message })];
  }
  try {
    return await look(cluster, wish, signal);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const code = error.status === 401 ? 'cluster-login-refused' : 'cluster-unreachable';
    return [finding(code, { cluster: name, server: cluster.server, reason: error.message })];
  }
}

async function look(cluster: Cluster, wish: ClusterWish, signal: AbortSignal): Promise<Finding[]> {
  const { name } = wish.cluster;
  const said = namespacesOf(wish.config, name);
  const names = [...new Set([...said.names, ...wish.namespaces])];
  // Of all namespaces at once: whoever may everywhere need not be asked about each.
  const everywhere = await checkPermissions(cluster, [''], signal);
  const mayEverywhere = !everywhere.some(({ optional }) => !optional);
  const findings = [finding('cluster-reached', { cluster: name, server: cluster.server })];
  if (mayEverywhere) findings.push(finding('cluster-rights-everywhere', { cluster: name }));
  const open = said.patterns.length > 0 && wish.namespaces.length === 0;
  if (!mayEverywhere && (open || names.length === 0))
    findings.push(
      finding('cluster-namespaces-open', { cluster: name, patterns: said.patterns.join(', ') || '(none)' }),
    );
  const inEach = await Promise.all(
    names.map((namespace) => inNamespace(cluster, wish.cluster, namespace, signal)),
  );
  return [...findings, ...inEach.flat(), ...(await inNamedPod(cluster, wish, signal))];
}

async function inNamespace(
  cluster: Cluster,
  { name, subprotocol }: ClusterConfig,
  namespace: string,
  signal: AbortSignal,
): Promise<Finding[]> {
  const missing = await checkPermissions(cluster, [namespace], signal);
  const needed = missing.filter(({ optional }) => !optional);
  const optional = missing.filter((permission) => permission.optional);
  const rights = (list: readonly MissingPermission[]): string =>
    list.map(({ verb, resource }) => `${verb} ${resource}`).join(', ');
  const place = { cluster: name, namespace };
  return [
    ...(needed.length === 0
      ? [finding('cluster-rights', place), await probeExec(cluster, place, subprotocol, signal)]
      : [finding('cluster-right-missing', { ...place, rights: rights(needed) })]),
    ...(optional.length === 0
      ? []
      : [finding('cluster-right-optional', { ...place, rights: rights(optional) })]),
  ];
}

/**
 * An exec into a pod that does not exist: an API server that was reached by it and would allow it says 404. Whatever
 * else comes was said by somebody in between, or by a webhook. Whether frames pass as well only a real pod can show.
 */
async function probeExec(
  cluster: Cluster,
  place: { readonly cluster: string; readonly namespace: string },
  subprotocol: ClusterConfig['subprotocol'],
  signal: AbortSignal,
): Promise<Finding> {
  const pod = `heapdump-doctor-${randomBytes(4).toString('hex')}`;
  try {
    const session = await openExec(
      cluster,
      { namespace: place.namespace, pod, container: 'none' },
      { argv: ['true'], timeoutMs: EXEC_TIMEOUT_MS, subprotocol, signal },
    );
    session.abort();
    await session.done.catch(() => undefined);
    return finding('cluster-exec', place);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    if (error.code === 'not-found') return finding('cluster-exec', place);
    const code = error.code === 'forbidden' ? 'cluster-exec-refused' : 'cluster-exec-blocked';
    return finding(code, { ...place, reason: error.message });
  }
}

async function inNamedPod(cluster: Cluster, wish: ClusterWish, signal: AbortSignal): Promise<Finding[]> {
  const [namespace, pod] = wish.pod?.split('/') ?? [];
  if (namespace === undefined || pod === undefined) return [];
  const place = { cluster: wish.cluster.name, namespace };
  try {
    const found = await getPod(cluster, { namespace, pod }, signal);
    const choice = chooseContainer(found);
    const container = choice.kind === 'chosen' ? choice.container.name : (found.containers[0]?.name ?? '');
    const { protocol } = await exec(
      cluster,
      { namespace, pod, container },
      { argv: ['true'], timeoutMs: EXEC_TIMEOUT_MS, subprotocol: wish.cluster.subprotocol, signal },
    );
    return [finding('cluster-exec-proved', { ...place, pod, protocol })];
  } catch (error) {
    if (!(error instanceof ExecError || error instanceof ClusterError)) throw error;
    return [finding('cluster-exec-blocked', { ...place, reason: error.message })];
  }
}
