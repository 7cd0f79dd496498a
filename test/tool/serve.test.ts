import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { countCommands, linksTo } from './fake-command.ts';
import { killGroup, linesOf, runTool, startTool, TOOL } from './run-tool.ts';
import { answersOf, fileOf, MIB, serve } from './served.ts';
import { type Shell, shells } from './shells.ts';

/** This busybox was built without it. */
const hasCksum = ({ name }: Shell): boolean => name !== 'busybox ash';

const sumOf = (kind: string, bytes: Buffer): string => createHash(kind).update(bytes).digest('hex');

describe.each(shells())('A file that is served, under $name', (shell) => {
  it('is sent in pieces of whole MiB, byte for byte, each with its checksum, the last running past the end', async () => {
    const content = randomBytes(3 * MIB + 123);
    const { file, dir } = fileOf(content);
    const parts = [content.subarray(0, 2 * MIB), content.subarray(2 * MIB)] as const;

    const run = await serve(shell, file, [
      `send 0 ${2 * MIB} sha256`,
      `send ${2 * MIB} ${4 * MIB} md5`,
      'end',
    ]);

    expect(run.stdout.equals(content)).toBe(true);
    expect(run.stderr.split('\n').filter((line) => line !== 'alive')).toEqual([
      'jmap-dump-tool 1',
      `serving bytes=${content.length}`,
      `sent offset=0 bytes=${2 * MIB} sum=sha256:${sumOf('sha256', parts[0])}`,
      `sent offset=${2 * MIB} bytes=${MIB + 123} sum=md5:${sumOf('md5', parts[1])}`,
      'done',
      '',
    ]);
    expect(run.exitCode).toBe(0);
    expect(readdirSync(dir)).toEqual(['heap.hprof']);
  });

  it('is measured without a byte sent', async () => {
    const content = Buffer.alloc(MIB, 'heap');
    const { file } = fileOf(content);

    const run = await serve(shell, file, [`measure 0 ${MIB} sha1`]);

    expect(run.stdout.length).toBe(0);
    expect(answersOf(run)).toEqual([
      `measured offset=0 bytes=${MIB} size=${MIB} sum=sha1:${sumOf('sha1', content)}`,
    ]);
  });

  it('goes on being served after requests that are refused', async () => {
    const { file } = fileOf(randomBytes(MIB));

    const run = await serve(shell, file, [
      `send 5 ${MIB} md5`,
      'send 0 100 md5',
      `send 0 ${MIB} sum`,
      `send 00 ${MIB} md5`,
      `send 0 ${MIB} md5 more`,
      `send 0 ${MIB}`,
      '',
      'rm *',
      'route ftp://127.0.0.1/',
      `send ${MIB} ${MIB} md5`,
      `send 0 ${MIB} md5`,
    ]);

    expect(answersOf(run).slice(0, 9)).toEqual(Array(9).fill('refused code=usage'));
    expect(answersOf(run)[9]).toBe('refused code=dump-vanished');
    expect(answersOf(run)[10]).toContain(`sent offset=0 bytes=${MIB}`);
    expect(run.stdout.length).toBe(MIB);
  });

  it('is missed by name when it is gone, or shorter than it was', async () => {
    const { file, dir } = fileOf(randomBytes(2 * MIB));
    const tool = startTool(shell, ['serve', '--file', file], { stdin: 'open' });
    await tool.said('serving bytes=');

    truncateSync(file, MIB);
    tool.child.stdin?.write(`send 0 ${MIB} md5\n`);
    await tool.said('refused code=dump-vanished\n');
    rmSync(file);
    tool.child.stdin?.end(`measure 0 ${MIB} md5\n`);
    const run = await tool.ended;
    const late = await serve(shell, join(dir, 'heap.hprof'), []);

    expect(answersOf(run)).toEqual(['refused code=dump-vanished', 'refused code=dump-vanished']);
    expect(run.stdout.length).toBe(0);
    expect(answersOf(late)).toEqual(['failed code=dump-vanished']);
    expect(late.exitCode).toBe(24);
  });

  it('is not said to be sent when it became shorter in the midst of it', async () => {
    const { file } = fileOf(randomBytes(4 * MIB));
    const tool = startTool(shell, ['serve', '--file', file], { stdin: 'open' });
    tool.child.stdin?.write(`send 0 ${MIB} md5\n`);
    await tool.said('sent offset=0');

    truncateSync(file, 2 * MIB + 5);
    for (const sum of hasCksum(shell) ? ['md5', 'cksum'] : ['md5'])
      for (const verb of ['send', 'measure'])
        for (const offset of [2 * MIB, 3 * MIB]) tool.child.stdin?.write(`${verb} ${offset} ${MIB} ${sum}\n`);
    tool.child.stdin?.end();
    const run = await tool.ended;

    const [, ...answers] = answersOf(run);
    expect(answers).toEqual(Array(hasCksum(shell) ? 8 : 4).fill('refused code=dump-vanished'));
  });

  it('keeps the process that serves it until the client has had enough, saying each second that it works', async () => {
    const { file } = fileOf(randomBytes(2 * MIB));
    const tool = startTool(shell, ['serve', '--file', file], { stdin: 'open' });
    await tool.said('serving bytes=');

    tool.child.stdout?.pause();
    tool.child.stdin?.write(`send 0 ${2 * MIB} md5\n`);
    await tool.said('alive\n');
    tool.child.stdout?.resume();
    await tool.said('sent offset=0');
    // Long enough for one that does not wait to be gone.
    await sleep(300);
    const endedBefore = tool.child.exitCode;
    tool.child.stdin?.end();
    const run = await tool.ended;

    expect(endedBefore).toBe(null);
    expect(run.stderr.endsWith('done\n')).toBe(true);
  });

  it('frees a dd that stands in a write for ever, its client being gone, when the directory is cleaned', async () => {
    const { file, dir } = fileOf(randomBytes(8 * MIB));
    const { child, dd } = await stuckServe(`send 0 ${8 * MIB} md5`, file, dir);
    process.kill(Number(child.pid), 'SIGKILL');
    const stoodBefore = existsSync(`/proc/${dd}`);

    const run = await runTool(shell, ['clean', '--dir', dir]);

    expect(stoodBefore).toBe(true);
    expect(linesOf(run)).toEqual(['jmap-dump-tool 1', 'done']);
    while (existsSync(`/proc/${dd}/exe`)) await sleep(20);
    expect(existsSync(dir)).toBe(false);
  });

  it('leaves few names of those that are done in its directory, however many pieces it has', async () => {
    const { file, dir } = fileOf(randomBytes(MIB));
    const tool = startTool(shell, ['serve', '--file', file], { stdin: 'open' });
    const others = () => readdirSync(dir).filter((name) => /^run\.\d+_/.test(name));

    tool.child.stdin?.write(`send 0 ${MIB} md5\n`.repeat(33));
    tool.child.stdin?.write('route -\n');
    await tool.said('refused code=usage');
    const during = others();
    tool.child.stdin?.end();
    await tool.ended;

    expect(during.length).toBeLessThanOrEqual(1);
    expect(readdirSync(dir)).toEqual(['heap.hprof']);
  });

  it.each(['send', 'pack'])(
    'is ended by a signal, with what writes for it, in the midst of %s',
    async (verb) => {
      const { file, dir } = fileOf(randomBytes(8 * MIB));
      const { child, dd } = await stuckServe(`${verb} 0 ${8 * MIB} md5`, file, dir);
      const code = new Promise((resolve) => child.on('exit', resolve));

      child.kill('SIGTERM');

      expect(await code).toBe(143);
      while (existsSync(`/proc/${dd}/exe`)) await sleep(20);
      while (readdirSync(dir).length > 1) await sleep(20);
      expect(readdirSync(dir)).toEqual(['heap.hprof']);
    },
  );

  /** Nobody reads its stdout; the pipe is full after 64 KiB. */
  async function stuckServe(request: string, file: string, dir: string) {
    const [command = '', ...argv] = shell.argv;
    const child = spawn(command, [...argv, TOOL, 'serve', '--file', file], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: shell.path },
    });
    onTestFinished(() => killGroup(child));
    child.stdin?.write(`${request}\n`);
    const other = () => readdirSync(dir).flatMap((name) => /^run\.\d+_\.(\d+)\./.exec(name)?.[1] ?? []);
    while (other().length === 0) await sleep(20);
    return { child, dd: other()[0] ?? '' };
  }
});

// This busybox has its own commands before those on PATH.
const others = shells().filter(hasCksum);

describe.each(others)('A file that is served with what the container has, under $name', (shell) => {
  it('is summed by cksum, as POSIX defines it', async () => {
    const { file } = fileOf(Buffer.alloc(MIB, 'heap'));

    const run = await serve(shell, file, [`measure 0 ${MIB} cksum`]);

    expect(answersOf(run)).toEqual([`measured offset=0 bytes=${MIB} size=${MIB} sum=cksum:2844938095`]);
  });

  it('costs few programs a piece: each costs the container more than the checksum of a MiB', async () => {
    const { file } = fileOf(randomBytes(16 * MIB));
    const names = ['ls', 'cat', 'tr', 'dd', 'rm', 'head', 'tail', 'od', 'wc', 'stat', 'cksum', 'md5sum'];
    const requests = (verb: string, sum: string) =>
      Array.from({ length: 16 }, (_, index) => `${verb} ${index * MIB} ${MIB} ${sum}`);
    const sending = countCommands(names, shell.path.split(':'));
    const measuring = countCommands(names, shell.path.split(':'));

    const sent = await serve(shell, file, requests('send', 'cksum'), { path: [sending.folder] });
    const measured = await serve(shell, file, requests('measure', 'md5'), { path: [measuring.folder] });

    expect(answersOf(sent).filter((answer) => answer.startsWith('sent '))).toHaveLength(16);
    expect(answersOf(measured).filter((answer) => answer.startsWith('measured '))).toHaveLength(16);
    // Beside those of the pieces: the size at the start, a look at it once in 16 pieces, and what was noted removed.
    expect(sending.begun()).toEqual({ dd: 32, cksum: 16, ls: 2, rm: 2 });
    expect(measuring.begun()).toEqual({ dd: 16, md5sum: 16, ls: 17, rm: 1 });
  });

  it('is refused what takes a program that the container lacks, by its name', async () => {
    const { file } = fileOf(randomBytes(MIB));
    const few = ['dash', 'bash', 'id', 'readlink', 'ls', 'cat', 'tr', 'dd', 'rm', 'sleep', 'od', 'md5sum'];
    const PATH = linksTo(few, shell.path.split(':'));

    const run = await serve(
      shell,
      file,
      [`send 0 ${MIB} sha1`, `pack 0 ${MIB} md5`, `put 0 ${MIB} AA== http://127.0.0.1/`, `send 0 ${MIB} md5`],
      { env: { PATH } },
    );

    expect(answersOf(run).slice(0, 3)).toEqual([
      'refused code=no-checksum',
      'refused code=no-gzip',
      'refused code=no-uploader',
    ]);
    expect(run.stdout.length).toBe(MIB);
  });
});
