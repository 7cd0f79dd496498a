import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compileProgram, dumpsOf, javaBin, makeWorkDir, startJvm, startOf } from './jvm.ts';
import { killGroup, linesOf, runTool, startTool, TOOL } from './run-tool.ts';
import { shells } from './shells.ts';

const classes = compileProgram();

describe.each(shells())('Cleaning up under $name', (shell) => {
  it('removes the dump, its segments, the tool and every file of ours, and the directory', async () => {
    const dir = makeWorkDir();
    const names = ['heap.hprof', 'heap.hprof.p0', 'heap.hprof.p12', 'dump.out', 'dump.pid', 'jvm.pid'];
    const copied = [
      'jmap-dump-tool',
      'jmap-dump-tool.part-77',
      '.heapdump-bot-probe-77',
      'run.1.2.3',
      'run.1_.2.3',
      'part.pack.1',
      'wait.out',
      'their-tool',
    ];
    for (const name of [...names, ...copied]) writeFileSync(join(dir, name), '');

    const run = await runTool(shell, ['clean', '--dir', dir, 'their-tool']);

    expect(linesOf(run)).toEqual(['jmap-dump-tool 1', 'done']);
    expect(existsSync(dir)).toBe(false);
  });

  it('removes the tool that it is run from', async () => {
    const dir = makeWorkDir();
    const copy = join(dir, 'jmap-dump-tool');
    copyFileSync(TOOL, copy);

    const run = await runTool(shell, ['clean', '--dir', dir], { tool: copy });
    const again = await runTool(shell, ['clean', '--dir', dir]);

    expect([linesOf(run).at(-1), linesOf(again).at(-1)]).toEqual(['done', 'done']);
    expect(existsSync(dir)).toBe(false);
  });

  it('leaves what it does not know, and says what is left and where', async () => {
    const dir = makeWorkDir();
    writeFileSync(join(dir, 'heap.hprof'), '');
    writeFileSync(join(dir, 'heap.hprof.gz'), '');
    mkdirSync(join(dir, 'dump.out'));

    const run = await runTool(shell, ['clean', '--dir', dir]);

    expect(linesOf(run).slice(1)).toEqual([
      `left path=${dir}/dump.out`,
      `left path=${dir}/heap.hprof.gz`,
      `left path=${dir}`,
      `failed code=left-behind path=${dir}`,
    ]);
    expect(run.exitCode).toBe(29);
    expect(readdirSync(dir).sort()).toEqual(['dump.out', 'heap.hprof.gz']);
  });

  it('refuses directories that are not ours, links in their place, and names that lead elsewhere', async () => {
    const dir = makeWorkDir();
    const victim = join(dir, '..', 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'heap.hprof'), 'precious');
    const link = join(dir, '..', '.heapdump-bot-link');
    symlinkSync(victim, link);

    const codes: (number | null)[] = [];
    for (const path of [victim, link, `${dir}/../victim`, `${dir}/.`, 'tmp/.heapdump-bot-x', `${dir} x`, '/'])
      codes.push((await runTool(shell, ['clean', '--dir', path])).exitCode);

    expect(codes).toEqual([2, 2, 2, 2, 2, 2, 2]);
    expect(statSync(join(victim, 'heap.hprof')).size).toBe(8);
  });

  it('removes links in the directory, and not what they lead to', async () => {
    const dir = makeWorkDir();
    const victim = join(dir, '..', 'victim');
    writeFileSync(victim, 'precious');
    for (const name of ['heap.hprof', 'dump.out', 'dump.pid', 'jvm.pid'])
      symlinkSync(victim, join(dir, name));

    const run = await runTool(shell, ['clean', '--dir', dir]);

    expect(linesOf(run).at(-1)).toBe('done');
    expect(statSync(victim).size).toBe(8);
  });

  it('ends no stranger, though our own files name it by pid and start time', async () => {
    const dir = makeWorkDir();
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    onTestFinished(() => void stranger.kill('SIGKILL'));
    const pid = stranger.pid ?? 0;
    writeFileSync(join(dir, 'dump.pid'), `${pid} ${startOf(pid)}\n`);
    writeFileSync(join(dir, `run.1.${pid}.${startOf(pid)}`), '');

    const run = await runTool(shell, ['clean', '--dir', dir]);

    expect(linesOf(run).at(-1)).toBe('done');
    await sleep(50);
    expect(stranger.signalCode ?? stranger.exitCode).toBe(null);
  });

  it('waits for a dump that runs, ends our own attach command, and tells what room the JVM holds on to', async () => {
    const jvm = await startJvm(classes, { heapMiB: 300 });
    const dir = makeWorkDir();
    const file = join(dir, 'heap.hprof');
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];
    const tool = startTool(shell, words, { path: [javaBin()] });
    while (!existsSync(file) || statSync(file).size < 1_048_576) await sleep(1);
    jvm.signal('SIGSTOP');

    const cleaned = await runTool(shell, ['clean', '--dir', dir, '--wait', '2'], { path: [javaBin()] });
    const dump = await tool.ended;

    expect(linesOf(cleaned)[1]).toMatch(new RegExp(`^held path=${file} bytes=\\d{7,}$`));
    expect(linesOf(cleaned).at(-1)).toBe('done');
    expect(existsSync(dir)).toBe(false);
    expect(dump.signal).toBe('SIGKILL');
    jvm.signal('SIGCONT');
  });

  it('waits no longer than the dump takes', async () => {
    const jvm = await startJvm(classes, { heapMiB: 300 });
    const dir = makeWorkDir();
    const file = join(dir, 'heap.hprof');
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];
    const tool = startTool(shell, words, { path: [javaBin()] });
    while (!existsSync(file) || statSync(file).size < 1_048_576) await sleep(1);
    jvm.signal('SIGSTOP');
    killGroup(tool.child);
    await tool.ended;

    const clean = startTool(shell, ['clean', '--dir', dir, '--wait', '100'], { path: [javaBin()] });
    await clean.said('alive bytes=');
    jvm.signal('SIGCONT');
    const run = await clean.ended;

    expect(linesOf(run)).toEqual(['jmap-dump-tool 1', 'done']);
    expect(existsSync(dir)).toBe(false);
    expect(jvm.isAlive()).toBe(true);
    expect(dumpsOf(jvm)).toBe(1);
    expect(readdirSync('/tmp')).not.toContain(`.attach_pid${jvm.pid}`);
  });
});
