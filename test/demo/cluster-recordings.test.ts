import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoCluster, startCluster } from '../../src/demo/cluster/demo-cluster.ts';
import { callApi, openExec, textOf } from './cluster-client.ts';
import { shapeDifferences } from './cluster-shape.ts';

interface HttpRecording {
  name: string;
  request: { method: string; path: string; accept: string; user: string; body?: unknown };
  response: { status: number; headers: Record<string, string>; body: unknown };
}
interface ExecRecording {
  name: string;
  protocols: string[];
  container: string | null;
  pod: string;
  stdin: boolean;
  command: string[];
  user: string;
  events: {
    upgrade?: { http: number; protocol: string };
    frame?: { ch: number; len: number; text: string };
    close?: { code: number; reason: string };
    http?: { code: number; type?: string; body: string };
  }[];
}

const recording = async <T>(file: string): Promise<T> =>
  JSON.parse(await readFile(new URL(`../recordings/${file}`, import.meta.url), 'utf8'));
const httpRecordings = await recording<HttpRecording[]>('kubernetes-http.json');
const execRecordings = await recording<ExecRecording[]>('kubernetes-exec.json');
const watchRecording = await readFile(new URL('../recordings/kubernetes-watch.txt', import.meta.url), 'utf8');

let workDir: string;
let cluster: DemoCluster;

/** The recorded cluster's pods, as far as their shape goes. */
beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'cluster-recordings-'));
  cluster = await startCluster({ workDir, restartDelayMs: 10 });
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}\n' };
  const sleep = ['sleep', 'infinity'];
  const pod = (name: string, ...containers: { name: string; memoryLimitBytes?: number; path?: string }[]) =>
    cluster.addPod({
      namespace: 'prod',
      name,
      annotations,
      ...(name === 'leaky' && { labels: { app: 'leaky' } }),
      containers: containers.map((container) => ({
        ...container,
        command: container.path === undefined ? sleep : ['/bin/sleep', 'infinity'],
        ...(name === 'bulk' && { emptyDirs: ['/data'] }),
      })),
    });
  const running = await Promise.all([
    pod('bulk', { name: 'app' }),
    pod('busybox-jre', { name: 'app' }),
    pod('leaky', { name: 'app', memoryLimitBytes: 1200 * 1024 * 1024 }),
    pod('two-jvms', { name: 'app' }, { name: 'sidecar' }),
    pod('distroless', { name: 'app', path: '/nowhere' }),
  ]);
  // In the recording each had been restarted once.
  await Promise.all(running.map((each) => each.killContainer('app')));
  await cluster.pod('prod', 'two-jvms')?.killContainer('sidecar');
  await cluster.addPod({
    namespace: 'prod',
    name: 'completed',
    annotations,
    restartPolicy: 'Never',
    containers: [{ name: 'app', command: ['true'] }],
  });
});

afterAll(async () => {
  await cluster?.stop();
  await rm(workDir, { recursive: true, force: true });
});

/** What the recording has and the stand-in has not, on purpose. */
const LEFT_OUT: Record<string, RegExp> = {
  // It had an ephemeral container once.
  'pod: completed': /ephemeralContainer/,
  // It was made by kubectl apply.
  namespaces: /items\[prod\].metadata: keys .*annotations/,
  // Nothing there can be finalized.
  'api, aggregated discovery': /resources\[namespaces\]: keys .*,subresources$/,
};

describe('the stand-in cluster answers a plain request as the recorded API server did', () => {
  it.each(httpRecordings)('$name', async ({ name, request, response }) => {
    const answer = await callApi(cluster, request);

    expect(answer.status).toBe(response.status);
    for (const header of ['content-type', 'cache-control', 'vary']) {
      expect(answer.headers[header], header).toBe(response.headers[header]);
    }
    if (response.status >= 400) {
      expect(answer.body).toEqual(response.body);
    } else {
      const differences = shapeDifferences(answer.body, response.body);
      expect(differences.filter((difference) => !LEFT_OUT[name]?.test(difference))).toEqual([]);
    }
  });
});

describe('the stand-in cluster serves a recorded exec frame by frame as the real one did', () => {
  it.each(execRecordings)('$name', async (recorded) => {
    const exec = openExec(cluster, recorded);
    const close = recorded.events.find((event) => event.close)?.close;
    if (recorded.stdin) {
      await exec.upgraded;
      if (recorded.command.join().includes('read')) {
        exec.stdin('hello\n');
      } else {
        exec.stdin('abc');
        await exec.stdoutHas('abc');
        exec.ws.send(Buffer.of(255, 0));
      }
    }
    if (recorded.stdin && !close) {
      // v4 knows no such frame: stdin is still open, and nothing has ended.
      exec.stdin('still here');
      await exec.stdoutHas('abcstill here');
      exec.ws.terminate();
      expect(exec.frames.map(({ channel }) => channel)).not.toContain(3);
      return;
    }

    const end = await exec.ended;

    const http = recorded.events.find((event) => event.http)?.http;
    if (http) {
      expect(end.refused).toMatchObject({ status: http.code, contentType: http.type, body: http.body });
      return;
    }
    expect(end.protocol).toBe(recorded.events[0]?.upgrade?.protocol);
    expect(end.close).toEqual(close);
    const frames = recorded.events.flatMap(({ frame }) => (frame ? [frame] : []));
    // The first frame is empty, the last is the status; between them stdout and stderr have no order.
    expect([end.frames.at(0)?.channel, end.frames.at(0)?.bytes.length]).toEqual([1, 0]);
    expect(end.frames.at(-1)?.channel).toBe(frames.at(-1)?.ch);
    expect(end.frames.filter(({ channel }) => channel === 3)).toHaveLength(1);
    for (const channel of [1, 2, 3]) {
      const text = frames.filter(({ ch }) => ch === channel).map((frame) => frame.text);
      expect(withoutIds(textOf(end.frames, channel))).toBe(withoutIds(text.join('')));
    }
    expect(end.frames.at(-1)?.bytes.length).toBe(frames.at(-1)?.len);
  });
});

const withoutIds = (text: string): string => text.replace(/[0-9a-f]{63,64}/g, '<id>');

it('the stand-in cluster streams a watch of one pod in the shape of the recorded one', async () => {
  const answer = await callApi(cluster, {
    path: '/api/v1/namespaces/prod/pods?watch=true&fieldSelector=metadata.name%3Dleaky&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1',
  });

  const parse = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  expect(parse(answer.text)).toHaveLength(2);
  // managedFields are the business of those who apply objects.
  const differences = shapeDifferences(parse(answer.text), parse(watchRecording));
  expect(differences.filter((difference) => !difference.includes('managedFields'))).toEqual([]);
});

it('a refused exec tells the container runtime nothing: no command of a refused user was started', () => {
  const users = new Set(cluster.execs.map(({ user }) => user));

  expect(users).toEqual(new Set(['admin']));
});
