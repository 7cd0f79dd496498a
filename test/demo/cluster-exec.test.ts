import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoCluster, type DemoPod, startCluster } from '../../src/demo/cluster/demo-cluster.ts';
import {
  callApi,
  execUrl,
  exitCodeOf,
  openExec,
  runExec,
  statusOf,
  stdoutOf,
  textOf,
  until,
} from './cluster-client.ts';

const V4 = ['v4.channel.k8s.io'];
const MIB = 1024 * 1024;

let workDir: string;
let cluster: DemoCluster;
let pod: DemoPod;

beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'cluster-exec-'));
  cluster = await startCluster({ workDir, restartDelayMs: 300 });
  pod = await cluster.addPod({
    namespace: 'prod',
    name: 'shop',
    containers: [{ name: 'app', command: ['sleep', 'infinity'] }],
  });
});

afterAll(async () => {
  expect(cluster.faults.unused()).toEqual([]);
  await cluster?.stop();
  await rm(workDir, { recursive: true, force: true });
});

const sh = (script: string, more: Partial<Parameters<typeof openExec>[1]> = {}) => ({
  pod: 'shop',
  command: ['sh', '-c', script],
  ...more,
});
const recorded = (mark: string) =>
  cluster.execs.find(({ command }) => command.some((word) => word.includes(mark)));
const isAlive = async (pid: string) =>
  exitCodeOf(await runExec(cluster, sh(`kill -0 ${pid} 2>/dev/null`))) === 0;

describe('the subprotocol of an exec', () => {
  it.each([
    [['v5.channel.k8s.io', 'v4.channel.k8s.io'], 'v5.channel.k8s.io'],
    [['v4.channel.k8s.io', 'v5.channel.k8s.io'], 'v5.channel.k8s.io'],
    [['junk', 'v4.channel.k8s.io'], 'v4.channel.k8s.io'],
  ])('is the server’s preference: %j gives %s', async (protocols, chosen) => {
    const end = await runExec(cluster, sh('true', { protocols }));

    expect(end.protocol).toBe(chosen);
  });

  it('without v4 or v5 brings the output but never a status', async () => {
    const end = await runExec(cluster, sh('echo hello', { protocols: ['channel.k8s.io'] }));

    expect(stdoutOf(end)).toBe('hello\n');
    expect(statusOf(end)).toBeUndefined();
    expect(end.close?.code).toBe(1000);
  });

  it('in base64 comes as text with a digit for the channel', async () => {
    const protocols = ['v4.base64.channel.k8s.io'];
    const end = await runExec(cluster, sh('echo hello', { protocols }));

    const messages = end.frames.map(({ channel, bytes }) => [
      String.fromCharCode(channel),
      Buffer.from(bytes.toString(), 'base64').toString(),
    ]);
    expect(messages).toEqual([
      ['1', ''],
      ['1', 'hello\n'],
      ['3', '{"metadata":{},"status":"Success"}'],
    ]);
  });

  it('is empty in the answer when nothing was offered, which ws refuses', async () => {
    const end = await runExec(cluster, sh('true', { protocols: [] }));

    expect(end.error?.message).toContain('subprotocol but none was requested');
  });
});

describe('the data of an exec', () => {
  it('comes in frames of 32 KiB and arrives whole', async () => {
    const size = 64 * MIB;
    const exec = openExec(cluster, sh(`dd if=/dev/zero bs=1M count=64 2>/dev/null`));

    const end = await exec.ended;

    const lengths = end.frames.filter(({ channel }) => channel === 1).map(({ bytes }) => bytes.length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(size);
    expect(Math.max(...lengths)).toBe(32_768);
    expect(lengths.filter((length) => length === 32_768).length).toBeGreaterThan(lengths.length / 2);
    expect(exitCodeOf(end)).toBe(0);
  });

  it('waits in the pod while the client does not read, and memory does not grow', async () => {
    const exec = openExec(
      cluster,
      sh('dd if=/dev/zero bs=1M count=512 2>/dev/null; echo written >&2; exit 0'),
    );
    let received = 0;
    exec.ws.on('message', (message: Buffer) => {
      received += message.length - 1;
      exec.frames.length = 0;
    });
    await exec.upgraded;
    exec.ws.pause();
    const sent = () => cluster.execs.at(-1)?.stdoutBytes ?? 0;
    await standsStill(sent);

    // What the kernel's buffers of both ends hold, and our megabyte; far from the 512 that want to come.
    expect(sent()).toBeLessThan(64 * MIB);
    expect(recorded('echo written')?.ended).toBeUndefined();
    exec.ws.resume();
    await exec.ended;
    expect(received).toBeGreaterThan(512 * MIB);
  });

  it('goes to the command through a real pipe, which can be opened by name', async () => {
    const exec = openExec(cluster, sh('cat /dev/stdin | tee /dev/stderr', { stdin: true }));
    await exec.upgraded;
    exec.stdin('by name');
    exec.ws.send(Buffer.of(255, 0));

    const end = await exec.ended;

    expect(textOf(end.frames, 2)).toBe('by name');
  });

  it('waits at the client while the command does not read its stdin', async () => {
    const exec = openExec(cluster, sh('exec sleep 3600', { stdin: true, protocols: V4 }));
    await exec.upgraded;
    const chunk = Buffer.alloc(MIB, 'x');
    for (let sent = 0; sent < 64; sent += 1) exec.stdin(chunk);
    await standsStill(() => exec.ws.bufferedAmount);
    const taken = recorded('exec sleep 3600')?.stdinBytes ?? 0;
    exec.ws.terminate();

    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(32 * MIB);
  });

  it('is drained to its end when the client reads it slowly and the command is long over', async () => {
    const exec = openExec(cluster, sh('dd if=/dev/zero bs=1M count=4 2>/dev/null'));
    await exec.upgraded;
    exec.ws.pause();
    await standsStill(() => cluster.execs.at(-1)?.stdoutBytes ?? 0);
    exec.ws.resume();

    const end = await exec.ended;

    expect(stdoutOf(end).length).toBe(4 * MIB);
    expect(end.close?.code).toBe(1000);
  });

  it('is answered with pongs while a command runs', async () => {
    const exec = openExec(cluster, sh('read x', { stdin: true }));
    await exec.upgraded;
    const pong = new Promise<string>((resolve) => exec.ws.once('pong', (payload) => resolve(`${payload}`)));
    exec.ws.ping('are you there');

    expect(await pong).toBe('are you there');
    exec.stdin('\n');
    await exec.ended;
  });
});

describe('what becomes of a command whose client goes away', () => {
  const start = async (script: string, protocols?: string[], stdin = false) => {
    const exec = openExec(cluster, sh(`echo $$; ${script}`, { stdin, ...(protocols && { protocols }) }));
    await exec.stdoutHas('\n');
    return { exec, pid: textOf(exec.frames, 1).split('\n')[0] ?? '' };
  };

  it('v5: it lives on, and its writes succeed', async () => {
    const { exec, pid } = await start('trap "" PIPE; sleep 1; echo late && echo ok > /tmp/v5-late');
    exec.ws.terminate();

    await until(() => recorded('v5-late')?.ended === true);
    const end = await runExec(cluster, sh('cat /tmp/v5-late'));
    expect(stdoutOf(end)).toBe('ok\n');
    expect(await isAlive(pid)).toBe(false);
  });

  it('v5: a close frame does not end it either, but its stdin does end', async () => {
    const { exec } = await start('cat; echo eof > /tmp/v5-eof', undefined, true);
    exec.ws.close(1000);

    await until(() => recorded('v5-eof')?.ended === true);
    expect(stdoutOf(await runExec(cluster, sh('cat /tmp/v5-eof')))).toBe('eof\n');
  });

  it('v4: without a close frame the command is killed, its children live on', async () => {
    const { exec, pid } = await start('sleep 77 & echo child $!; wait; # v4-killed', V4);
    await exec.stdoutHas('child');
    const child = /child (\d+)/.exec(textOf(exec.frames, 1))?.[1] ?? '';
    exec.ws.terminate();

    await untilDead(pid);
    expect(await isAlive(child)).toBe(true);
    await runExec(cluster, sh(`kill -9 ${child}`));
  });

  it('v4: with a close frame it gets the end of stdin and runs to its end', async () => {
    const { exec } = await start('cat; echo done > /tmp/v4-closed', V4, true);
    exec.ws.close(1000);

    await until(() => recorded('v4-closed')?.ended === true);
    expect(stdoutOf(await runExec(cluster, sh('cat /tmp/v4-closed')))).toBe('done\n');
  });

  it('one that writes without end is stuck when the cluster is told so, and can be killed by its pid', async () => {
    cluster.faults.nextExec({ kind: 'stuck-when-gone' });
    const { exec, pid } = await start('exec cat /dev/zero');
    exec.ws.terminate();
    await until(() => recorded('exec cat /dev/zero')?.closeCode === 1006);
    const writer = pod.hostPids('app').find((hostPid) => fileOf(hostPid, 'cmdline').startsWith('cat\0'));
    await standsStill(() => Number(/^wchar: (\d+)/m.exec(fileOf(writer ?? 0, 'io'))?.[1]));

    expect(await isAlive(pid)).toBe(true);
    await runExec(cluster, sh(`kill -9 ${pid}`));
    await until(() => recorded('exec cat /dev/zero')?.ended === true);
  });

  const untilDead = async (pid: string) => {
    while (await isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
});

describe('how an exec ends', () => {
  it.each([
    ['kill -15 $$', 143],
    ['exit 200', 200],
    ['nosuchcommand', 127],
  ])('%s is exit code %i', async (script, code) => {
    expect(exitCodeOf(await runExec(cluster, sh(script)))).toBe(code);
  });

  it.each([
    [['/etc/passwd'], 'permission denied'],
    [['/tmp'], 'permission denied'],
    [['/no/such/file'], 'no such file or directory'],
    [[], 'args must not be empty'],
  ])('%j is an internal error without an exit code', async (command, problem) => {
    const end = await runExec(cluster, { pod: 'shop', command });

    expect(statusOf(end)?.reason).toBe('InternalError');
    expect(statusOf(end)?.message).toMatch(new RegExp(`${problem}$`));
    expect(exitCodeOf(end)).toBeUndefined();
    expect(end.close?.code).toBe(1000);
  });

  it('one argument of 131,071 bytes works, one more byte looks like the command’s own failure', async () => {
    const longest = 'x'.repeat(131_071);
    const works = await runExec(cluster, { pod: 'shop', command: ['echo', longest] });
    const fails = await runExec(cluster, { pod: 'shop', command: ['echo', `${longest}x`] });

    expect(exitCodeOf(works)).toBe(0);
    expect(stdoutOf(works)).toBe(`${longest}\n`);
    expect(exitCodeOf(fails)).toBe(1);
    expect(textOf(fails.frames, 2)).toContain('argument list too long');
  });

  it('a request of a megabyte is let through, a longer one gets 431 and a text', async () => {
    const words = (bytes: number) => Array.from({ length: 20 }, () => 'x'.repeat(bytes / 20));
    const works = await runExec(cluster, { pod: 'shop', command: ['true', ...words(1_000_000)] });
    const refused = await runExec(cluster, { pod: 'shop', command: ['true', ...words(1_100_000)] });

    expect(exitCodeOf(works)).toBe(0);
    expect(refused.refused).toMatchObject({ status: 431, body: '431 Request Header Fields Too Large' });
  });

  it('an exec that wants no stream at all gets 400 and a text', async () => {
    const end = await runExec(cluster, { pod: 'shop', command: ['true'], stdout: false, stderr: false });

    expect(end.refused).toMatchObject({
      status: 400,
      body: 'you must specify at least 1 of stdin, stdout, stderr',
    });
  });

  it('a client that speaks SPDY only is told that an upgrade is required', async () => {
    const path = execUrl(cluster, { pod: 'shop', command: ['true'] }).replace(cluster.url, '');
    const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };

    const answer = await callApi(cluster, { method: 'POST', path, headers });

    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ reason: 'BadRequest', message: 'Upgrade request required' });
  });
});

describe('a container that dies under an exec', () => {
  it('ends it with 137, refuses the next for a moment, and comes back with a higher restart count', async () => {
    const exec = openExec(cluster, sh('echo started; sleep 60'));
    await exec.stdoutHas('started');
    const restarted = pod.killContainer('app');

    const end = await exec.ended;
    const between = await runExec(cluster, sh('true'));
    await restarted;
    const afterwards = await runExec(cluster, sh('echo back'));

    expect(exitCodeOf(end)).toBe(137);
    expect(end.close?.code).toBe(1000);
    expect(statusOf(between)?.message).toContain('container is in CONTAINER_EXITED state');
    expect(stdoutOf(afterwards)).toBe('back\n');
    const { body } = await callApi(cluster, { path: '/api/v1/namespaces/prod/pods/shop' });
    expect(body).toMatchObject({
      status: {
        containerStatuses: [
          { restartCount: 1, lastState: { terminated: { exitCode: 137, reason: 'Error' } } },
        ],
      },
    });
  });

  it('lets commands run and new ones come through the grace of a delete, then ends them with 137', async () => {
    const doomed = await cluster.addPod({
      namespace: 'prod',
      name: 'doomed',
      containers: [{ name: 'app', command: ['sh', '-c', 'trap "" TERM; sleep 600'] }],
    });
    const exec = openExec(cluster, { pod: 'doomed', command: ['sleep', '60'] });
    await exec.upgraded;
    const gone = doomed.delete({ graceSeconds: 2 });

    const meanwhile = await runExec(cluster, { pod: 'doomed', command: ['echo', 'still here'] });
    const { body } = await callApi(cluster, { path: '/api/v1/namespaces/prod/pods/doomed' });
    const end = await exec.ended;
    await gone;

    expect(stdoutOf(meanwhile)).toBe('still here\n');
    expect(body).toMatchObject({
      metadata: { deletionTimestamp: expect.any(String), deletionGracePeriodSeconds: 2 },
    });
    expect(exitCodeOf(end)).toBe(137);
    const afterwards = await runExec(cluster, { pod: 'doomed', command: ['true'] });
    expect(afterwards.refused?.status).toBe(404);
  });
});

const fileOf = (pid: number, name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');

/** Resolves when a number has not changed for a while. */
const standsStill = async (read: () => number): Promise<void> => {
  for (let same = 0, last = -1; same < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    same = read() === last && last > 0 ? same + 1 : 0;
    last = read();
  }
};
