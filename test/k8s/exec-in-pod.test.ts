/** Exec on the stand-in cluster, where commands are real processes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  commandIncludes,
  type DemoCluster,
  type DemoPod,
  startCluster,
} from '../../src/demo/cluster/demo-cluster.ts';
import { type Cluster, connectCluster } from '../../src/k8s/client.ts';
import { ExecError, type ExecOptions, exec, openExec } from '../../src/k8s/exec.ts';
import { getPod } from '../../src/k8s/pods.ts';

const TARGET = { namespace: 'prod', pod: 'web', container: 'app' };
const MIB = 1024 * 1024;

let workDir: string;
let standIn: DemoCluster;
let pod: DemoPod;
let cluster: Cluster;

beforeAll(async () => {
  workDir = mkdtempSync(join(tmpdir(), 'exec-in-pod-'));
  standIn = await startCluster({ workDir });
  pod = await standIn.addPod({
    namespace: 'prod',
    name: 'web',
    containers: [{ name: 'app', command: ['sleep', '3600'], emptyDirs: ['/data'] }],
  });
  cluster = connectCluster({ kubeconfig: standIn.kubeconfig('worker') });
});
afterAll(async () => {
  await standIn?.stop();
  rmSync(workDir, { recursive: true, force: true });
});
beforeEach(() => {
  expect(standIn.faults.unused()).toEqual([]);
});

const failureOf = async (promise: Promise<unknown>): Promise<ExecError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ExecError)) throw new Error(`Not an ExecError: ${String(error)}`, { cause: error });
  return error;
};

/** Until it is so; the test's own timeout is the limit. */
const until = async (check: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await check())) await delay(20);
};

const fileHas = async (path: string): Promise<string> =>
  (
    await exec(cluster, TARGET, { argv: ['sh', '-c', 'cat "$1" 2>/dev/null; :', 'sh', path] })
  ).stdout?.toString() ?? '';

describe.each(['v4', 'v5'] as const)('a command in a pod, over %s', (subprotocol) => {
  const run = (argv: string[], options: Partial<ExecOptions> = {}) =>
    exec(cluster, TARGET, { argv, subprotocol, timeoutMs: 90_000, ...options });

  it('gets its arguments untouched and gives both streams and its exit code', async () => {
    const words = ['a b', '$(reboot)', "'; exit 9 #", '-n', 'ü\n', ''];
    const script = 'for word do printf "<%s>" "$word"; done; echo err >&2; exit 7';
    const result = await run(['sh', '-c', script, 'sh', ...words]);
    expect(result).toMatchObject({ exitCode: 7, signal: undefined, stderr: 'err\n', protocol: subprotocol });
    expect(result.stdout?.toString()).toBe(words.map((word) => `<${word}>`).join(''));
  });

  it('that is killed by a signal tells which', async () => {
    expect(await run(['sh', '-c', 'kill -15 $$'])).toMatchObject({ exitCode: 143, signal: 15 });
  });

  it('that does not exist cannot start', async () => {
    const error = await failureOf(run(['no-such-program']));
    expect(error).toMatchObject({ code: 'cannot-start', reason: 'no-such-file', retryable: false });
  });

  it('that may not be executed cannot start', async () => {
    const error = await failureOf(run(['/data']));
    expect(error).toMatchObject({ code: 'cannot-start', reason: 'not-executable' });
  });

  it('sees exactly the announced bytes of stdin and then its end', async () => {
    const stdin = Buffer.alloc(3 * MIB + 17, 'heap');
    const result = await run(['sh', '-c', 'wc -c; echo ended'], { stdin, stdinSizeBytes: stdin.length });
    expect(result.stdout?.toString().replace(/ /g, '')).toBe(`${stdin.length}\nended\n`);
  });

  it('that waits for an acknowledgement gets it after its last byte', async () => {
    const script = 'head -c 20000000 /dev/zero; read -r word; [ "$word" = ok ]';
    let bytes = 0;
    const result = await run(['sh', '-c', script], {
      keepStdinOpen: true,
      onStdout: async (chunk, session) => {
        bytes += chunk.length;
        if (bytes === 20_000_000) await session.write('ok\n');
      },
    });
    expect(result).toMatchObject({ exitCode: 0, stdoutBytes: 20_000_000 });
  });

  it('is read into the same memory again and again: a gigabyte leaves no garbage', async () => {
    const memories = new Set<ArrayBufferLike>();
    await run(['head', '-c', '20000000', '/dev/zero'], {
      onStdout: (chunk) => {
        if (chunk.length > 1000) memories.add(chunk.buffer);
      },
    });
    expect(memories.size).toBe(1);
  });

  it('leaves to a slow sink what it is still reading', async () => {
    const lines = 300_000;
    const hash = createHash('sha256');
    let chunks = 0;
    await run(['seq', '1', `${lines}`], {
      onStdout: async (chunk) => {
        if (chunks++ % 3 === 0) await delay(3);
        hash.update(chunk);
      },
    });
    const all = Array.from({ length: lines }, (_, at) => `${at + 1}\n`).join('');
    expect(hash.digest('hex')).toBe(createHash('sha256').update(all).digest('hex'));
  });

  it('whose connection is cut is broken, with what came until then', async () => {
    standIn.faults.nextExec({ kind: 'cut', afterBytes: 1_000_000 });
    let bytes = 0;
    const error = await failureOf(
      run(['head', '-c', '9000000', '/dev/zero'], {
        onStdout: (chunk) => {
          bytes += chunk.length;
        },
      }),
    );
    expect(error).toMatchObject({ code: 'broken', retryable: true });
    expect(bytes).toBeLessThanOrEqual(1_000_000);
  });

  it('whose status is lost is broken, though all of its output came', async () => {
    standIn.faults.nextExec({ kind: 'cut-before-status' });
    expect((await failureOf(run(['echo', 'all']))).code).toBe('broken');
  });

  it('from which nothing comes any more is silent', async () => {
    standIn.faults.nextExec({ kind: 'silence', afterBytes: 2 });
    const error = await failureOf(run(['sh', '-c', 'echo 1; sleep 300'], { silenceMs: 300 }));
    expect(error).toMatchObject({ code: 'silent', retryable: true });
  });

  it('in a container that ends looks killed, and the pod tells that it restarted', async () => {
    const before = await getPod(cluster, TARGET);
    standIn.faults.nextExec({ kind: 'container-end', afterBytes: 2 });
    const result = await run(['sh', '-c', 'echo 1; sleep 300']);
    expect(result).toMatchObject({ exitCode: 137, signal: 9 });
    // The end of the command may be told before the cluster has noticed that of the container.
    const restarts = (before.containers[0]?.restartCount ?? 0) + 1;
    await until(async () => {
      const [app] = (await getPod(cluster, TARGET)).containers;
      return app?.running === true && app.restartCount === restarts;
    });
    expect((await getPod(cluster, TARGET)).uid).toBe(before.uid);
  });

  describe('that is to end with us', () => {
    const LOOP = 'echo started; trap "echo cleaned > $1; exit" TERM; while :; do sleep 0.1; done';

    it('has clean stderr, output, input and exit code all the same', async () => {
      const result = await run(['sh', '-c', 'cat; echo err >&2; exit 5'], {
        endOnAbort: true,
        stdin: 'in',
        stdinSizeBytes: 2,
      });
      expect(result).toMatchObject({ exitCode: 5, stderr: 'err\n' });
      expect(result.stdout?.toString()).toBe('in');
    });

    it('and does not exist cannot start either', async () => {
      const error = await failureOf(run(['no-such-program'], { endOnAbort: true }));
      expect(error).toMatchObject({ code: 'cannot-start', reason: 'no-such-file' });
    });

    it('gets TERM on abort and may clean up', async () => {
      const file = `/data/aborted-${subprotocol}`;
      const error = await failureOf(
        run(['sh', '-c', LOOP, 'sh', file], {
          endOnAbort: true,
          onStdout: (_chunk, session) => session.abort(new Error('cancelled')),
        }),
      );
      expect(error).toMatchObject({ code: 'aborted', commandEnd: 'ended', cause: { message: 'cancelled' } });
      expect(await fileHas(file)).toBe('cleaned\n');
    });

    it('gets KILL if it ignores TERM, and so do its children', async () => {
      const script =
        'trap "" TERM; sh -c "trap \\"\\" TERM; echo 1; while :; do sleep 0.1; done" & while :; do wait; done';
      const before = pod.hostPids('app').length;
      const error = await failureOf(
        run(['sh', '-c', script], {
          endOnAbort: true,
          endGraceMs: 300,
          onStdout: (_chunk, session) => session.abort(),
        }),
      );
      expect(error.commandEnd).toBe('killed');
      await until(() => pod.hostPids('app').length <= before);
    });

    it('is ended when its deadline is over', async () => {
      const file = `/data/late-${subprotocol}`;
      const error = await failureOf(
        run(['sh', '-c', LOOP, 'sh', file], { endOnAbort: true, timeoutMs: 1500 }),
      );
      expect(error).toMatchObject({ code: 'timed-out', commandEnd: 'ended' });
      expect(await fileHas(file)).toBe('cleaned\n');
    });

    it('is ended after a silence', async () => {
      standIn.faults.nextExec({ kind: 'silence', afterBytes: 8 }, commandIncludes('started'));
      // The line with its pid goes another way than its output, and has to be there before the silence.
      const script = `sleep 0.2; ${LOOP}`;
      const error = await failureOf(
        run(['sh', '-c', script, 'sh', `/data/silent-${subprotocol}`], { endOnAbort: true, silenceMs: 1000 }),
      );
      expect(error.code).toBe('silent');
      // v4 kills the command itself when the connection goes; who comes first is a race.
      expect(['ended', 'gone']).toContain(error.commandEnd);
    });

    it('is not mistaken for a process that has its pid later', async () => {
      let pid = '';
      const sleeper = await openExec(cluster, TARGET, {
        argv: ['sh', '-c', 'echo $$; exec sleep 300'],
        subprotocol,
        onStdout: (chunk) => {
          pid += chunk.toString();
        },
      });
      await until(() => pid.endsWith('\n'));
      const { endingArgv } = await import('../../src/k8s/end-command.ts');
      const result = await run([...endingArgv({ pid: Number(pid), startTime: '1' }, 100)]);
      expect(result.stdout?.toString()).toBe('gone\n');
      expect((await run(['kill', '-0', pid.trim()])).exitCode).toBe(0);
      await run(['kill', pid.trim()]);
      expect((await sleeper.done).exitCode).toBe(143);
    });

    it('is not waited for where the cluster is gone too', async () => {
      let down: Promise<void> | undefined;
      const error = await failureOf(
        run(['sh', '-c', LOOP, 'sh', `/data/down-${subprotocol}`], {
          endOnAbort: true,
          onStdout: () => {
            down = standIn.faults.apiServerDown(1000);
          },
        }),
      );
      expect(error).toMatchObject({ code: 'broken', retryable: true, commandEnd: 'unknown' });
      await down;
      await run(['pkill', '-f', `/data/down-${subprotocol}`]);
    });
  });
});

describe('what the cluster does on v4 that it does not on v5', () => {
  it.each([
    ['v4', 'ends'],
    ['v5', 'leaves running'],
  ] as const)('%s %s the command of a client that went away', async (subprotocol, what) => {
    let pid = '';
    const session = await openExec(cluster, TARGET, {
      argv: ['sh', '-c', 'echo $$; exec sleep 300'],
      subprotocol,
      onStdout: (chunk) => {
        pid += chunk.toString();
      },
    });
    await until(() => pid.endsWith('\n'));
    session.abort();
    await failureOf(session.done);
    const alive = async (): Promise<boolean> =>
      (await exec(cluster, TARGET, { argv: ['kill', '-0', pid.trim()] })).exitCode === 0;
    if (what === 'ends') await until(async () => !(await alive()));
    else {
      await delay(500);
      expect(await alive()).toBe(true);
      await exec(cluster, TARGET, { argv: ['kill', pid.trim()] });
    }
  });

  it('Success without the last line is for the caller to see: v5 says it when the command still runs', async () => {
    standIn.faults.nextExec({ kind: 'early-success', afterBytes: 2 });
    const result = await exec(cluster, TARGET, { argv: ['sh', '-c', 'echo 1; sleep 5'], subprotocol: 'v5' });
    expect(result.exitCode).toBe(0);
    expect(result.stdout?.toString()).toBe('1\n');
  });
});

describe('rights', () => {
  it.each([
    ['nobody', 'cannot get resource "pods/exec"'],
    ['exec-create', 'cannot get resource "pods/exec"'],
    ['exec-get', 'the verb that is missing is create pods/exec'],
  ])('of %s do not allow an exec, and the error says which is missing', async (user, text) => {
    const theirs = connectCluster({ kubeconfig: standIn.kubeconfig(user) });
    const error = await failureOf(exec(theirs, TARGET, { argv: ['true'] }));
    expect(error).toMatchObject({ code: 'forbidden', status: 403, retryable: false });
    expect(error.message).toContain(text);
    expect(error.message).not.toContain(standIn.token(user));
  });
});
