import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterMode, type DemoCluster, startCluster } from '../../src/demo/cluster/demo-cluster.ts';
import { compileJava } from '../../src/demo/java/compile.ts';
import { ensureTools, type Tools } from '../../src/demo/set-up/debian-tools.ts';
import { podWithCurl, podWithoutCurl } from '../../src/demo/set-up/pod-curl.ts';
import { addLeak } from '../../src/demo/stand-ins.ts';
import { tools } from '../tools.ts';
import { exitCodeOf, runExec, stdoutOf, textOf } from './cluster-client.ts';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));
const probeDir = await mkdtemp(join(tmpdir(), 'curl-probe-'));
const probe = await startCluster({ workDir: probeDir });
const modes: ClusterMode[] = probe.mode === 'namespaces' ? ['namespaces', 'processes'] : ['processes'];
await probe.stop();
await rm(probeDir, { recursive: true, force: true });

const SLEEP = ['sleep', 'infinity'];

describe.each(modes)('curl in a pod, in mode %s', (mode) => {
  let workDir: string;
  let cluster: DemoCluster;
  let server: Server;
  let url: string;
  const received: string[] = [];
  /** As a machine without curl would have it. */
  let unpacked: Tools;

  beforeAll(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'demo-curl-'));
    await chmod(workDir, 0o711);
    unpacked = await ensureTools({ projectDir, ignoreSystem: true, say: () => {} });
    cluster = await startCluster({ workDir, mode });
    server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => received.push(`${request.method} ${chunk}`));
      request.on('end', () => response.end('stored'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    server?.close();
    await cluster?.stop();
    await rm(workDir, { recursive: true, force: true });
  });

  const run = (pod: string, ...command: string[]) => runExec(cluster, { pod, command });
  const upload = async (pod: string) => {
    received.length = 0;
    return await run(pod, 'sh', '-c', `printf %s "$HOSTNAME" | curl -sS -T - ${url}`);
  };

  it('the leaking service of the demo can upload by itself', async () => {
    const classes = await compileJava({
      tools: tools(),
      sources: [join(projectDir, 'src/demo/java/Leak.java')],
      outDir: join(projectDir, '.cache/java'),
    });
    for (const [name, which] of [
      ['own', tools()],
      ['unpacked', { ...tools(), curl: unpacked.curl }],
    ] as const) {
      await addLeak(cluster, which, classes, { namespace: 'prod', name, heapMb: 4 });

      expect(stdoutOf(await upload(name))).toBe('stored');
      expect(received.join()).toBe(`PUT ${name}`);
    }
  });

  it('is Debian’s where the machine has none, and runs with the libraries that came with it', async () => {
    const containers = [
      {
        name: 'app',
        command: SLEEP,
        ...podWithCurl(unpacked.curl),
        hidden: podWithoutCurl().hidden,
        // A pod's user need not be the one that unpacked it. Without namespaces the checkout may be closed to others.
        ...(mode === 'namespaces' ? { uid: 1000 } : {}),
      },
    ];
    await cluster.addPod({ namespace: 'prod', name: 'mounted', containers });

    const loaded = await run(
      'mounted',
      'sh',
      '-c',
      'LD_DEBUG=libs curl --version 2>&1 | grep "calling init:"',
    );

    expect(stdoutOf(await upload('mounted'))).toBe('stored');
    expect(stdoutOf(loaded)).toMatch(/\/curl\/bin\/\.\.\/\S+\/libcurl\.so\.4/);
  });

  it('is missing in a container that is to have none, and in no other way is that one different', async () => {
    const containers = [{ name: 'app', command: SLEEP, ...podWithoutCurl() }];
    await cluster.addPod({ namespace: 'prod', name: 'without', containers });

    const byShell = await run('without', 'sh', '-c', 'command -v curl');
    const byName = await run('without', 'curl', '--version');
    const others = await run('without', 'sh', '-c', 'command -v tar && command -v dd && command -v env');

    expect([exitCodeOf(byShell), stdoutOf(byShell)]).toEqual([127, '']);
    expect(textOf(byName.frames, 3)).toContain('executable file not found in $PATH');
    expect(stdoutOf(others).trim().split('\n')).toHaveLength(3);
  });
});
