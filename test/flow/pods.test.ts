import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { probeNamespaces } from '../../src/demo/cluster/container/namespaces.ts';
import type { DemoPod } from '../../src/demo/cluster/demo-cluster.ts';
import { buildJre } from '../../src/demo/java/compile.ts';
import { tools } from '../tools.ts';
import { startWorld, until, type World } from '../world.ts';
import { ask, idIn, privately, readyOf, resultOf, shown } from './conversation.ts';
import { addPod, cacheDir, javaContainer } from './java-pods.ts';

/** What this machine allows; in a Docker container without rights none of it. */
const probeDir = await mkdtemp(join(tmpdir(), 'heapdump-probe-'));
const rights = await probeNamespaces(probeDir);
await rm(probeDir, { recursive: true, force: true });

describe('pods of all kinds', () => {
  let world: World;
  let pod: DemoPod | undefined;

  beforeAll(async () => {
    world = await startWorld({ heapMb: 4 });
  });
  afterEach(async () => {
    await pod?.delete({ graceSeconds: 0 });
    pod = undefined;
  });
  afterAll(() => world?.stop());

  it('of two containers, none named, the one with the JVM is chosen', async () => {
    pod = await addPod(world, 'with-sidecar', [
      { name: 'proxy', command: ['sleep', '3600'] },
      await javaContainer({ name: 'orders' }),
    ]);
    expect(await cardThenCancel('prod/with-sidecar')).toMatch(/Container +`orders`/);
  });

  it('the annotation for the default container counts, and a named container counts more', async () => {
    pod = await addPod(
      world,
      'annotated',
      [await javaContainer({ name: 'first' }), await javaContainer({ name: 'second' })],
      { annotations: { 'kubectl.kubernetes.io/default-container': 'second' } },
    );
    expect(await cardThenCancel('prod/annotated')).toMatch(/Container +`second`/);
    expect(await cardThenCancel('prod/annotated -c first')).toMatch(/Container +`first`/);
  });

  it('of two JVMs in a container the one with the lowest pid is dumped, and the card names the other', async () => {
    const log = (name: string) => `-Xlog:gc:file=/tmp/${name}.log`;
    pod = await addPod(world, 'two-jvms', [
      await javaContainer({
        wrap: (java) => {
          const [program = '', ...rest] = java;
          const line = (name: string) => [program, log(name), ...rest].join(' ');
          return ['sh', '-c', `${line('low')} & sleep 1; ${line('high')} & wait`, 'Leak'];
        },
      }),
    ]);
    await until(
      () => (pod?.stdout('app').match(/ready/g) ?? []).length === 2,
      110_000,
      () => 'the second JVM is not ready',
    );
    const { id, card } = await ask(world, 'prod/two-jvms');
    const [, chosen] = /JVM +`Leak` \(pid (\d+)\)/.exec(shown(card)) ?? [];
    const [, other] = /1 more Java process runs.*about pid \d+\. Leak \(pid (\d+)\)/.exec(shown(card)) ?? [];
    expect(Number(other), shown(card)).toBeGreaterThan(Number(chosen));

    await world.press('Approve', card, world.cast.reviewer);
    await readyOf(world, id);
    const dumps = (name: string) =>
      readFileSync(found(pod).hostPath('app', `/tmp/${name}.log`), 'utf8').match(
        /Heap Dump Initiated GC\) \d/g,
      );
    expect(dumps('low')).toHaveLength(1);
    expect(dumps('high')).toBeNull();
  });

  it('a JVM that forbids attaching is named before anybody is asked', async () => {
    pod = await addPod(world, 'no-attach', [await javaContainer({ flags: ['-XX:+DisableAttachMechanism'] })]);
    const refused = await refusalOf('prod/no-attach');
    expect(refused).toContain('The JVM forbids attaching (-XX:+DisableAttachMechanism).');
    expect(refused).toContain('Remove that flag and restart the pod.');
    expect(await world.leftInPod(pod)).toEqual([]);
  });

  it.runIf(rights === 'privileged')('a JVM of another user than exec’s is dumped by root', async () => {
    pod = await addPod(world, 'own-user', [
      await javaContainer({
        wrap: (java) => ['/usr/bin/setpriv', '--reuid=1234', '--regid=1234', '--clear-groups', ...java],
      }),
    ]);
    await dumpOf('prod/own-user');
    expect(await world.leftInPod(pod)).toEqual([]);
  });

  describe.runIf(rights !== undefined)('with a file system of their own', () => {
    it('a runtime without tools fails with the remedy, and Retry looks again', async () => {
      const javaHome = await buildJre({ tools: tools(), outDir: cacheDir, modules: ['java.base'] });
      pod = await addPod(world, 'jre-only', [
        await javaContainer({
          javaHome,
          // This machine's own: the containers share its /usr.
          hidden: ['jcmd', 'jmap', 'jps', 'jattach'].map((name) => `/usr/bin/${name}`).concat('/usr/lib/jvm'),
        }),
      ]);
      const { developer } = world.cast;
      const refused = await privately(world, developer, () => world.type('prod/jre-only'), /failed/);
      expect(shown(refused)).toContain('The container has none of jcmd, jmap and jattach.');
      expect(shown(refused)).toContain('Use a JDK image, or add the small `jattach` package');
      const again = await privately(
        world,
        developer,
        () => world.press('Retry', refused, developer),
        /none of jcmd/,
      );
      expect(idIn(again)).not.toBe(idIn(refused));
    });

    it('a read-only root with an emptyDir on /tmp and a user without rights is dumped', async () => {
      pod = await addPod(world, 'hardened', [
        await javaContainer({ uid: 1000, gid: 1000, readOnlyRoot: true, emptyDirs: ['/tmp'] }),
      ]);
      await dumpOf('prod/hardened');
      expect(await world.leftInPod(pod)).toEqual([]);
    });

    it('a read-only root and nothing else is named, with the remedy', async () => {
      pod = await addPod(world, 'read-only', [await javaContainer({ readOnlyRoot: true })]);
      const refused = await refusalOf('prod/read-only');
      expect(refused).toContain('The JVM cannot be attached to: its /tmp is read-only.');
      expect(refused).toContain('Mount an emptyDir on /tmp and restart the pod.');
    });

    it('a read-only root and a user without rights is named, too', async () => {
      pod = await addPod(world, 'read-only-user', [
        await javaContainer({ readOnlyRoot: true, uid: 1000, gid: 1000 }),
      ]);
      expect(await refusalOf('prod/read-only-user')).toContain('its /tmp is read-only');
    });

    it('memory alone to write to is no room where the container’s limit leaves none', async () => {
      pod = await addPod(world, 'memory-only', [
        await javaContainer({
          readOnlyRoot: true,
          memoryDirs: [{ path: '/tmp', sizeBytes: 512 * 1024 * 1024 }],
          // Less than a JVM has when it has begun; the stand-in does not enforce it.
          memoryLimitBytes: 16 * 1024 * 1024,
        }),
      ]);
      const refused = await refusalOf('prod/memory-only');
      expect(refused).toContain('No directory in the container can hold the dump.');
      expect(refused).toContain('only memory file systems are writable');
      expect(refused).toContain('Mount an emptyDir');
    });

    it('a container without a shell is named', async () => {
      pod = await addPod(world, 'distroless', [
        await javaContainer({ hidden: ['/usr/bin/sh', '/bin/sh'].filter((path) => existsSync(path)) }),
      ]);
      const refused = await refusalOf('prod/distroless');
      expect(refused).toContain('The container has no shell, so the dump tool cannot run in it.');
      expect(refused).toContain('Use an image with `sh` and the basic tools');
    });

    it('so is one in which nothing is found by name', async () => {
      pod = await addPod(world, 'no-path', [await javaContainer({ path: '' })]);
      expect(await refusalOf('prod/no-path')).toContain('The container has no shell');
    });
  });

  async function cardThenCancel(text: string): Promise<string> {
    const { id, card } = await ask(world, text);
    await world.press('Cancel', card, world.cast.developer);
    await resultOf(world, id);
    return shown(card);
  }

  async function refusalOf(text: string): Promise<string> {
    const { developer } = world.cast;
    const refused = await privately(world, developer, () => world.type(text), /failed/);
    expect(await world.requests.get(idIn(refused))).toMatchObject({ state: 'failed' });
    expect(shown(refused)).toContain('The application was not touched.');
    expect(shown(refused)).toContain('[Retry]');
    return shown(refused);
  }

  async function dumpOf(text: string): Promise<void> {
    const { id, card } = await ask(world, text);
    await world.press('Approve', card, world.cast.reviewer);
    await readyOf(world, id);
    expect(world.dumpsTaken(found(pod))).toBe(1);
  }
});

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}
