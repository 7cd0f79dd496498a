import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Access, type AccessRule, DEFAULT_USERS } from './api/access.ts';
import { startApiServer } from './api/api-server.ts';
import { podObject } from './api/pod-object.ts';
import { makeCertificate } from './certificate.ts';
import { namespaceRuntime, probeNamespaces } from './container/namespaces.ts';
import { PipeMaker } from './container/pipes.ts';
import { processRuntime } from './container/processes.ts';
import type { ClusterMode, ContainerRuntime } from './container/runtime.ts';
import type { RecordedExec } from './exec/exec-record.ts';
import { execEndpoint } from './exec/exec-upgrade.ts';
import { type ClusterFaults, FaultQueue } from './faults.ts';
import { kubeconfig } from './kubeconfig.ts';
import { type DemoPod, LivePod } from './pod.ts';
import { ClusterSetupError, type PodSpec } from './pod-spec.ts';
import { PodStore } from './pod-store.ts';

export type { AccessRule } from './api/access.ts';
export type { ClusterMode } from './container/runtime.ts';
export type { RecordedExec } from './exec/exec-record.ts';
export { type ClusterFaults, commandIncludes, type ExecFault, type RequestFault } from './faults.ts';
export type { DemoPod } from './pod.ts';
export { ClusterSetupError, type ContainerSpec, type PodSpec } from './pod-spec.ts';

export interface ClusterOptions {
  /** A directory of the cluster's own, made if it is not there; all it writes there is gone after stop(). */
  workDir: string;
  /** Added to admin, worker, exec-get, exec-create and nobody, or in their place where the name is the same. */
  users?: Record<string, AccessRule[]>;
  /** Without it: 'namespaces' where this machine allows it, else 'processes'. */
  mode?: ClusterMode;
  /** 0, the default, takes any free port of 127.0.0.1. */
  port?: number;
  /** Between the end of a container and its restart; 1000 ms by default. */
  restartDelayMs?: number;
  /** What becomes of a command whose client went away; 'drain' by default. */
  whenClientGone?: 'drain' | 'stuck';
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** One plain request (not an exec) that was answered. */
export interface RecordedRequest {
  method: string;
  /** Without the query. */
  path: string;
  /** '' when the token was not known. */
  user: string;
  status: number;
}

export interface DemoCluster {
  url: string;
  caPem: string;
  mode: ClusterMode;
  /** YAML with the user's bearer token; 'worker' by default. */
  kubeconfig(user?: string): string;
  token(user: string): string;
  /** Adds a user, or changes what one may from now on. */
  setUser(user: string, rules: AccessRule[]): void;
  /** The user's token so far answers 401 from now on; returns the new one. */
  rotateToken(user: string): string;
  /** Resolves when all its containers run. Throws ClusterSetupError, and leaves nothing behind then. */
  addPod(spec: PodSpec): Promise<DemoPod>;
  pod(namespace: string, name: string): DemoPod | undefined;
  /** Every exec that was accepted, in order. */
  execs: RecordedExec[];
  requests: RecordedRequest[];
  faults: ClusterFaults;
  /** Ends every process it started, all connections, and removes its files. Safe to call twice. */
  stop(): Promise<void>;
}

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system', 'prod'];
const RESTART_DELAY_MS = 1000;

/**
 * A Kubernetes cluster of one node on this machine: a real HTTPS API server whose pods are process trees.
 * What it answers is what a real 1.36 answered (test/recordings).
 */
export const startCluster = async (options: ClusterOptions): Promise<DemoCluster> => {
  const now = options.now ?? Date.now;
  const dir = join(options.workDir, 'cluster');
  mkdirSync(dir, { recursive: true });
  try {
    return await compose(options, dir, now);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
};

const compose = async (options: ClusterOptions, dir: string, now: () => number): Promise<DemoCluster> => {
  const pipes = new PipeMaker();
  const runtime = await chooseRuntime(options.mode, pipes, dir);
  const access = new Access({ ...DEFAULT_USERS, ...options.users });
  const pods = new PodStore(podObject);
  const certificate = await makeCertificate(now());
  const execs: RecordedExec[] = [];
  const requests: RecordedRequest[] = [];
  const namespaces = new Set(NAMESPACES);
  const faults = new FaultQueue((durationMs) => api.down(durationMs));
  const exec = execEndpoint({
    access,
    pods,
    faults,
    execs,
    now,
    whenClientGone: options.whenClientGone ?? 'drain',
  });
  const api = await startApiServer({
    certificate,
    port: options.port ?? 0,
    onUpgrade: exec.onUpgrade,
    cluster: {
      access,
      pods,
      namespaces,
      now,
      startedAt: now(),
      takeRequestFault: (request) => faults.takeForRequest(request),
      record: (request) => void requests.push(request),
    },
  });
  const url = `https://127.0.0.1:${api.port}`;
  const alive = new Set<LivePod>();
  let addresses = 1;
  let stopped: Promise<void> | undefined;

  const addPod = async (spec: PodSpec): Promise<DemoPod> => {
    if (stopped) throw new ClusterSetupError('bad-spec', 'The cluster was stopped');
    if (pods.get(spec.namespace, spec.name)) {
      throw new ClusterSetupError('bad-spec', `pods "${spec.name}" already exists`);
    }
    if (spec.containers.length === 0)
      throw new ClusterSetupError('bad-spec', `${spec.name} has no containers`);
    const pod = new LivePod(spec, {
      runtime,
      workDir: dir,
      ip: `10.244.0.${(addresses++ % 250) + 2}`,
      restartDelayMs: options.restartDelayMs ?? RESTART_DELAY_MS,
      now,
      changed: (changed) => pods.changed(changed),
      gone: (gone) => {
        pods.remove(gone);
        alive.delete(gone);
      },
    });
    namespaces.add(spec.namespace);
    alive.add(pod);
    pods.add(pod);
    await pod.start();
    return pod;
  };

  const stop = async (): Promise<void> => {
    await api.stop();
    exec.abort();
    // Not only those in the API: one that was deleted with grace 0 may still be ending.
    await Promise.all([...alive].map((pod) => pod.destroy()));
    await exec.ended();
    pipes.close();
    rmSync(dir, { recursive: true, force: true });
  };

  return {
    url,
    caPem: certificate.caPem,
    mode: runtime.mode,
    kubeconfig: (user = 'worker') =>
      kubeconfig({ url, caPem: certificate.caPem, user, token: access.token(user) }),
    token: (user) => access.token(user),
    setUser: (user, rules) => access.setUser(user, rules),
    rotateToken: (user) => access.rotateToken(user),
    addPod,
    pod: (namespace, name) => pods.get(namespace, name),
    execs,
    requests,
    faults,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};

const chooseRuntime = async (
  mode: ClusterMode | undefined,
  pipes: PipeMaker,
  dir: string,
): Promise<ContainerRuntime> => {
  if (mode === 'processes') return processRuntime(pipes);
  const how = await probeNamespaces(join(dir, 'probe'));
  if (how) return namespaceRuntime(how, pipes);
  if (mode === 'namespaces') {
    throw new ClusterSetupError('mode-not-available', 'This machine does not let us make namespaces');
  }
  return processRuntime(pipes);
};
