import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoCluster, startCluster } from '../../src/demo/cluster/demo-cluster.ts';

/** kubectl is no tool of ours: where it is, it must be content with the stand-in; the product does not need it. */
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

describe.runIf(hasKubectl)('kubectl, where it is installed (the kubectl part)', () => {
  let workDir: string;
  let cluster: DemoCluster;

  beforeAll(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'cluster-kubectl-'));
    cluster = await startCluster({ workDir: join(workDir, 'work') });
    await cluster.addPod({
      namespace: 'prod',
      name: 'shop',
      labels: { app: 'shop' },
      containers: [{ name: 'app', command: ['sh', '-c', 'echo up and running; exec sleep 6000'] }],
    });
    for (const user of ['admin', 'worker', 'exec-get', 'nobody']) {
      writeFileSync(join(workDir, user), cluster.kubeconfig(user), { mode: 0o600 });
    }
  });

  afterAll(async () => {
    await cluster?.stop();
    await rm(workDir, { recursive: true, force: true });
  });

  const kubectl = (user: string, args: string[], stdin = '') =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const child = execFile(
        'kubectl',
        ['-n', 'prod', ...args],
        { env: { ...process.env, KUBECONFIG: join(workDir, user), HOME: workDir }, maxBuffer: 1e9 },
        (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? 255 : 0, stdout, stderr });
        },
      );
      child.stdin?.on('error', () => {});
      child.stdin?.end(stdin);
    });

  it('shows pods as a table, and one as YAML', async () => {
    const table = await kubectl('admin', ['get', 'pods', '-l', 'app=shop']);
    const wide = await kubectl('admin', ['get', 'pods', '-A', '-o', 'wide']);
    const yaml = await kubectl('worker', ['get', 'pod', 'shop', '-o', 'yaml']);

    expect(table.stdout).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\nshop +1\/1 +Running +0 +\d+m?\d*s\n$/);
    expect(wide.stdout).toContain('10.244.0.');
    expect(yaml.stdout).toContain('phase: Running');
  });

  it('runs a command by WebSocket, with stdin, both outputs and the exit code', async () => {
    const script = 'cat; echo problem >&2; exit 7';

    const run = await kubectl('worker', ['exec', '-i', 'shop', '--', 'sh', '-c', script], 'through stdin');

    expect(run.stdout).toBe('through stdin');
    expect(run.stderr).toContain('problem');
    expect(run.code).toBe(7);
    expect(cluster.execs.at(-1)).toMatchObject({
      user: 'worker',
      protocol: 'v5.channel.k8s.io',
      exitCode: 7,
    });
  });

  it('copies a file into a pod and out of it again', async () => {
    const content = 'x'.repeat(3_000_000);
    const [there, back] = [join(workDir, 'there'), join(workDir, 'back')];
    writeFileSync(there, content);

    const into = await kubectl('worker', ['cp', there, 'shop:/tmp/copied', '-c', 'app']);
    const outOf = await kubectl('worker', ['cp', 'shop:/tmp/copied', back, '-c', 'app']);

    expect([into.code, outOf.code]).toEqual([0, 0]);
    expect(spawnSync('cmp', [there, back]).status).toBe(0);
  });

  it('says what is forbidden, and may be asked about it', async () => {
    const refused = await kubectl('nobody', ['get', 'pods']);
    const may = await kubectl('worker', ['auth', 'can-i', 'create', 'pods', '--subresource=exec']);
    const mayNot = await kubectl('exec-get', ['auth', 'can-i', 'create', 'pods', '--subresource=exec']);
    const all = await kubectl('worker', ['auth', 'can-i', '--list']);

    expect(refused.stderr).toContain('Error from server (Forbidden): pods is forbidden: User "nobody"');
    expect([may.stdout, mayNot.stdout]).toEqual(['yes\n', 'no\n']);
    expect(all.stdout).toMatch(/pods\/exec.*\[get create\]/);
  });

  it('follows logs’ past, and deletes a pod', async () => {
    await cluster.addPod({
      namespace: 'prod',
      name: 'doomed',
      containers: [{ name: 'app', command: ['sleep', 'infinity'] }],
    });

    const logs = await kubectl('admin', ['logs', 'shop']);
    const deleted = await kubectl('admin', ['delete', 'pod', 'doomed', '--grace-period=1']);

    expect(logs.stdout).toBe('up and running\n');
    expect(deleted.stdout).toContain('pod "doomed" deleted');
    expect(cluster.pod('prod', 'doomed')).toBeUndefined();
  });
});
