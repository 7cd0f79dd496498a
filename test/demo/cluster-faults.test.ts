import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { commandIncludes, type DemoCluster, startCluster } from '../../src/demo/cluster/demo-cluster.ts';
import { callApi, exitCodeOf, openExec, runExec, statusOf, stdoutOf, until } from './cluster-client.ts';

const MIB = 1024 * 1024;
const COUNT_UP = 'i=0; while [ $i -lt 200000 ]; do echo "line $i"; i=$((i+1)); done';

let workDir: string;
let cluster: DemoCluster;

beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'cluster-faults-'));
  cluster = await startCluster({ workDir, restartDelayMs: 50 });
  await cluster.addPod({
    namespace: 'prod',
    name: 'shop',
    containers: [{ name: 'app', command: ['sleep', 'infinity'] }],
  });
});

afterEach(() => {
  const unused = cluster.faults.unused();
  cluster.faults.clear();
  expect(unused).toEqual([]);
});

afterAll(async () => {
  await cluster?.stop();
  await rm(workDir, { recursive: true, force: true });
});

const sh = (script: string, more: Partial<Parameters<typeof openExec>[1]> = {}) => ({
  pod: 'shop',
  command: ['sh', '-c', script],
  ...more,
});
/** What `COUNT_UP` says, up to a number of bytes. */
const counted = (bytes: number) => {
  let text = '';
  for (let line = 0; text.length < bytes; line += 1) text += `line ${line}\n`;
  return text.slice(0, bytes);
};

describe('a fault of an exec, on demand', () => {
  it.each([0, 1, 100_000])(
    'cuts the connection after exactly %i bytes, without a status',
    async (afterBytes) => {
      cluster.faults.nextExec({ kind: 'cut', afterBytes });

      const end = await runExec(cluster, sh(COUNT_UP));

      expect(stdoutOf(end)).toBe(counted(afterBytes));
      expect(statusOf(end)).toBeUndefined();
      expect(end.close?.code).toBe(1006);
    },
  );

  it('cuts it between the last byte and the status', async () => {
    cluster.faults.nextExec({ kind: 'cut-before-status' });

    const end = await runExec(cluster, sh('dd if=/dev/zero bs=1M count=3 2>/dev/null'));

    expect(stdoutOf(end).length).toBe(3 * MIB);
    expect(statusOf(end)).toBeUndefined();
    expect(end.close?.code).toBe(1006);
  });

  it('falls silent: no bytes, no pong, no close, while the command is still there', async () => {
    cluster.faults.nextExec({ kind: 'silence', afterBytes: 5 });
    const exec = openExec(cluster, sh('printf "hello you"; sleep 60'));
    await exec.stdoutHas('hello');
    let heard = 0;
    for (const event of ['message', 'pong', 'close'] as const) exec.ws.on(event, () => (heard += 1));
    exec.ws.ping();
    expect(exec.ws.readyState).toBe(exec.ws.OPEN);
    // Not even a close frame is answered.
    exec.ws.close(1000);

    // Another exec goes there and back in the meantime, more than once.
    for (let i = 0; i < 5; i += 1) await runExec(cluster, sh('true'));

    expect(heard).toBe(0);
    expect(stdoutOf({ frames: exec.frames })).toBe('hello');
    expect(cluster.execs.find(({ command }) => command[2]?.includes('hello you'))?.ended).toBeUndefined();
    exec.ws.terminate();
  });

  it.each([1, 100_000, 2 * MIB])('loses the last %i bytes and says Success', async (bytes) => {
    cluster.faults.nextExec({ kind: 'lose-tail', bytes });

    const end = await runExec(cluster, sh(COUNT_UP));

    const whole = counted(2_288_890);
    expect(stdoutOf(end)).toBe(whole.slice(0, whole.length - bytes));
    expect(exitCodeOf(end)).toBe(0);
    expect(end.close?.code).toBe(1000);
  });

  it('says Success too early, while the command goes on to its end', async () => {
    cluster.faults.nextExec({ kind: 'early-success', afterBytes: 6 });

    const end = await runExec(cluster, sh('echo first; read x; echo second > /tmp/early', { stdin: true }));

    expect(stdoutOf(end)).toBe('first\n');
    expect(exitCodeOf(end)).toBe(0);
    const of = () => cluster.execs.find(({ command }) => command[2]?.includes('/tmp/early'));
    await until(() => of()?.ended === true);
    expect(stdoutOf(await runExec(cluster, sh('cat /tmp/early')))).toBe('second\n');
  });

  it('refuses the upgrade with the status of choice, and starts nothing', async () => {
    cluster.faults.nextExec({ kind: 'refuse', status: 503, reason: 'ServiceUnavailable' });
    const before = cluster.execs.length;

    const end = await runExec(cluster, sh('true'));

    expect(end.refused?.status).toBe(503);
    expect(JSON.parse(end.refused?.body ?? '')).toMatchObject({
      kind: 'Status',
      reason: 'ServiceUnavailable',
    });
    expect(cluster.execs.length).toBe(before);
  });

  it('starts the command late, and keeps what was sent to it meanwhile', async () => {
    cluster.faults.nextExec({ kind: 'slow-start', delayMs: 200 });
    const exec = openExec(cluster, sh('read line; echo "got $line"', { stdin: true }));
    await exec.upgraded;
    const sentAt = performance.now();
    exec.stdin('early\n');

    const end = await exec.ended;

    expect(stdoutOf(end)).toBe('got early\n');
    expect(performance.now() - sentAt).toBeGreaterThan(150);
  });

  it('kills the exec’s own process with a signal', async () => {
    cluster.faults.nextExec({ kind: 'kill', signal: 'SIGTERM', afterBytes: 3 });

    const end = await runExec(cluster, sh('echo on; sleep 60 & wait'));

    expect(exitCodeOf(end)).toBe(143);
    await runExec(cluster, sh('pkill sleep -f "sleep 60"'));
  });

  it('ends the container under the exec: 137, and a restart', async () => {
    cluster.faults.nextExec({ kind: 'container-end', afterBytes: 3 });

    const end = await runExec(cluster, sh('echo on; exec sleep 60'));

    expect(exitCodeOf(end)).toBe(137);
    const restarts = async () => {
      const { body } = await callApi(cluster, { path: '/api/v1/namespaces/prod/pods/shop' });
      const [status] = (body as { status: { containerStatuses: { ready: boolean; restartCount: number }[] } })
        .status.containerStatuses;
      return status?.ready ? status.restartCount : 0;
    };
    while ((await restarts()) < 1) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(exitCodeOf(await runExec(cluster, sh('true')))).toBe(0);
  });
});

describe('faults', () => {
  it('are used once, by the first exec that the predicate lets through', async () => {
    cluster.faults.nextExec({ kind: 'cut-before-status' }, commandIncludes('second'));

    const codes = [];
    for (const word of ['first', 'second', 'second']) {
      codes.push((await runExec(cluster, { pod: 'shop', command: ['echo', word] })).close?.code);
    }

    expect(codes).toEqual([1000, 1006, 1000]);
  });

  it('that were not used can be asked for', () => {
    const fault = { kind: 'cut', afterBytes: 1 } as const;
    cluster.faults.nextExec(fault, () => false);
    cluster.faults.nextRequest({ status: 500 }, () => false);

    expect(cluster.faults.unused()).toEqual([fault, { status: 500 }]);
    cluster.faults.clear();
    expect(cluster.faults.unused()).toEqual([]);
  });

  it('can be the answer to a plain request', async () => {
    cluster.faults.nextRequest(
      { status: 429, reason: 'TooManyRequests', message: 'slow down', retryAfterSeconds: 2 },
      ({ path }) => path.endsWith('/pods/shop'),
    );
    const other = await callApi(cluster, { path: '/api/v1/namespaces' });
    const hit = await callApi(cluster, { path: '/api/v1/namespaces/prod/pods/shop' });
    const again = await callApi(cluster, { path: '/api/v1/namespaces/prod/pods/shop' });

    expect([other.status, hit.status, again.status]).toEqual([200, 429, 200]);
    expect(hit.headers['retry-after']).toBe('2');
    expect(hit.body).toMatchObject({ reason: 'TooManyRequests', message: 'slow down' });
  });

  it('the API server can die: connections break with 1006 and new ones are refused until it is back', async () => {
    const v5 = openExec(cluster, sh('echo v5; sleep 1; echo done > /tmp/api-v5'));
    const v4 = openExec(cluster, sh('echo $$; exec sleep 600', { protocols: ['v4.channel.k8s.io'] }));
    await Promise.all([v5.stdoutHas('\n'), v4.stdoutHas('\n')]);
    const back = cluster.faults.apiServerDown(300);

    const ends = await Promise.all([v5.ended, v4.ended]);
    const refused = await callApi(cluster, { path: '/version' }).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    await back;

    expect(ends.map(({ close }) => close?.code)).toEqual([1006, 1006]);
    expect(refused).toBe('ECONNREFUSED');
    // The command of the v5 exec lived on, that of the v4 exec was killed.
    await until(() => cluster.execs.slice(-2).every(({ ended }) => ended === true));
    expect(stdoutOf(await runExec(cluster, sh('cat /tmp/api-v5')))).toBe('done\n');
    expect(cluster.execs.find(({ command }) => command[2]?.includes('exec sleep 600'))?.exitCode).toBe(137);
  });
});
