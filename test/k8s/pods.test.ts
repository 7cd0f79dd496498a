import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { ClusterError } from '../../src/k8s/client.ts';
import {
  CLUSTER_WIDE_PERMISSIONS,
  checkPermissions,
  REQUIRED_PERMISSIONS,
} from '../../src/k8s/permissions.ts';
import {
  chooseContainer,
  getPod,
  listPods,
  type Pod,
  type PodContainer,
  workloadOf,
} from '../../src/k8s/pods.ts';
import { parseBytes, parseQuantity } from '../../src/k8s/quantity.ts';
import { type HttpAnswer, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

interface RecordedHttp {
  readonly name: string;
  readonly response: { readonly status: number; readonly body: unknown };
}

const RECORDINGS: readonly RecordedHttp[] = JSON.parse(
  readFileSync(new URL('../recordings/kubernetes-http.json', import.meta.url), 'utf8'),
);

const recorded = (name: string): HttpAnswer => {
  const found = RECORDINGS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`No recording named ${name}`);
  return { status: found.response.status, body: JSON.stringify(found.response.body) };
};

const servers: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const serve = async (answer: (url: URL) => HttpAnswer | 'never'): Promise<ScriptedServer> => {
  const server = await startScriptedServer({ answer });
  servers.push(server);
  return server;
};

const get = async (name: string, pod = 'leaky'): Promise<Pod> => {
  const server = await serve(() => recorded(name));
  return getPod(server.cluster, { namespace: 'prod', pod });
};

const failureOf = async (promise: Promise<unknown>): Promise<ClusterError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ClusterError))
    throw new Error(`Not a ClusterError: ${String(error)}`, { cause: error });
  return error;
};

describe('a pod that a real API server once showed', () => {
  it('is told in our own small shape', async () => {
    const pod = await get('pod: running');
    expect(pod).toEqual({
      namespace: 'prod',
      name: 'leaky',
      uid: '98907ed6-e85a-45d2-8616-ee5b328c9223',
      phase: 'Running',
      node: 'lab',
      startTime: expect.stringMatching(/^20\d\d-/),
      deletionTimestamp: undefined,
      labels: { app: 'leaky' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': expect.any(String) },
      ownerReferences: [],
      containers: [
        {
          name: 'app',
          image: 'registry.local/jdk17:1',
          ready: true,
          running: true,
          restartCount: 1,
          containerID: 'containerd://15966e7d73af53be640fa77eecaf1212f1a38ccebf8a2b5d8a0c84aba2ba34f6',
          memoryLimitBytes: 1200 * 1024 * 1024,
          memoryRequestBytes: 1200 * 1024 * 1024,
          uid: 0,
          sidecar: false,
        },
      ],
    });
    expect(
      Object.isFrozen(pod) && Object.isFrozen(pod.containers) && Object.isFrozen(pod.containers[0]),
    ).toBe(true);
  });

  it('without limits has none, though the kubelet reports a very large number', async () => {
    const pod = await get('pod: two containers');
    expect(pod.containers.map(({ name, memoryLimitBytes }) => [name, memoryLimitBytes])).toEqual([
      ['app', undefined],
      ['sidecar', undefined],
    ]);
  });

  it('shows what an in-place resize made of the limit, and the limit of the pod where there is no other', async () => {
    const memory = (limit: string) => ({ limits: { memory: limit } });
    const server = await serve(() => ({
      status: 200,
      body: JSON.stringify({
        metadata: { name: 'p', deletionTimestamp: '2026-11-24T15:11:48Z' },
        spec: {
          resources: memory('3Gi'),
          containers: [{ name: 'resized', resources: memory('1Gi') }, { name: 'free' }],
          initContainers: [{ name: 'mesh', restartPolicy: 'Always' }, { name: 'migrate' }],
        },
        status: { containerStatuses: [{ name: 'resized', resources: memory('2Gi') }] },
      }),
    }));
    const pod = await getPod(server.cluster, { namespace: 'prod', pod: 'p' });
    expect(pod.deletionTimestamp).toBe('2026-11-24T15:11:48.000Z');
    expect(pod.containers.map((one) => [one.name, one.memoryLimitBytes, one.sidecar])).toEqual([
      ['resized', 2 * 1024 ** 3, false],
      ['free', 3 * 1024 ** 3, false],
      ['mesh', 3 * 1024 ** 3, true],
    ]);
  });

  it('that is completed has no running container', async () => {
    const pod = await get('pod: completed');
    expect(pod.phase).toBe('Succeeded');
    expect(pod.containers).toMatchObject([{ running: false, ready: false }]);
  });

  it('that does not exist is not found', async () => {
    expect(await failureOf(get('pod: not there'))).toMatchObject({
      code: 'not-found',
      status: 404,
      retryable: false,
      message: 'pods "nope" not found',
    });
  });

  it('that we may not see says which right is missing', async () => {
    const error = await failureOf(get('forbidden: get pod'));
    expect(error).toMatchObject({ code: 'forbidden', status: 403 });
    expect(error.message).toContain('cannot get resource "pods"');
  });

  it('with a name that is none is never asked for', async () => {
    const server = await serve(() => recorded('pod: running'));
    for (const pod of ['a/../../secrets', 'A', '', 'a?watch=true'])
      expect((await failureOf(getPod(server.cluster, { namespace: 'prod', pod }))).code).toBe('bad-request');
    expect((await failureOf(getPod(server.cluster, { namespace: '../x', pod: 'a' }))).code).toBe(
      'bad-request',
    );
    expect(server.requests).toHaveLength(0);
  });
});

describe('a cluster that is in trouble', () => {
  const target = { namespace: 'prod', pod: 'leaky' };

  it.each([
    [401, 'forbidden', true],
    [409, 'refused', true],
    [422, 'bad-request', false],
    [429, 'refused', true],
    [500, 'refused', true],
    [503, 'refused', true],
  ])('answers %i: %s, retryable: %s', async (status, code, retryable) => {
    const server = await serve(() => ({ status, body: 'upstream says no', type: 'text/plain' }));
    const error = await failureOf(getPod(server.cluster, target));
    expect(error).toMatchObject({ code, status, retryable });
    expect(error.message).not.toContain('sekret');
  });

  it('or not at all, until the abort', async () => {
    const server = await serve(() => 'never');
    const abort = new AbortController();
    const asking = failureOf(getPod(server.cluster, target, abort.signal));
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort();
    expect(await asking).toMatchObject({ code: 'aborted', retryable: false });
    while (server.connections() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('or is not there', async () => {
    const server = await startScriptedServer({});
    await server.close();
    const error = await failureOf(getPod(server.cluster, target));
    expect(error).toMatchObject({ code: 'unreachable', retryable: true, status: undefined });
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('a list of pods', () => {
  const page = (names: string[], next?: string): HttpAnswer => ({
    status: 200,
    body: JSON.stringify({
      kind: 'PodList',
      metadata: next === undefined ? {} : { continue: next },
      items: names.map((name) => ({ metadata: { name, namespace: 'prod', uid: name } })),
    }),
  });

  it('goes on to the next page until there is none', async () => {
    const server = await serve((url) =>
      url.searchParams.get('continue') === 'token' ? page(['c']) : page(['a', 'b'], 'token'),
    );
    const pods = await listPods(server.cluster, 'prod', { labelSelector: 'app=web' });
    expect(pods.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(server.requests[0]?.url.searchParams.get('labelSelector')).toBe('app=web');
  });

  it('stops at the limit', async () => {
    const server = await serve(() => page(['a', 'b'], 'more'));
    const pods = await listPods(server.cluster, 'prod', { limit: 3 });
    expect(pods).toHaveLength(3);
    expect(server.requests.map(({ url }) => url.searchParams.get('limit'))).toEqual(['3', '1']);
  });

  it('of a real server is read', async () => {
    const server = await serve(() => recorded('pods list'));
    expect((await listPods(server.cluster, 'prod', { limit: 2 })).map(({ name }) => name)).toContain('bulk');
  });
});

const container = (name: string, facts: Partial<PodContainer> = {}): PodContainer => ({
  name,
  image: 'i',
  ready: true,
  running: true,
  restartCount: 0,
  containerID: undefined,
  memoryLimitBytes: undefined,
  memoryRequestBytes: undefined,
  uid: undefined,
  sidecar: false,
  ...facts,
});

const podWith = (facts: Partial<Pod>): Pod => ({
  namespace: 'prod',
  name: 'order-service-7d9f8-x2x4k',
  uid: 'u',
  phase: 'Running',
  node: undefined,
  startTime: undefined,
  deletionTimestamp: undefined,
  labels: {},
  annotations: {},
  ownerReferences: [],
  containers: [container('app'), container('proxy')],
  ...facts,
});

describe('the container that is meant', () => {
  const annotations = { 'kubectl.kubernetes.io/default-container': 'app' };

  it('is the named one, even if another is the default', () => {
    const choice = chooseContainer(podWith({ annotations }), 'proxy');
    expect(choice).toMatchObject({ kind: 'chosen', container: { name: 'proxy' } });
  });

  it('is not found if the name is none of them', () => {
    expect(chooseContainer(podWith({ annotations }), 'App')).toEqual({ kind: 'not-found' });
  });

  it('is the default of the annotation', () => {
    const choice = chooseContainer(podWith({ annotations }));
    expect(choice).toMatchObject({ kind: 'chosen', container: { name: 'app' } });
  });

  it('is the only one, sidecars aside', () => {
    const pod = podWith({ containers: [container('app'), container('mesh', { sidecar: true })] });
    expect(chooseContainer(pod)).toMatchObject({ kind: 'chosen', container: { name: 'app' } });
    expect(chooseContainer(pod, 'mesh')).toMatchObject({ kind: 'chosen', container: { name: 'mesh' } });
  });

  it('is open otherwise, also when the annotation names nobody', () => {
    const pod = podWith({ annotations: { 'kubectl.kubernetes.io/default-container': 'gone' } });
    const choice = chooseContainer(pod);
    expect(choice).toMatchObject({ kind: 'undecided', candidates: [{ name: 'app' }, { name: 'proxy' }] });
  });
});

describe('the workload of a pod', () => {
  const owned = (kind: string, name: string, labels: Record<string, string> = {}, controller = true) =>
    workloadOf(podWith({ labels, ownerReferences: [{ kind, name, uid: 'o', controller }] }));

  it.each([
    ['ReplicaSet', 'order-service-7d9f8', { 'pod-template-hash': '7d9f8' }, 'Deployment', 'order-service'],
    ['ReplicaSet', 'shop-5c', { 'rollouts-pod-template-hash': '5c' }, 'Rollout', 'shop'],
    ['ReplicaSet', 'bare', { 'pod-template-hash': 'other' }, 'ReplicaSet', 'bare'],
    ['ReplicaSet', 'bare', {}, 'ReplicaSet', 'bare'],
    ['StatefulSet', 'kafka', {}, 'StatefulSet', 'kafka'],
    ['DaemonSet', 'agent', {}, 'DaemonSet', 'agent'],
    ['Job', 'nightly-28391230', {}, 'Job', 'nightly-28391230'],
  ])('owned by %s %s is found', (kind, name, labels, expectedKind, expectedName) => {
    expect(owned(kind, name, labels as Record<string, string>)).toEqual({
      kind: expectedKind,
      name: expectedName,
    });
  });

  it('without a controller is the pod itself', () => {
    const itself = { kind: 'Pod', name: 'order-service-7d9f8-x2x4k' };
    expect(workloadOf(podWith({}))).toEqual(itself);
    expect(owned('Node', 'lab', {}, false)).toEqual(itself);
  });
});

describe('a quantity', () => {
  it.each([
    ['1200Mi', 1200 * 1024 ** 2],
    ['2Gi', 2 * 1024 ** 3],
    ['1.5Gi', 1.5 * 1024 ** 3],
    ['128974848', 128974848],
    ['129e6', 129e6],
    ['1E3', 1000],
    ['129M', 129e6],
    ['2k', 2000],
    ['1E', 1e18],
    ['100m', 0.1],
    ['.5', 0.5],
    ['-1', -1],
    ['1Kb', undefined],
    ['Mi', undefined],
    ['', undefined],
  ])('%s is %d', (text, expected) => {
    expect(parseQuantity(text)).toBe(expected);
  });

  it('of bytes is whole, and none where there is no limit', () => {
    expect(parseBytes('128974848000m')).toBe(128974848);
    expect(parseBytes('9007199254740988Ki')).toBeUndefined();
    expect(parseBytes(undefined)).toBeUndefined();
    expect(parseBytes('nonsense')).toBeUndefined();
  });
});

describe('the permissions that a worker needs', () => {
  const review = (allow: (attributes: Record<string, string>) => boolean) => async () => {
    const server = await startScriptedServer({
      answerTo: (body) => {
        const { spec } = JSON.parse(body) as { spec: { resourceAttributes: Record<string, string> } };
        return {
          status: 201,
          body: JSON.stringify({ spec, status: { allowed: allow(spec.resourceAttributes) } }),
        };
      },
    });
    servers.push(server);
    return checkPermissions(server.cluster, ['prod', 'test']);
  };

  it('are all there, or named with their namespace and reason', async () => {
    expect(await review(() => true)()).toEqual([]);
    const missing = await review(
      ({ namespace, verb, subresource }) =>
        !(namespace === 'test' && verb === 'create' && subresource === 'exec'),
    )();
    expect(missing).toEqual([
      {
        verb: 'create',
        resource: 'pods/exec',
        namespace: 'test',
        optional: false,
        reason: expect.stringContaining('1.35'),
      },
    ]);
  });

  it('are get on pods, and get and create on pods/exec, and list if one likes', () => {
    expect(REQUIRED_PERMISSIONS.map(({ verb, resource, optional }) => [verb, resource, optional])).toEqual([
      ['get', 'pods', false],
      ['get', 'pods/exec', false],
      ['create', 'pods/exec', false],
      ['list', 'pods', true],
    ]);
  });

  it('and for the whole cluster nothing that it cannot do without', () => {
    expect(
      CLUSTER_WIDE_PERMISSIONS.map(({ verb, resource, optional }) => [verb, resource, optional]),
    ).toEqual([['list', 'namespaces', true]]);
  });

  it('as a real server answers for worker and nobody', async () => {
    const answer = async (user: string) => {
      const server = await serve(() => recorded(`access review: create pods/exec as ${user}`));
      return (await checkPermissions(server.cluster, ['prod'])).length;
    };
    expect(await answer('worker')).toBe(0);
    expect(await answer('nobody')).toBe(REQUIRED_PERMISSIONS.length);
  });
});
