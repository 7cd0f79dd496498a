import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { connectCluster } from '../../src/k8s/client.ts';
import { ExecError, type ExecOptions, exec, openExec } from '../../src/k8s/exec.ts';
import {
  EXEC_RECORDINGS,
  recordingNamed,
  replay,
  type Script,
  type ScriptedServer,
  startScriptedServer,
} from './scripted-server.ts';

const TARGET = { namespace: 'prod', pod: 'order-service-7d9f8-x2x4k', container: 'app' };
const SUCCESS = '{"metadata":{},"status":"Success"}';
const MIB = 1024 * 1024;

const servers: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const start = async (script: Script): Promise<ScriptedServer> => {
  const server = await startScriptedServer(script);
  servers.push(server);
  return server;
};

const run = async (script: Script, options: Partial<ExecOptions> = {}) => {
  const server = await start(script);
  return exec(server.cluster, TARGET, { argv: ['true'], timeoutMs: 60_000, ...options });
};

const failureOf = async (promise: Promise<unknown>): Promise<ExecError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ExecError)) throw new Error(`Not an ExecError: ${String(error)}`, { cause: error });
  return error;
};

const send = (socket: WebSocket, channel: number, payload: string | Buffer): Promise<void> =>
  new Promise((resolve) =>
    socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(payload)]), () => resolve()),
  );

const succeed = async (socket: WebSocket): Promise<void> => {
  await send(socket, 3, SUCCESS);
  socket.close(1000);
};

describe('an exec that a real API server once answered', () => {
  const ask = (name: string) => {
    const recording = recordingNamed(name);
    return run(replay(recording), { subprotocol: recording.protocols[0]?.startsWith('v4') ? 'v4' : 'v5' });
  };

  it.each(['v4', 'v5'] as const)('gives both streams and exit code 0 (%s)', async (protocol) => {
    const result = await ask(`${protocol}: exit 0, both streams`);
    expect(result).toMatchObject({
      exitCode: 0,
      signal: undefined,
      stderr: 'err\n',
      stdoutBytes: 4,
      protocol,
    });
    expect(result.stdout?.toString()).toBe('out\n');
  });

  it.each(['v4', 'v5'] as const)('gives an exit code as a result, not as an error (%s)', async (protocol) => {
    expect(await ask(`${protocol}: exit 3`)).toMatchObject({ exitCode: 3, signal: undefined });
  });

  it.each(['v4', 'v5'] as const)('tells which signal killed the command (%s)', async (protocol) => {
    expect(await ask(`${protocol}: killed by signal 9`)).toMatchObject({ exitCode: 137, signal: 9 });
  });

  it.each(['v4: no such binary', 'v5: no such binary', 'no shell in the image'])(
    'says that there is no such command: %s',
    async (name) => {
      const error = await failureOf(ask(name));
      expect(error).toMatchObject({ code: 'cannot-start', reason: 'no-such-file', retryable: false });
      expect(error.message).not.toMatch(/[0-9a-f]{64}/);
    },
  );

  it.each([
    ['container not there', 'bad-request', 400, 'container nope is not valid for pod bulk'],
    ['two containers, none named', 'bad-request', 400, 'choose one of: [app sidecar]'],
    ['pod not there', 'not-found', 404, 'pods "nope" not found'],
    ['pod completed', 'container-ended', 500, 'not running'],
    ['forbidden, no verb', 'forbidden', 403, 'cannot get resource "pods/exec"'],
    ['forbidden, create only', 'forbidden', 403, 'cannot get resource "pods/exec"'],
  ])('refuses with words for people: %s', async (name, code, status, text) => {
    const error = await failureOf(ask(name));
    expect(error).toMatchObject({ code, status });
    expect(error.message).toContain(text);
  });

  it('names the missing verb where the server says "is forbidden: " and nothing more', async () => {
    const error = await failureOf(ask('forbidden, get only'));
    expect(error.code).toBe('forbidden');
    expect(error.message).toContain('the verb that is missing is create pods/exec');
  });

  it('has no recording that nobody looked at', () => {
    expect(EXEC_RECORDINGS.length).toBe(21);
  });
});

describe('the choice of the subprotocol', () => {
  const onlyV5: Script = {
    answer: (_url, headers) =>
      headers['sec-websocket-protocol'] === 'v5.channel.k8s.io' ? undefined : { status: 403, body: '' },
    onExec: (socket) => void succeed(socket),
  };

  it('is v4 unless asked otherwise', async () => {
    expect((await run({ onExec: (socket) => void succeed(socket) })).protocol).toBe('v4');
  });

  it('falls back to v5 where the server does not know v4, and remembers it', async () => {
    const server = await start(onlyV5);
    const first = await exec(server.cluster, TARGET, { argv: ['true'] });
    const second = await exec(server.cluster, TARGET, { argv: ['true'] });
    expect([first.protocol, second.protocol]).toEqual(['v5', 'v5']);
    expect(server.requests.map(({ headers }) => headers['sec-websocket-protocol'])).toEqual([
      'v4.channel.k8s.io',
      'v5.channel.k8s.io',
      'v5.channel.k8s.io',
    ]);
  });

  it('is not tried twice when a refusal has a reason', async () => {
    const server = await start(replay(recordingNamed('forbidden, no verb')));
    await failureOf(exec(server.cluster, TARGET, { argv: ['true'] }));
    expect(server.requests).toHaveLength(1);
  });
});

describe('what is sent', () => {
  it('is the argv word by word, and the token in a header alone', async () => {
    const argv = ['sh', '-c', 'echo "$1" & rm', 'a b', '--x=ü&command=evil', '', '\n'];
    const server = await start({ onExec: (socket) => void succeed(socket) });
    await exec(server.cluster, TARGET, { argv });
    const [request] = server.requests;
    expect(request?.url.pathname).toBe('/api/v1/namespaces/prod/pods/order-service-7d9f8-x2x4k/exec');
    expect(request?.url.searchParams.getAll('command')).toEqual(argv);
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toMatchObject({
      container: 'app',
      stdout: 'true',
      stderr: 'true',
    });
    expect(request?.url.searchParams.has('stdin')).toBe(false);
    expect(request?.url.search).not.toContain('sekret');
    expect(request?.headers.authorization).toBe('Bearer sekret-token');
  });

  it.each([
    ['a namespace with a slash', { ...TARGET, namespace: 'prod/pods/other' }, ['true']],
    ['a pod that climbs up', { ...TARGET, pod: '../../secrets' }, ['true']],
    ['a pod with a query', { ...TARGET, pod: 'a?command=evil' }, ['true']],
    ['a container in capitals', { ...TARGET, container: 'App' }, ['true']],
    ['no command', TARGET, []],
    ['a NUL character', TARGET, ['echo', 'a\0b']],
    ['an argv over 100 KB', TARGET, ['echo', 'x'.repeat(60_000), 'y'.repeat(60_000)]],
  ])('is nothing at all for %s', async (_what, target, argv) => {
    const server = await start({ onExec: (socket) => void succeed(socket) });
    const error = await failureOf(exec(server.cluster, target, { argv }));
    expect(error).toMatchObject({ code: 'bad-request', retryable: false, status: undefined });
    expect(server.requests).toHaveLength(0);
  });
});

describe('a refusal', () => {
  it.each([
    [401, 'forbidden', true],
    [429, 'refused', true],
    [431, 'bad-request', false],
    [500, 'refused', true],
    [503, 'refused', true],
  ])('with HTTP %i is %s, retryable: %s', async (status, code, retryable) => {
    const error = await failureOf(run({ answer: () => ({ status, body: 'no room' }) }));
    expect(error).toMatchObject({ code, status, retryable });
    expect(error.message).toContain('no room');
  });

  it('repeats no token and no page of HTML', async () => {
    const body = `<html>Bearer abc.def.ghi eyJhbGciOi.eyJzdWIiOi.c2ln ${'<p>long</p>'.repeat(500)}`;
    const error = await failureOf(run({ answer: () => ({ status: 502, body }) }));
    expect(error.message).not.toMatch(/abc\.def|eyJ/);
    expect(error.message.length).toBeLessThan(500);
  });

  it('by a port where nobody listens is retryable', async () => {
    const server = await startScriptedServer({});
    await server.close();
    const error = await failureOf(exec(server.cluster, TARGET, { argv: ['true'] }));
    expect(error).toMatchObject({ code: 'refused', retryable: true });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('by silence ends at the deadline for the start', async () => {
    const error = await failureOf(run({ answer: () => 'never' }, { startTimeoutMs: 100 }));
    expect(error).toMatchObject({ code: 'timed-out', retryable: true });
  });

  it('does not hold up an abort', async () => {
    const abort = new AbortController();
    const server = await start({ answer: () => 'never' });
    const running = exec(server.cluster, TARGET, { argv: ['true'], signal: abort.signal });
    while (server.requests.length === 0) await delay(5);
    abort.abort(new Error('cancelled by a person'));
    const error = await failureOf(running);
    expect(error.code).toBe('aborted');
    expect(error.cause).toMatchObject({ message: 'cancelled by a person' });
  });

  it('comes at once for a signal that has fired already', async () => {
    const server = await start({});
    const error = await failureOf(
      exec(server.cluster, TARGET, { argv: ['true'], signal: AbortSignal.abort() }),
    );
    expect(error.code).toBe('aborted');
    expect(server.requests).toHaveLength(0);
  });
});

describe('a connection that does not end well', () => {
  it.each(['v4', 'v5'] as const)(
    'is broken when it is cut after output, and may be tried again (%s)',
    async (subprotocol) => {
      const got: Buffer[] = [];
      const error = await failureOf(
        run(
          {
            onExec: async (socket, raw) => {
              await send(socket, 1, 'half of i');
              raw.destroy();
            },
          },
          { subprotocol, onStdout: (chunk) => void got.push(Buffer.from(chunk)) },
        ),
      );
      expect(error).toMatchObject({ code: 'broken', retryable: true });
      expect(error.message).toContain('1006');
      expect(Buffer.concat(got).toString()).toBe('half of i');
    },
  );

  it('is broken when it is closed politely without a status', async () => {
    const error = await failureOf(run({ onExec: (socket) => socket.close(1000) }));
    expect(error.code).toBe('broken');
  });

  it('is broken, not endless memory, when a frame is larger than any real one', async () => {
    const error = await failureOf(run({ onExec: (socket) => void send(socket, 1, Buffer.alloc(5 * MIB)) }));
    expect(error.code).toBe('broken');
  });

  it('is silent when not even pongs come', async () => {
    const error = await failureOf(run({ onExec: (socket) => socket.pause() }, { silenceMs: 150 }));
    expect(error).toMatchObject({ code: 'silent', retryable: true });
  });

  it('is not silent while a quiet command runs and pongs come', async () => {
    const result = await run(
      { onExec: (socket) => void delay(1500).then(() => succeed(socket)) },
      { silenceMs: 300 },
    );
    expect(result.exitCode).toBe(0);
  });

  it('is not silent while we are the ones who do not listen', async () => {
    const result = await run(
      {
        onExec: async (socket) => {
          await send(socket, 1, 'x');
          await delay(600);
          await succeed(socket);
        },
      },
      { silenceMs: 90, onStdout: () => delay(1200) },
    );
    expect(result).toMatchObject({ exitCode: 0, stdoutBytes: 1 });
  });

  it('has ended when the status is there, though nobody closes it', async () => {
    const result = await run({ onExec: (socket) => void send(socket, 3, SUCCESS) });
    expect(result.exitCode).toBe(0);
  });

  it('ends at its deadline', async () => {
    const error = await failureOf(run({ onExec: () => {} }, { timeoutMs: 200 }));
    expect(error).toMatchObject({ code: 'timed-out', retryable: false });
    expect(error.message).toContain('200 ms');
  });

  it('is cut, not closed, on abort: on v4 a close would leave the command running', async () => {
    const abort = new AbortController();
    let closedWith: Promise<number> | undefined;
    const running = run(
      {
        onExec: (socket) => {
          closedWith = new Promise((resolve) => socket.on('close', resolve));
          void send(socket, 1, 'x');
        },
      },
      { signal: abort.signal, onStdout: () => abort.abort() },
    );
    expect((await failureOf(running)).code).toBe('aborted');
    expect(await closedWith).toBe(1006);
  });

  it('does not bring the process down if nobody looks at an aborted session', async () => {
    const server = await start({ onExec: () => {} });
    const session = await openExec(server.cluster, TARGET, { argv: ['sleep', '9'] });
    session.abort();
    await delay(50);
    expect((await failureOf(session.done)).code).toBe('aborted');
  });
});

describe('output', () => {
  /** Sends `mebibytes` as fast as it is taken. */
  const flood = (mebibytes: number, seen: { sentBytes: number }): Script => ({
    onExec: async (socket) => {
      const frame = Buffer.alloc(32 * 1024 + 1, 1);
      for (let at = 0; at < mebibytes * 32; at++) {
        await new Promise<void>((resolve) => socket.send(frame, () => resolve()));
        seen.sentBytes += 32 * 1024;
      }
      await succeed(socket);
    },
  });

  it('is not taken in faster than the sink takes it: the sender stands still, memory does not grow', async () => {
    const seen = { sentBytes: 0 };
    const before = process.memoryUsage().rss;
    let taken = 0;
    let ahead = 0;
    let most = 0;
    const result = await run(flood(96, seen), {
      onStdout: async (chunk) => {
        taken += chunk.length;
        most = Math.max(most, process.memoryUsage().rss);
        // Long stops now and then, so that whatever can pile up does.
        if (taken % (24 * MIB) < 32 * 1024) {
          await delay(300);
          ahead = Math.max(ahead, seen.sentBytes - taken);
        }
      },
    });
    expect(result).toMatchObject({ exitCode: 0, stdoutBytes: 96 * MIB, stdout: undefined });
    expect(taken).toBe(96 * MIB);
    // Kernel buffers of both sides, a few MiB each; without backpressure it would be all that was left.
    expect(ahead).toBeLessThan(24 * MIB);
    expect(most - before).toBeLessThan(128 * MIB);
  });

  it('comes to the sink in order and one chunk at a time', async () => {
    const seen: number[] = [];
    let busy = 0;
    await run(
      {
        onExec: async (socket) => {
          for (let at = 0; at < 200; at++) void send(socket, 1, Buffer.of(at));
          await succeed(socket);
        },
      },
      {
        onStdout: async (chunk) => {
          expect(busy++).toBe(0);
          await delay(chunk[0] === 7 ? 50 : 0);
          seen.push(...chunk);
          busy--;
        },
      },
    );
    expect(seen).toEqual(Array.from({ length: 200 }, (_, at) => at));
  });

  it('is not done before the sink is', async () => {
    let taken = false;
    await run(
      {
        onExec: async (socket) => {
          await send(socket, 1, 'last');
          await succeed(socket);
        },
      },
      {
        onStdout: async () => {
          await delay(200);
          taken = true;
        },
      },
    );
    expect(taken).toBe(true);
  });

  it('over the limit is an error, never a cut result', async () => {
    const error = await failureOf(run(flood(2, { sentBytes: 0 })));
    expect(error).toMatchObject({ code: 'too-much-output', retryable: false });
  });

  it('of stderr keeps its end', async () => {
    const chunks: string[] = [];
    const result = await run(
      {
        onExec: async (socket) => {
          for (let at = 0; at < 1000; at++) await send(socket, 2, `line ${at}\n`);
          await succeed(socket);
        },
      },
      { stderrLimitBytes: 100, onStderr: (chunk) => void chunks.push(chunk.toString()) },
    );
    expect(result.stderr).toHaveLength(100);
    expect(result.stderr.endsWith('line 998\nline 999\n')).toBe(true);
    expect(chunks.join('')).toContain('line 0\nline 1\n');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('store is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('store is full'))],
  ])('ends with the reason of a sink that %s', async (_how, onStdout) => {
    let closed = false;
    const error = await failureOf(
      run(
        {
          onExec: (socket) => {
            socket.on('close', () => {
              closed = true;
            });
            void send(socket, 1, 'x');
          },
        },
        { onStdout },
      ),
    );
    expect(error).toMatchObject({ code: 'sink-failed', retryable: false });
    expect(error.cause).toMatchObject({ message: 'store is full' });
    while (!closed) await delay(5);
  });

  it('does not wait for a sink that hangs when it is aborted', async () => {
    const abort = new AbortController();
    const error = await failureOf(
      run(
        { onExec: (socket) => void send(socket, 1, 'x') },
        {
          signal: abort.signal,
          onStdout: () => {
            abort.abort();
            return new Promise<void>(() => {});
          },
        },
      ),
    );
    expect(error.code).toBe('aborted');
  });
});

describe('input', () => {
  /** Collects frames until `bytes` of stdin were seen, or a CLOSE frame. */
  const collect = (bytes: number, seen: Buffer[]): Script => ({
    onExec: (socket) => {
      let got = 0;
      socket.on('message', (message: Buffer) => {
        seen.push(message);
        got += message[0] === 0 ? message.length - 1 : 0;
        if (got >= bytes) void succeed(socket);
      });
    },
  });
  const stdinOf = (frames: Buffer[]): Buffer =>
    Buffer.concat(frames.filter((frame) => frame[0] === 0).map((frame) => frame.subarray(1)));

  it('goes out in frames of 32 KiB at most', async () => {
    const seen: Buffer[] = [];
    const content = Buffer.alloc(100_000, 'ab');
    await run(collect(content.length, seen), { stdin: content });
    expect(stdinOf(seen).equals(content)).toBe(true);
    expect(Math.max(...seen.map((frame) => frame.length))).toBe(32 * 1024 + 1);
  });

  it('of a stream is read no faster than it is sent', async () => {
    let read = 0;
    let ahead = 0;
    const source = async function* () {
      for (let at = 0; at < 768; at++) {
        read += 64 * 1024;
        yield Buffer.alloc(64 * 1024);
      }
    };
    await run(
      {
        onExec: (socket) => {
          let got = 0;
          socket.on('message', (message: Buffer) => {
            got += message.length - 1;
            if (got === 8 * MIB) {
              socket.pause();
              void delay(300).then(() => {
                ahead = read - got;
                socket.resume();
              });
            }
            if (got === 48 * MIB) void succeed(socket);
          });
        },
      },
      { stdin: source() },
    );
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThan(24 * MIB);
  });

  it('is ended by a CLOSE frame on v5', async () => {
    const seen: Buffer[] = [];
    const server = await start({
      onExec: (socket) =>
        socket.on('message', (message: Buffer) => {
          seen.push(message);
          if (message[0] === 255) void succeed(socket);
        }),
    });
    await exec(server.cluster, TARGET, { argv: ['cat'], stdin: 'abc', subprotocol: 'v5' });
    expect(seen.map((frame) => [...frame])).toEqual([
      [0, 97, 98, 99],
      [255, 0],
    ]);
  });

  it('stays open on v5 where more is to be written', async () => {
    const seen: Buffer[] = [];
    const server = await start({
      onExec: (socket) =>
        socket.on('message', (message: Buffer) => {
          seen.push(message);
          if (message.toString() === '\0more') void succeed(socket);
        }),
    });
    const session = await openExec(server.cluster, TARGET, {
      argv: ['cat'],
      stdin: 'first',
      keepStdinOpen: true,
      subprotocol: 'v5',
    });
    while (seen.length === 0) await delay(5);
    await delay(50);
    await session.write('more');
    await session.done;
    expect(seen.map(String)).toEqual(['\0first', '\0more']);
  });

  it('is counted in the pod on v4, where nothing ends it', async () => {
    const server = await start(collect(3, []));
    await exec(server.cluster, TARGET, { argv: ['cat', '-'], stdin: 'abc', stdinSizeBytes: 3 });
    const command = server.requests[0]?.url.searchParams.getAll('command');
    expect(command?.slice(0, 2)).toEqual(['sh', '-c']);
    expect(command?.slice(-3)).toEqual(['3', 'cat', '-']);
    expect(command?.[2]).not.toContain('cat');
  });

  it.each([
    ['shorter', 4],
    ['longer', 2],
  ])('that is %s than announced is an error of ours', async (_how, stdinSizeBytes) => {
    const error = await failureOf(run({ onExec: () => {} }, { stdin: 'abc', stdinSizeBytes }));
    expect(error.code).toBe('sink-failed');
  });

  it('that cannot be read ends the exec with its reason', async () => {
    // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
    const source = async function* (): AsyncGenerator<Buffer> {
      throw new Error('disk is gone');
    };
    const error = await failureOf(run({ onExec: () => {} }, { stdin: source() }));
    expect(error).toMatchObject({ code: 'sink-failed', cause: { message: 'disk is gone' } });
  });

  it('of an endless source is given up when the command ends, and the source is closed', async () => {
    let closed = false;
    const source = async function* () {
      try {
        for (;;) yield Buffer.from('y\n');
      } finally {
        closed = true;
      }
    };
    const result = await run(collect(100, []), { stdin: source() });
    expect(result.exitCode).toBe(0);
    while (!closed) await delay(5);
  });

  it('is an answer to what the command wrote: the acknowledgement goes out when its last line is there', async () => {
    const seen: Buffer[] = [];
    const script: Script = {
      onExec: async (socket) => {
        socket.on('message', (message: Buffer) => {
          seen.push(message);
          void succeed(socket);
        });
        await send(socket, 1, 'bytes\ndone 5\n');
      },
    };
    let output = '';
    await run(script, {
      subprotocol: 'v5',
      keepStdinOpen: true,
      onStdout: async (chunk, session) => {
        output += chunk.toString();
        if (output.endsWith('done 5\n')) await session.write('ok\n');
      },
    });
    expect(seen.map(String)).toEqual(['\0ok\n']);
  });

  it('after the end is written to nobody, without an error', async () => {
    const server = await start({ onExec: (socket) => void succeed(socket) });
    const session = await openExec(server.cluster, TARGET, { argv: ['true'], keepStdinOpen: true });
    await session.done;
    expect(session.ended).toBe(true);
    await expect(session.write('too late')).resolves.toBeUndefined();
  });
});

describe('an exec plugin', () => {
  it('that fails is told without the token it printed', async () => {
    const kubeconfig = JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [
        {
          name: 'u',
          user: {
            exec: { command: 'sh', args: ['-c', 'echo "denied for Bearer s3cr3t" >&2; exit 1'] },
          },
        },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    });
    const error = await failureOf(exec(connectCluster({ kubeconfig }), TARGET, { argv: ['true'] }));
    expect(error).toMatchObject({ code: 'refused', retryable: false });
    expect(error.message).toContain('denied for Bearer ***');
  });
});
