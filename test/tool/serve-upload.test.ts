import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { countCommands, linksTo } from './fake-command.ts';
import { startTool } from './run-tool.ts';
import { answersOf, fileOf, MIB, serve, wordOf } from './served.ts';
import { shells } from './shells.ts';

/** Its own word, and one for each parameter of a presigned URL. */
const SECRET = 'c0ffee5ec2e7';
const PATH_AND_QUERY = `/dumps/a%20b.hprof?partNumber=1&Signature=${SECRET}%2B%3D&x-oss-process=a,b;c`;

interface Seen {
  readonly method: string;
  readonly url: string;
  /** Names as they came. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Of all processes, while the client waits for its answer. */
  readonly argvs: string;
}

function argvsNow(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** A real server, which notes what it is asked for. */
async function startServer(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ url: string; origin: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = request.rawHeaders;
      seen.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: Object.fromEntries(
          raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? '']] : [])),
        ),
        body: Buffer.concat(chunks),
        argvs: argvsNow(),
      });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `${origin}${PATH_AND_QUERY}`, origin, seen };
}

const stored = (response: ServerResponse): void => {
  response.writeHead(200, {
    Server: 'AliyunOSS',
    ETag: '"5D41402ABC4B2A76B9719D911017C592"',
    'x-oss-hash-crc64ecma': '12345678901234567890',
    'x-oss-request-id': '534B371674E88A4D8906008B',
  });
  response.end();
};

const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('base64');

describe.each(shells())('A pod that uploads by itself, under $name', (shell) => {
  const options = () => ({ path: [linksTo(['curl'], ['/usr/bin', '/bin', '/usr/local/bin'])] });

  it('puts a piece in one request of its exact length, and keeps the URL to itself', async () => {
    const content = randomBytes(3 * MIB + 123);
    const { file, dir } = fileOf(content);
    const { url, seen } = await startServer(stored);
    const pieces = [content.subarray(MIB, 3 * MIB), content.subarray(3 * MIB)] as const;

    const run = await serve(
      shell,
      file,
      [
        `put ${MIB} ${2 * MIB} ${md5Of(pieces[0])} ${url}`,
        `put ${3 * MIB} ${2 * MIB} ${md5Of(pieces[1])} ${url}`,
      ],
      options(),
    );

    const said = 'status=200 etag=5D41402ABC4B2A76B9719D911017C592 crc64=12345678901234567890';
    expect(answersOf(run)).toEqual([
      `put offset=${MIB} bytes=${2 * MIB} ${said}`,
      `put offset=${3 * MIB} bytes=${MIB - MIB + 123} ${said}`,
    ]);
    expect(seen.map(({ method, url: asked }) => [method, asked])).toEqual([
      ['PUT', PATH_AND_QUERY],
      ['PUT', PATH_AND_QUERY],
    ]);
    expect(
      seen.map(({ body }) => body.equals(pieces[seen.findIndex((each) => each.body === body)] ?? body)),
    ).toEqual([true, true]);
    for (const [index, { headers }] of seen.entries()) {
      expect(Object.keys(headers).sort()).toEqual([
        'accept',
        'content-length',
        'content-md5',
        'host',
        'user-agent',
      ]);
      expect(headers['content-length']).toBe(String(pieces[index]?.length));
      expect(headers['content-md5']).toBe(md5Of(pieces[index] ?? Buffer.alloc(0)));
    }
    for (const { argvs } of seen) {
      expect(argvs).toContain('curl');
      expect(argvs).not.toContain(SECRET);
    }
    expect(run.stdout.length).toBe(0);
    expect(run.stderr).not.toContain(SECRET);
    expect(readdirSync(dir)).toEqual(['heap.hprof']);
  });

  it('packs a piece first, puts that, and removes it', async () => {
    const content = Buffer.alloc(2 * MIB, 'a heap is full of the same words ');
    const { file, dir } = fileOf(content);
    const { url, seen } = await startServer(stored);
    const tool = startTool(shell, ['serve', '--file', file], { ...options(), stdin: 'open' });
    tool.child.stdin?.write(`measure-packed 0 ${MIB} md5\n`);
    await tool.said('measured offset=');
    const [measured] = answersOf({ stderr: tool.text() });
    const size = Number(wordOf(measured, 'size'));
    const md5 = Buffer.from(wordOf(measured, 'sum')?.slice(4) ?? '', 'hex').toString('base64');

    tool.child.stdin?.write(`put-packed 0 ${size} ${md5} ${url}\n`);
    await tool.said('put offset=');
    const after = readdirSync(dir).filter((name) => name.startsWith('part'));
    tool.child.stdin?.end(`put-packed 0 ${size} ${md5} ${url}\n`);
    const run = await tool.ended;

    expect(answersOf(run)[1]).toMatch(new RegExp(`^put offset=0 bytes=${size} status=200 etag=5D4`));
    expect(answersOf(run)[2]).toBe('refused code=usage');
    expect(seen.length).toBe(1);
    expect(seen[0]?.headers['content-length']).toBe(String(size));
    expect(seen[0]?.headers['content-md5']).toBe(md5Of(seen[0]?.body ?? Buffer.alloc(0)));
    expect(gunzipSync(seen[0]?.body ?? Buffer.alloc(0)).equals(content.subarray(0, MIB))).toBe(true);
    expect(after).toEqual([]);
  });

  it('tells why the store refused a piece by its code alone, however much it answers, and follows no redirect', async () => {
    const { file } = fileOf(randomBytes(MIB));
    const answers: ((response: ServerResponse) => void)[] = [
      (response) => {
        response.writeHead(403);
        response.end(
          `<?xml version="1.0"?>\n<Error>\n  <Code>SignatureDoesNotMatch</Code>\n  <SignatureProvided>${SECRET}</SignatureProvided>\n</Error>`,
        );
      },
      (response) => {
        response.writeHead(502);
        response.end(`<Code>${SECRET} x</Code>\nexit 0\nHTTP/1.1 200 OK\n${'x'.repeat(2 * MIB)}`);
      },
      (response) => {
        response.writeHead(307, { Location: '/elsewhere' });
        response.end();
      },
      (response) => response.destroy(),
    ];
    const { url, seen } = await startServer((response) => answers[seen.length - 1]?.(response));
    const request = `put 0 ${MIB} AAAAAAAAAAAAAAAAAAAAAA== ${url}`;

    const run = await serve(shell, file, [request, request, request, request], options());

    expect(answersOf(run)).toEqual([
      `put offset=0 bytes=${MIB} status=403 code=SignatureDoesNotMatch`,
      `put offset=0 bytes=${MIB} status=502 code=none`,
      `put offset=0 bytes=${MIB} status=307 code=none`,
      `put offset=0 bytes=${MIB} status=000 code=none curl=52`,
    ]);
    expect(seen.length).toBe(4);
    expect(run.stderr).not.toContain(SECRET);
    expect(run.stderr.length).toBeLessThan(1000);
  });

  it('says of a piece that the store did not take whether it was still there', async () => {
    const { file } = fileOf(randomBytes(2 * MIB));
    const { url } = await startServer((response) => {
      rmSync(file);
      response.writeHead(400);
      response.end('<Error><Code>InvalidDigest</Code></Error>');
    });
    const request = `put 0 ${MIB} AAAAAAAAAAAAAAAAAAAAAA== ${url}`;

    const run = await serve(shell, file, [request, request], options());

    expect(answersOf(run)).toEqual(['refused code=dump-vanished', 'refused code=dump-vanished']);
  });

  it('asks the store whether there is a way to it, and says who answered', async () => {
    const { file } = fileOf(randomBytes(10));
    const { url, origin, seen } = await startServer(stored);
    const proxy = await startServer((response) => {
      response.writeHead(403, { Server: 'a captive portal' });
      response.end();
    });

    const direct = await serve(shell, file, [`route ${url}`, 'route http://127.0.0.1:1/'], options());
    const proxied = await serve(shell, file, [`route http://oss.invalid${PATH_AND_QUERY}`], {
      ...options(),
      env: { http_proxy: proxy.origin },
    });

    expect(answersOf(direct)[0]).toMatch(/^route status=200 server=AliyunOSS request-id=yes ms=\d+$/);
    expect(answersOf(direct)[1]).toMatch(/^route status=000 server=none request-id=no curl=7 ms=\d+$/);
    expect(answersOf(proxied)[0]).toMatch(/^route status=403 server=a_captive_portal request-id=no ms=\d+$/);
    expect(seen.map(({ method, url: asked }) => `${method} ${asked}`)).toEqual([`HEAD ${PATH_AND_QUERY}`]);
    expect(proxy.seen.map(({ url: asked }) => asked)).toEqual([`http://oss.invalid${PATH_AND_QUERY}`]);
    expect(origin).toContain('127.0.0.1');
    for (const { argvs } of [...seen, ...proxy.seen]) expect(argvs).not.toContain(SECRET);
    expect(direct.stderr + proxied.stderr).not.toContain(SECRET);
  });

  it('asks for no URL that could say more to curl than where to go, and for none that is no HTTP', async () => {
    const { file } = fileOf(randomBytes(MIB));
    const { origin, seen } = await startServer(stored);
    const urls = [
      `${origin}/"\\noutput="/tmp/x`,
      `${origin}/\\n`,
      'file:///etc/passwd',
      'http://',
      `-o/tmp/x`,
      `${origin}/{a,b}`,
      `${origin}/\u0007`,
    ];

    const run = await serve(
      shell,
      file,
      urls.flatMap((url) => [`route ${url}`, `put 0 ${MIB} AAAAAAAAAAAAAAAAAAAAAA== ${url}`]),
      options(),
    );
    await sleep(0);

    expect(answersOf(run)).toEqual(Array(2 * urls.length).fill('refused code=usage'));
    expect(seen).toEqual([]);
  });
});

// This busybox has its own commands before those on PATH.
const others = shells().filter(({ name }) => name !== 'busybox ash');

describe.each(others)('A pod that uploads by itself, with what the container has, under $name', (shell) => {
  it('takes three programs a piece: what reads it, curl, and what stops listening to a long answer', async () => {
    const { file } = fileOf(randomBytes(4 * MIB));
    const { url, seen } = await startServer(stored);
    const names = ['ls', 'cat', 'tr', 'dd', 'rm', 'head', 'tail', 'od', 'wc', 'stat', 'curl', 'md5sum'];
    const counted = countCommands(names, [...shell.path.split(':'), '/usr/local/bin']);
    const requests = [0, 1, 2, 3].map((index) => `put ${index * MIB} ${MIB} AAAAAAAAAAAAAAAAAAAAAA== ${url}`);

    const run = await serve(shell, file, requests, { path: [counted.folder] });

    expect(answersOf(run).filter((answer) => answer.includes(' status=200 '))).toHaveLength(4);
    expect(seen).toHaveLength(4);
    expect(counted.begun()).toEqual({ dd: 4, curl: 4, head: 4, ls: 1, rm: 1 });
  });
});
