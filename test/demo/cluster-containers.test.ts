import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ClusterMode,
  ClusterSetupError,
  type DemoCluster,
  type DemoPod,
  startCluster,
} from '../../src/demo/cluster/demo-cluster.ts';
import { exitCodeOf, openExec, runExec, stdoutOf, textOf, until } from './cluster-client.ts';

/** What this machine allows; in a Docker container without rights it is 'processes' alone. */
const probeDir = await mkdtemp(join(tmpdir(), 'cluster-probe-'));
const probe = await startCluster({ workDir: probeDir });
const modes: ClusterMode[] = probe.mode === 'namespaces' ? ['namespaces', 'processes'] : ['processes'];
await probe.stop();
await rm(probeDir, { recursive: true, force: true });

const SLEEP = ['sleep', 'infinity'];
const isRoot = process.getuid?.() === 0;

const alive = (pid: number): boolean => {
  try {
    // A zombie is dead.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe.each(modes)('a container in mode %s', (mode) => {
  let workDir: string;
  let cluster: DemoCluster;
  let pod: DemoPod;

  beforeAll(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'cluster-containers-'));
    // Another user's processes have to get to it, where they are no container's.
    chmodSync(workDir, 0o711);
    mkdirSync(join(workDir, 'program'));
    writeFileSync(join(workDir, 'program', 'greeting'), 'hello from outside\n');
    cluster = await startCluster({ workDir, mode, restartDelayMs: 50 });
    pod = await cluster.addPod({
      namespace: 'prod',
      name: 'shop',
      containers: [
        {
          name: 'app',
          command: ['sh', '-c', 'echo "to stdout"; echo "to stderr" >&2; while :; do sleep 1; done'],
          env: { COLOUR: 'blue green' },
          emptyDirs: ['/scratch'],
          mounts: [{ hostPath: join(workDir, 'program'), mountPath: '/program' }],
        },
      ],
    });
  });

  afterAll(async () => {
    await cluster?.stop();
    await rm(workDir, { recursive: true, force: true });
  });

  const run = (...command: string[]) => runExec(cluster, { pod: 'shop', command });
  const sh = (script: string) => run('sh', '-c', script);

  it('has the environment it was given, and nothing of this process’s', async () => {
    const names = stdoutOf(await run('env'))
      .split('\n')
      .map((line) => line.split('=')[0]);

    expect(stdoutOf(await sh('echo "$COLOUR on $HOSTNAME"'))).toBe('blue green on shop\n');
    expect(names).not.toContain('VITEST');
  });

  it('writes stdout and stderr to where its pod can be asked for them', async () => {
    await until(() => pod.stdout('app').includes('to stderr'));

    expect(pod.stdout('app')).toBe('to stdout\nto stderr\n');
  });

  it('sees what is mounted, and cannot change it', async () => {
    expect(stdoutOf(await run('cat', '/program/greeting'))).toBe('hello from outside\n');
    if (mode === 'namespaces') {
      expect(exitCodeOf(await run('touch', '/program/x'))).toBe(1);
    }
  });

  it('shows its files on this machine, and keeps an emptyDir over a restart', async () => {
    const path = '/scratch/kept';
    await run('cp', '/program/greeting', path);
    const before = readFileSync(pod.hostPath('app', path), 'utf8');
    await pod.killContainer('app');

    expect(before).toBe('hello from outside\n');
    expect(stdoutOf(await run('cat', path))).toBe(before);
    expect(readFileSync(pod.hostPath('app', path), 'utf8')).toBe(before);
  });

  it('lists its processes, those of an exec included, and none of others', async () => {
    const exec = openExec(cluster, { pod: 'shop', command: ['sh', '-c', 'echo on; sleep 3333 & wait'] });
    await exec.stdoutHas('on');
    const names = () =>
      pod.hostPids('app').map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' '));
    await until(() => names().some((name) => name.startsWith('sleep 3333')));

    expect(names().some((name) => name.includes('to stdout'))).toBe(true);
    expect(pod.hostPids('app')).not.toContain(process.pid);
    for (const pid of pod.hostPids('app')) {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep\x003333'))
        process.kill(pid, 'SIGKILL');
    }
    await exec.ended;
  });

  it('is over with all its processes when its pid 1 is killed', async () => {
    openExec(cluster, { pod: 'shop', command: ['sh', '-c', 'setsid sleep 4444 & sleep 4444; # orphans'] });
    await until(() => pod.hostPids('app').length >= 4);
    const pids = pod.hostPids('app');
    await pod.killContainer('app');

    await until(() => !pids.some(alive));
    expect(pod.hostPids('app').filter((pid) => pids.includes(pid))).toEqual([]);
  });

  it('is looked for in its own PATH', async () => {
    await cluster.addPod({
      namespace: 'prod',
      name: 'bare',
      containers: [{ name: 'app', command: ['/bin/sleep', 'infinity'], path: '/nothing/here' }],
    });

    const end = await runExec(cluster, { pod: 'bare', command: ['sh'] });

    expect(textOf(end.frames, 3)).toContain('executable file not found in $PATH');
  });

  it.runIf(isRoot)('runs as the user it was given', async () => {
    await cluster.addPod({
      namespace: 'prod',
      name: 'user',
      containers: [{ name: 'app', command: SLEEP, uid: 1234, gid: 4321 }],
    });

    const end = await runExec(cluster, {
      pod: 'user',
      command: ['sh', '-c', 'id -u; id -g; id -G; echo by name > /dev/stdout'],
    });

    expect(stdoutOf(end)).toBe('1234\n4321\n4321\nby name\n');
  });

  it('that cannot be started is said so, and nothing of it stays', async () => {
    const before = await readdir(join(workDir, 'cluster', 'pods'));

    const attempt = cluster.addPod({
      namespace: 'prod',
      name: 'broken',
      containers: [
        { name: 'fine', command: SLEEP },
        { name: 'app', command: ['/no/such/program'] },
      ],
    });

    await expect(attempt).rejects.toBeInstanceOf(ClusterSetupError);
    expect(cluster.pod('prod', 'broken')).toBeUndefined();
    expect(await readdir(join(workDir, 'cluster', 'pods'))).toEqual(before);
  });

  it('of another cluster is left alone when this one stops', async () => {
    const otherDir = await mkdtemp(join(tmpdir(), 'cluster-other-'));
    const other = await startCluster({ workDir: otherDir, mode });
    try {
      const containers = [{ name: 'app', command: SLEEP }];
      const theirs = await other.addPod({ namespace: 'prod', name: 'shop', containers });
      const theirPids = theirs.hostPids('app');
      const ourPids = pod.hostPids('app');
      const exec = openExec(other, { pod: 'shop', command: ['sh', '-c', 'echo on; sleep 600 & wait'] });
      await exec.stdoutHas('on');
      await other.stop();

      expect(theirPids.length).toBeGreaterThan(0);
      expect(theirPids.filter(alive)).toEqual([]);
      expect(pod.hostPids('app')).toEqual(expect.arrayContaining(ourPids.filter(alive)));
      expect(await readdir(otherDir)).toEqual([]);
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(otherDir);
    } finally {
      await other.stop();
      await rm(otherDir, { recursive: true, force: true });
    }
  });

  it('does not outlive the process that made it, even when that is killed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'cluster-killed-'));
    const script = fileURLToPath(new URL('../../src/demo/cluster/demo-cluster.ts', import.meta.url));
    const code = `
      const { startCluster } = await import(${JSON.stringify(script)});
      const cluster = await startCluster({ workDir: ${JSON.stringify(dir)}, mode: ${JSON.stringify(mode)} });
      const pod = await cluster.addPod({ namespace: 'prod', name: 'a', containers: [{ name: 'app', command: ['sleep', '5555'] }] });
      console.log('pids ' + pod.hostPids('app').join(' '));`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      await until(() => said.includes('\n') || child.exitCode !== null);
      const pids = said.trim().split(' ').slice(1).map(Number);
      child.kill('SIGKILL');
      await ended;

      expect(pids.length).toBeGreaterThan(0);
      await until(() => !pids.some(alive));
    } finally {
      child.kill('SIGKILL');
      await ended;
      await rm(dir, { recursive: true, force: true });
    }
  });

  it.runIf(mode === 'processes')('finds just its own processes where the tool is told to look', async () => {
    const end = await sh(
      'for p in "$JMAP_DUMP_PROC"/[0-9]*; do tr "\\0" " " < $p/cmdline; echo; done; ls $JMAP_DUMP_PROC/self/stat',
    );

    expect(stdoutOf(end)).toContain('to stdout');
    expect(stdoutOf(end)).not.toContain('vitest');
    expect(stdoutOf(end)).toContain('/self/stat');
  });

  describe.runIf(mode === 'namespaces')('with namespaces', () => {
    it('is pid 1 of its own processes', async () => {
      const end = await sh('tr "\\0" " " < /proc/1/cmdline; echo; ls -d /proc/[0-9]* | wc -l');

      const [first = '', count] = stdoutOf(end).split('\n');
      expect(first).toContain('to stdout');
      expect(Number(count)).toBeLessThan(10);
    });

    it('has a root of its own, which it may write to, and a read-only /usr', async () => {
      const end = await sh('echo mine > /here && cat /here; touch /usr/here; ls /proc/1/root/tmp');

      expect(stdoutOf(end)).toBe('mine\n');
      expect(textOf(end.frames, 2)).toContain('Read-only file system');
      expect(existsSync('/here')).toBe(false);
      expect(readFileSync(pod.hostPath('app', '/here'), 'utf8')).toBe('mine\n');
    });

    it('starts again with a fresh root', async () => {
      await sh('echo mine > /here');
      await pod.killContainer('app');

      expect(exitCodeOf(await run('cat', '/here'))).toBe(1);
    });

    it('with a read-only root can write to its emptyDir and its memory alone', async () => {
      await cluster.addPod({
        namespace: 'prod',
        name: 'locked',
        containers: [
          {
            name: 'app',
            command: SLEEP,
            uid: 1000,
            readOnlyRoot: true,
            emptyDirs: ['/work'],
            memoryDirs: [{ path: '/memory', sizeBytes: 1024 * 1024 }],
            memoryLimitBytes: 64 * 1024 * 1024,
            hidden: ['/etc/passwd', '/usr/share'],
          },
        ],
      });
      const script = `for d in / /tmp /work /memory; do touch $d/x 2>/dev/null && echo "$d"; done
        head -c 2000000 /dev/zero > /memory/full 2>/dev/null || echo full
        df -P /memory | tail -n 1 | cut -d' ' -f1; ls /usr/share | wc -l; wc -c < /etc/passwd
        cat /sys/fs/cgroup/memory.max; ! [ "$(cat /sys/fs/cgroup/memory.current)" -gt 0 ] || echo used`;

      const end = await runExec(cluster, { pod: 'locked', command: ['sh', '-c', script] });

      expect(stdoutOf(end).split('\n')).toEqual([
        '/work',
        '/memory',
        'full',
        'tmpfs',
        '0',
        '0',
        '67108864',
        'used',
        '',
      ]);
      expect(existsSync(cluster.pod('prod', 'locked')?.hostPath('app', '/memory/full') ?? '')).toBe(true);
    });

    it('can have something mounted below a folder of the image', async () => {
      await cluster.addPod({
        namespace: 'prod',
        name: 'below',
        containers: [
          {
            name: 'app',
            command: SLEEP,
            mounts: [{ hostPath: join(workDir, 'program'), mountPath: '/usr/local/lib/program' }],
          },
        ],
      });

      const command = ['sh', '-c', 'cat /usr/local/lib/program/greeting; ls /usr/bin/env'];
      const end = await runExec(cluster, { pod: 'below', command });

      expect(stdoutOf(end)).toBe('hello from outside\n/usr/bin/env\n');
    });

    it('as root may not look into the processes of other users, as in a pod', async () => {
      await cluster.addPod({
        namespace: 'prod',
        name: 'caps',
        containers: [{ name: 'app', command: ['sh', '-c', 'setpriv --reuid=1234 --clear-groups sleep 600'] }],
      });

      const script =
        'for p in /proc/[0-9]*; do grep -q ^sleep $p/comm && readlink $p/exe; done; grep -h CapEff /proc/self/status /proc/1/status';
      const end = await runExec(cluster, { pod: 'caps', command: ['sh', '-c', script] });

      expect(stdoutOf(end).replace(/\s+/g, ' ')).toBe('CapEff: 00000000a80425fb '.repeat(2));
    });
  });
});
