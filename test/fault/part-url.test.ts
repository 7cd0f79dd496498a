import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { type RunningWorker, startWorker } from '../../src/worker/start-worker.ts';
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { shown } from '../flow/conversation.ts';
import { addPod, javaContainer } from '../flow/java-pods.ts';
import { startWorld, type World } from '../world.ts';
import { expectWhole } from './mid-transfer.ts';

const direct = { transfer: { via: 'auto', compress: 'none' }, worker: { partSizeMiB: 1, attempts: 1 } };

describe('a part URL that is used too late', () => {
  let world: World;
  let worker: RunningWorker;
  /** How many URLs are over by the time that the pod gets them. */
  let late = 0;
  const refused = (): number =>
    world.oss.requests.filter(({ method, status }) => method === 'PUT' && status === 403).length;
  beforeAll(async () => {
    world = await startWorld({ worker: 'none', config: () => direct });
    const store = ossFromConfig(world.config, Date.now);
    const [cluster] = world.config.clusters;
    if (cluster === undefined) throw new Error('no cluster');
    worker = await startWorker(world.config, cluster, {
      store: {
        ...store,
        async presignPart(objectKey, uploadId, number, part, signal) {
          if (late <= 0) return store.presignPart(objectKey, uploadId, number, part, signal);
          late -= 1;
          const brief = { ...part, lifetimeMs: 1000 };
          const signed = await store.presignPart(objectKey, uploadId, number, brief, signal);
          await sleep(2100);
          return signed;
        },
      },
      now: Date.now,
      log: createLogger({ name: 'test', level: 'debug', write: (line) => world.logLines.push(line) }),
    });
  });
  afterEach(() => {
    late = 0;
    world.oss.requests.splice(0);
  });
  afterAll(async () => {
    await worker?.stop();
    await world?.stop();
  });

  it('is refused, and the pod gets a fresh one', async () => {
    late = 2;
    const { result } = await world.dump(`${world.target} --via direct`);

    expect(result.text).toContain('is ready');
    expect(refused()).toBe(2);
    expect(await expectWhole(world)).toMatchObject({ via: 'direct', attempts: 1 });
  });

  it('again and again: the worker moves the dump, as it needs no URL', async () => {
    const dumpsBefore = world.dumpsTaken();
    late = Number.POSITIVE_INFINITY;
    const { result } = await world.dump();

    expect(result.text).toContain('is ready');
    expect(refused()).toBeGreaterThan(2);
    expect(await expectWhole(world, { dumpsBefore })).toMatchObject({ via: 'relay' });
  });

  it('again and again, where no other way was wanted: named, nothing is called done, and Retry goes on', async () => {
    const dumpsBefore = world.dumpsTaken();
    const objectsBefore = world.oss.objectKeys();
    late = Number.POSITIVE_INFINITY;
    const { result, request } = await world.dump(`${world.target} --via direct`);

    expect(request.outcome).toMatchObject({ outcome: 'failed', code: 'no-route-to-store', retry: 'resume' });
    expect(shown(result)).toContain('status 403 AccessDenied');
    expect(result.links).toEqual([]);
    expect(world.oss.objectKeys()).toEqual(objectsBefore);
    await world.press('Retry', result, world.cast.developer);
    await world.waitForRequest(({ id, state }) => id === request.id && state === 'completed');
    await expectWhole(world, { dumpsBefore });
  });
});

describe('a part URL that is used twice', () => {
  let world: World;
  let dir: string;
  beforeAll(async () => {
    world = await startWorld({ heapMb: 4, config: () => direct });
    dir = await mkdtemp(join(tmpdir(), 'heapdump-curl-'));
    await chmod(dir, 0o755);
    // Keeps each URL with its headers and its body, as somebody in the pod might.
    await writeFile(
      join(dir, 'curl'),
      `#!/bin/sh
PATH=\${PATH#*:}
case "$*" in *' -T '*) ;; *) exec curl "$@" ;; esac
kept=/tmp/kept.$$
cat >$kept.url
cat <&5 >$kept.body
case $PLAY in
  same) curl "$@" <$kept.url 5<$kept.body >/dev/null ;;
  other)
    tr '\\000' '\\001' <$kept.body >$kept.other
    curl "$@" <$kept.url 5<$kept.other >/dev/null ;;
esac
curl "$@" <$kept.url 5<$kept.body
left=$?
rm -f $kept.*
exit $left
`,
      { mode: 0o755 },
    );
  });
  afterAll(async () => {
    await world?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it.each([
    ['same', 'with the same bytes stores them once more, and the dump is whole'],
    ['other', 'with other bytes is refused, as it is good for one content alone'],
  ])('%s: %s', async (play) => {
    const container = await javaContainer({ mounts: [{ hostPath: dir, mountPath: dir }] });
    const pod = await addPod(world, `twice-${play}`, [
      { ...container, path: `${dir}:${container.path}`, env: { ...container.env, PLAY: play } },
    ]);
    world.oss.requests.splice(0);
    const { result } = await world.dump(`prod/twice-${play} --via direct`);

    expect(result.text).toContain('is ready');
    const outcome = await expectWhole(world, { pod });
    const answers = world.oss.requests
      .filter(({ method, operation }) => method === 'PUT' && operation !== 'PutObject')
      .map(({ status }) => status);
    const parts = Math.ceil(outcome.sizeBytes / (1024 * 1024));
    expect(answers.filter((status) => status === 200)).toHaveLength(play === 'same' ? 2 * parts : parts);
    expect(answers.filter((status) => status !== 200)).toHaveLength(play === 'same' ? 0 : parts);
    await pod.delete({ graceSeconds: 0 });
  });
});
