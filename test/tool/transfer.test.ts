import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeWorkDir } from './jvm.ts';
import { killGroup, linesOf, runTool, startTool, TOOL } from './run-tool.ts';
import { shells } from './shells.ts';

const MIB = 1_048_576;

function fileOf(content: Buffer): { file: string; dir: string } {
  const dir = makeWorkDir();
  const file = join(dir, 'heap.hprof');
  writeFileSync(file, content);
  return { file, dir };
}

describe.each(shells())('A file on its way out of the container, under $name', (shell) => {
  it('is hashed as it is there', async () => {
    const content = randomBytes(3 * MIB + 123);
    const { file, dir } = fileOf(content);

    const run = await runTool(shell, ['hash', '--file', file]);

    const sum = createHash('sha256').update(content).digest('hex');
    expect(linesOf(run)).toEqual([
      'jmap-dump-tool 1',
      `hashed sha256=${sum} bytes=${content.length}`,
      'done',
    ]);
    expect(readdirSync(dir)).toEqual(['heap.hprof']);
  });

  it('is sent in ranges of whole MiB, byte for byte and with nothing between, the last running past the end', async () => {
    const content = randomBytes(3 * MIB + 123);
    const { file } = fileOf(content);
    const send = (offset: number, count: number) =>
      runTool(shell, ['send', '--file', file, '--offset', String(offset), '--count', String(count)]);

    const [first, last] = [await send(0, 2 * MIB), await send(2 * MIB, 4 * MIB)];

    expect(Buffer.concat([first.stdout, last.stdout]).equals(content)).toBe(true);
    expect(first.stderr).toBe(`sent bytes=${2 * MIB}\ndone\n`);
    expect(last.stderr).toBe(`sent bytes=${MIB + 123}\ndone\n`);
  });

  it('keeps the process that sent it until the client has counted, as exec loses the end otherwise', async () => {
    const { file } = fileOf(randomBytes(MIB));

    const words = ['send', '--file', file, '--offset', '0', '--count', String(MIB), '--ack'];
    const tool = startTool(shell, words, { stdin: 'open' });
    await tool.said('done\n');
    // Long enough for one that does not wait to be gone.
    await sleep(300);
    const endedBefore = tool.child.exitCode;
    tool.child.stdin?.write('ok\n');
    const run = await tool.ended;

    expect(endedBefore).toBe(null);
    expect(run.exitCode).toBe(0);
    expect(run.stdout.length).toBe(MIB);
  });

  it('is refused in ranges that dd would have to count byte by byte, and past its end, with no byte sent', async () => {
    const { file } = fileOf(randomBytes(MIB));
    const send = (offset: number, count: number) =>
      runTool(shell, ['send', '--file', file, '--offset', String(offset), '--count', String(count)]);

    const runs = [await send(5, MIB), await send(0, 100), await send(2 * MIB, MIB)];

    expect(runs.map(({ exitCode }) => exitCode)).toEqual([2, 2, 24]);
    expect(runs.map(({ stdout }) => stdout.length)).toEqual([0, 0, 0]);
    expect(runs[2]?.stderr).toContain(`failed code=dump-vanished bytes=${MIB}`);
  });

  it('is missed by name when it is gone', async () => {
    const { file, dir } = fileOf(randomBytes(10));

    const run = await runTool(shell, ['hash', '--file', join(dir, 'other')]);

    expect(existsSync(file)).toBe(true);
    expect(linesOf(run).at(-1)).toBe('failed code=dump-vanished');
  });

  it('frees a dd that stands in a write for ever, its client being gone, when the directory is cleaned', async () => {
    const { file, dir } = fileOf(randomBytes(8 * MIB));
    const words = [TOOL, 'send', '--file', file, '--offset', '0', '--count', String(8 * MIB), '--ack'];
    const [command = '', ...argv] = shell.argv;
    // Nobody reads its stdout; the pipe is full after 64 KiB.
    const child = spawn(command, [...argv, ...words], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: shell.path },
    });
    onTestFinished(() => killGroup(child));
    const pids = () => readdirSync(dir).flatMap((name) => /^run\.\d+\.(\d+)\./.exec(name)?.[1] ?? []);
    while (pids().length < 2) await sleep(20);
    const [recorded, shellPid] = [pids(), String(child.pid)];
    process.kill(Number(shellPid), 'SIGKILL');
    const dd = recorded.find((pid) => pid !== shellPid) ?? '';
    const stoodBefore = existsSync(`/proc/${dd}`);

    const run = await runTool(shell, ['clean', '--dir', dir]);

    expect(recorded).toContain(shellPid);
    expect(stoodBefore).toBe(true);
    expect(linesOf(run)).toEqual(['jmap-dump-tool 1', 'done']);
    while (existsSync(`/proc/${dd}/exe`)) await sleep(20);
    expect(existsSync(dir)).toBe(false);
  });
});
