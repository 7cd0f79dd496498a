import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { CoreV1Api, Exec, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoCluster, startCluster } from '../../src/demo/cluster/demo-cluster.ts';
import { callApi, runExec, stdoutOf, until } from './cluster-client.ts';

let workDir: string;
let cluster: DemoCluster;

const SLEEP = [{ name: 'app', command: ['sleep', 'infinity'] }];

beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'cluster-api-'));
  cluster = await startCluster({
    workDir,
    users: {
      watcher: [{ namespaces: ['prod'], verbs: ['list', 'watch'], resources: ['pods'] }],
      one: [{ namespaces: ['prod'], verbs: ['get'], resources: ['pods'], resourceNames: ['a'] }],
    },
  });
  for (const [name, tier] of [
    ['a', 'web'],
    ['b', 'web'],
    ['c', 'batch'],
  ] as const) {
    await cluster.addPod({
      namespace: 'prod',
      name,
      labels: { tier, app: name },
      ownerReferences: [{ kind: 'ReplicaSet', name: `${tier}-5d8f` }],
      containers: SLEEP,
    });
  }
  await cluster.addPod({ namespace: 'test', name: 'd', containers: SLEEP });
});

afterAll(async () => {
  await cluster?.stop();
  await rm(workDir, { recursive: true, force: true });
});

const namesIn = (body: unknown): string[] =>
  (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
const list = async (query: string, path = '/api/v1/namespaces/prod/pods') =>
  namesIn((await callApi(cluster, { path: `${path}?${query}` })).body);

describe('lists of pods', () => {
  it.each([
    ['labelSelector=tier%3Dweb', ['a', 'b']],
    ['labelSelector=tier%21%3Dweb', ['c']],
    ['labelSelector=app+in+%28a%2Cc%29%2Ctier', ['a', 'c']],
    ['labelSelector=app+notin+%28a%29', ['b', 'c']],
    ['labelSelector=%21tier', []],
    ['fieldSelector=metadata.name%3Db', ['b']],
    ['fieldSelector=status.phase%3DRunning%2Cmetadata.name%21%3Db', ['a', 'c']],
  ])('are chosen by %s', async (query, names) => {
    expect(await list(query)).toEqual(names);
  });

  it('of all namespaces are one list', async () => {
    expect(await list('', '/api/v1/pods')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('come in pages that leave nothing out', async () => {
    const first = await callApi(cluster, { path: '/api/v1/pods?limit=3' });
    const { metadata } = first.body as { metadata: { continue: string; remainingItemCount: number } };
    const rest = await list(`limit=3&continue=${metadata.continue}`, '/api/v1/pods');

    expect(namesIn(first.body)).toEqual(['a', 'b', 'c']);
    expect(metadata.remainingItemCount).toBe(1);
    expect(rest).toEqual(['d']);
  });

  it('refuse a selector that makes no sense', async () => {
    const { status } = await callApi(cluster, { path: '/api/v1/pods?fieldSelector=spec.colour%3Dblue' });

    expect(status).toBe(400);
  });

  it('name the owner by the same uid for each replica', async () => {
    const { body } = await callApi(cluster, {
      path: '/api/v1/namespaces/prod/pods?labelSelector=tier%3Dweb',
    });
    const { items } = body as { items: { metadata: { ownerReferences: { kind: string; uid: string }[] } }[] };

    const owners = items.map(({ metadata }) => metadata.ownerReferences[0]);
    expect(owners[0]).toMatchObject({ kind: 'ReplicaSet', name: 'web-5d8f', controller: true });
    expect(owners[0]?.uid).toBe(owners[1]?.uid);
  });
});

describe('who may do what', () => {
  it('a token that nobody has gets 401, no token at all gets 403', async () => {
    const wrong = await callApi(cluster, {
      path: '/api/v1/pods',
      user: null,
      headers: { authorization: 'Bearer nonsense' },
    });
    const none = await callApi(cluster, { path: '/api/v1/pods', user: null });

    expect([wrong.status, none.status]).toEqual([401, 403]);
    expect(wrong.body).toMatchObject({ reason: 'Unauthorized', code: 401 });
    expect(none.body).toMatchObject({ message: expect.stringContaining('system:anonymous') });
  });

  it('everybody may ask for the version and for readiness', async () => {
    const paths = ['/version', '/readyz', '/livez', '/healthz'];
    const answers = await Promise.all(paths.map((path) => callApi(cluster, { path, user: null })));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('rules can be narrow: by verb, by namespace, by name', async () => {
    const may = async (user: string, path: string) => (await callApi(cluster, { path, user })).status;

    expect(await may('watcher', '/api/v1/namespaces/prod/pods')).toBe(200);
    expect(await may('watcher', '/api/v1/namespaces/test/pods')).toBe(403);
    expect(await may('watcher', '/api/v1/pods')).toBe(403);
    expect(await may('watcher', '/api/v1/namespaces/prod/pods/a')).toBe(403);
    expect(await may('one', '/api/v1/namespaces/prod/pods/a')).toBe(200);
    expect(await may('one', '/api/v1/namespaces/prod/pods/b')).toBe(403);
  });

  it('rules can change while the cluster runs, and a token can be rotated', async () => {
    cluster.setUser('late', []);
    const before = await callApi(cluster, { path: '/api/v1/pods', user: 'late' });
    cluster.setUser('late', [{ namespaces: ['*'], verbs: ['list'], resources: ['pods'] }]);
    const after = await callApi(cluster, { path: '/api/v1/pods', user: 'late' });
    const old = cluster.token('late');
    cluster.rotateToken('late');
    const headers = { authorization: `Bearer ${old}` };
    const rotated = await callApi(cluster, { path: '/api/v1/pods', user: null, headers });

    expect([before.status, after.status, rotated.status]).toEqual([403, 200, 401]);
  });

  it('an exec of an unknown token gets 401', async () => {
    const end = await runExec({ ...cluster, token: () => 'nonsense' }, { pod: 'a', command: ['true'] });

    expect(end.refused?.status).toBe(401);
  });

  it('who asked for what is on record, without the query', async () => {
    await callApi(cluster, { path: '/api/v1/namespaces/prod/pods/a?x=secret', user: 'worker' });

    expect(cluster.requests.at(-1)).toEqual({
      method: 'GET',
      path: '/api/v1/namespaces/prod/pods/a',
      user: 'worker',
      status: 200,
    });
  });
});

describe('a watch', () => {
  interface Event {
    type: string;
    object: { metadata: { name: string; resourceVersion: string }; code?: number };
  }
  const watch = async (query: string) => {
    const events: Event[] = [];
    let text = '';
    const request = get(new URL(`/api/v1/namespaces/prod/pods?watch=true&${query}`, cluster.url), {
      ca: cluster.caPem,
      agent: false,
      headers: { authorization: `Bearer ${cluster.token('admin')}` },
    });
    request.on('error', () => {});
    request.on('response', (response) => {
      response.on('error', () => {});
      response.on('data', (chunk: Buffer) => {
        text += chunk;
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) events.push(JSON.parse(line));
      });
    });
    return { events, stop: () => void request.destroy() };
  };

  it('tells of what comes, changes and goes, from a version on', async () => {
    const { body } = await callApi(cluster, { path: '/api/v1/namespaces/prod/pods' });
    const { resourceVersion } = (body as { metadata: { resourceVersion: string } }).metadata;
    const pod = await cluster.addPod({ namespace: 'prod', name: 'watched', containers: SLEEP });
    const { events, stop } = await watch(`resourceVersion=${resourceVersion}`);
    await pod.delete({ graceSeconds: 1 });
    await until(() => events.some(({ type }) => type === 'DELETED'));
    stop();

    const types = events.map(({ type }) => type);
    expect(types[0]).toBe('ADDED');
    expect(types.at(-1)).toBe('DELETED');
    expect(types).toContain('MODIFIED');
    expect(new Set(events.map(({ object }) => object.metadata.name))).toEqual(new Set(['watched']));
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
  });

  it('without a version begins with what is there', async () => {
    const { events, stop } = await watch('labelSelector=tier%3Dweb');
    await until(() => events.length >= 2);
    stop();

    expect(events.map(({ type, object }) => [type, object.metadata.name])).toEqual([
      ['ADDED', 'a'],
      ['ADDED', 'b'],
    ]);
  });
});

describe('the official client library', () => {
  it('reads pods and runs commands with the kubeconfig as it is', async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig('worker'));
    const pod = await config.makeApiClient(CoreV1Api).readNamespacedPod({ namespace: 'prod', name: 'a' });
    const stdout = new PassThrough();
    let text = '';
    stdout.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    const status = await new Promise<{ status?: string }>((resolve, reject) => {
      new Exec(config)
        .exec('prod', 'a', 'app', ['echo', 'by library'], stdout, null, null, false, resolve)
        .catch(reject);
    });

    expect(pod.metadata?.uid).toBe(cluster.pod('prod', 'a')?.uid);
    expect(status.status).toBe('Success');
    expect(text).toBe('by library\n');
  });
});

describe('pods', () => {
  it('end and stay ended when they are complete, and can be removed through the API', async () => {
    const pod = await cluster.addPod({ namespace: 'prod', name: 'job', containers: SLEEP });
    await pod.complete();
    const completed = await callApi(cluster, { path: '/api/v1/namespaces/prod/pods/job' });
    const exec = await runExec(cluster, { pod: 'job', command: ['true'] });
    const path = '/api/v1/namespaces/prod/pods/job';
    const removed = await callApi(cluster, { method: 'DELETE', path, body: { gracePeriodSeconds: 0 } });
    const afterwards = await callApi(cluster, { path });

    expect(completed.body).toMatchObject({ status: { phase: 'Succeeded' } });
    expect(exec.refused).toMatchObject({ status: 500, body: 'container not found ("app")' });
    expect([removed.status, afterwards.status]).toEqual([200, 404]);
  });

  it('of the same name get a new uid', async () => {
    const spec = { namespace: 'prod', name: 'again', containers: SLEEP };
    const first = await cluster.addPod(spec);
    await expect(cluster.addPod(spec)).rejects.toThrow('already exists');
    await first.delete({ graceSeconds: 0 });
    const second = await cluster.addPod(spec);

    expect(second.uid).not.toBe(first.uid);
    expect(cluster.pod('prod', 'again')?.uid).toBe(second.uid);
  });

  it('start again as often as their command ends, unless they may not', async () => {
    const quick = await startCluster({ workDir: join(workDir, 'quick'), restartDelayMs: 1 });
    try {
      const command = ['sh', '-c', 'echo run; sleep 0.05; exit 3'];
      const pod = await quick.addPod({
        namespace: 'prod',
        name: 'crash',
        containers: [{ name: 'app', command }],
      });
      await quick.addPod({
        namespace: 'prod',
        name: 'once',
        restartPolicy: 'Never',
        containers: [{ name: 'app', command }],
      });
      await until(() => pod.stdout('app').split('run').length > 3);
      const once = await callApi(quick, { path: '/api/v1/namespaces/prod/pods/once' });

      expect(once.body).toMatchObject({
        status: {
          phase: 'Failed',
          containerStatuses: [{ restartCount: 0, state: { terminated: { exitCode: 3 } } }],
        },
      });
    } finally {
      await quick.stop();
    }
  });

  it('give their log', async () => {
    const pod = await cluster.addPod({
      namespace: 'prod',
      name: 'talker',
      containers: [{ name: 'app', command: ['sh', '-c', 'echo one; echo two; exec sleep 600'] }],
    });
    await until(() => pod.stdout('app').includes('two'));
    const path = '/api/v1/namespaces/prod/pods/talker/log';

    expect((await callApi(cluster, { path })).text).toBe('one\ntwo\n');
    expect((await callApi(cluster, { path: `${path}?tailLines=1` })).text).toBe('two\n');
  });
});

it('two clusters have certificates of their own: the one’s CA is not good for the other', async () => {
  const other = await startCluster({ workDir: join(workDir, 'other') });
  try {
    const call = callApi({ ...other, caPem: cluster.caPem }, { path: '/version' });

    await expect(call).rejects.toThrow(/certificate/);
    expect(stdoutOf(await runExec(cluster, { pod: 'a', command: ['echo', 'ours'] }))).toBe('ours\n');
  } finally {
    await other.stop();
  }
});
