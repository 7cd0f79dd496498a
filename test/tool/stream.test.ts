import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { emptyFolder, fakeCommand } from './fake-command.ts';
import { compileProgram, dumpsOf, javaBin, makeWorkDir, type RunningJvm, startJvm } from './jvm.ts';
import { factOf, linesOf, type RunningTool, runTool, startTool, type ToolRun } from './run-tool.ts';
import { wordOf } from './served.ts';
import { type Shell, shells } from './shells.ts';

const classes = compileProgram();
const options = { path: [javaBin()] };

const wordsOf = (command: string, jvm: RunningJvm, dir: string): string[] => [
  command,
  '--pid',
  String(jvm.pid),
  '--start',
  jvm.start,
  '--dir',
  dir,
];
const streamWords = (jvm: RunningJvm, dir: string): string[] => [
  ...wordsOf('stream', jvm, dir),
  '--sum',
  'md5',
];

/** What it said on stderr, without heartbeats and sentences for people. */
const saidBy = (run: Pick<ToolRun, 'stderr'>): string[] =>
  run.stderr
    .split('\n')
    .filter((line) => /^(jmap-dump-tool 1|[a-z]+( [a-z-]+=.*)?)$/.test(line) && !line.startsWith('alive'));
const lineOf = (run: Pick<ToolRun, 'stderr'>, word: string): string | undefined =>
  saidBy(run).find((line) => line.startsWith(`${word} `));

/** A stream whose client reads nothing: the JVM stands still. */
async function stuckStream(
  shell: Shell,
  ...more: string[]
): Promise<{ jvm: RunningJvm; dir: string; tool: RunningTool }> {
  const jvm = await startJvm(classes);
  const dir = makeWorkDir();
  const tool = startTool(shell, [...streamWords(jvm, dir), ...more], options);
  tool.child.stdout?.pause();
  // The pipes and buffers in between take some of it.
  while (!/^alive bytes=[1-9]\d{4}/m.test(tool.text())) await sleep(20);
  return { jvm, dir, tool };
}

/** It answers jcmd, and what was left in the container is gone. */
async function expectWell(shell: Shell, jvm: RunningJvm, dir: string): Promise<void> {
  const probe = await runTool(shell, ['probe', '--pid', String(jvm.pid)], options);
  const clean = await runTool(shell, ['clean', '--dir', dir, '--wait', '20'], options);
  expect(Number(factOf(probe, 'heap', 'used'))).toBeGreaterThan(0);
  expect(linesOf(clean)).toEqual(['jmap-dump-tool 1', 'done']);
  expect(existsSync(dir)).toBe(false);
  expect(jvm.isAlive()).toBe(true);
}

describe.each(shells())('A dump into a pipe, under $name', (shell) => {
  it('is whole, with its checksum, on no disk, and once for a directory', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const tool = startTool(shell, [...streamWords(jvm, dir), '--ack'], { ...options, stdin: 'open' });
    await tool.said('done\n');
    const endedBefore = tool.child.exitCode;
    tool.child.stdin?.end('ok\n');

    const run = await tool.ended;
    const again = await runTool(shell, streamWords(jvm, dir), options);
    const dump = await runTool(shell, wordsOf('dump', jvm, dir), options);

    const md5 = createHash('md5').update(run.stdout).digest('hex');
    expect(saidBy(run).slice(0, 2)).toEqual(['jmap-dump-tool 1', `dumping pid=${jvm.pid} tool=jcmd`]);
    expect(lineOf(run, 'streamed')).toMatch(
      new RegExp(`^streamed bytes=${run.stdout.length} sum=md5:${md5} ms=\\d+ tool=jcmd$`),
    );
    expect(run.stdout.subarray(0, 18).toString('latin1')).toBe('JAVA PROFILE 1.0.2');
    expect(run.stdout.subarray(-9).toString('hex')).toBe('2c0000000000000000');
    expect([endedBefore, run.exitCode]).toEqual([null, 0]);
    expect(lineOf(again, 'failed')).toBe(`failed code=stream-broken pid=${jvm.pid} again=yes`);
    expect([again.exitCode, again.stdout.length]).toEqual([32, 0]);
    expect(factOf(dump, 'failed', 'code')).toBe('stream-broken');
    expect(dumpsOf(jvm)).toBe(1);
    expect(readdirSync(dir).sort()).toEqual(['dump.out', 'jvm.pid']);
    await expectWell(shell, jvm, dir);
  });

  it('of all objects, garbage included, begins with no collection', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();

    const run = await runTool(shell, [...streamWords(jvm, dir), '--all'], options);

    expect(saidBy(run).at(-1)).toBe('done');
    expect(dumpsOf(jvm)).toBe(0);
  });

  it('ends when no byte moves for a while, and the application goes on', async () => {
    const { jvm, dir, tool } = await stuckStream(shell, '--idle', '2');

    await tool.said('failed code=stream-broken');
    tool.child.stdout?.resume();
    const run = await tool.ended;

    expect(run.exitCode).toBe(32);
    expect(run.stderr).toContain('Broken pipe');
    expect(dumpsOf(jvm)).toBe(1);
    await expectWell(shell, jvm, dir);
  });

  it('ends when its client is gone, by whatever way', async () => {
    const [closed, terminated, killed] = await Promise.all([
      stuckStream(shell),
      stuckStream(shell),
      stuckStream(shell),
    ]);

    closed.tool.child.stdout?.destroy();
    terminated.tool.child.kill('SIGTERM');
    killed.tool.child.kill('SIGKILL');
    await closed.tool.said('failed code=stream-broken');
    await Promise.all([closed, terminated, killed].map(({ jvm, dir }) => expectWell(shell, jvm, dir)));

    for (const { tool } of [terminated, killed]) tool.child.stdout?.resume();
    expect((await terminated.tool.ended).exitCode).toBe(143);
    expect((await killed.tool.ended).signal).toBe('SIGKILL');
  });

  it('is ended by cleaning up, which leaves nothing behind', async () => {
    const { jvm, dir, tool } = await stuckStream(shell);

    const clean = await runTool(shell, ['clean', '--dir', dir, '--wait', '20'], options);
    const gone = !existsSync(dir);
    const probe = await runTool(shell, ['probe', '--pid', String(jvm.pid)], options);

    expect(linesOf(clean)).toEqual(['jmap-dump-tool 1', 'done']);
    expect(gone).toBe(true);
    expect(Number(factOf(probe, 'heap', 'used'))).toBeGreaterThan(0);
    tool.child.stdout?.resume();
    expect((await tool.ended).signal).toBe('SIGKILL');
  });

  it('is jvm-died where the JVM was killed', async () => {
    const { jvm, dir, tool } = await stuckStream(shell);

    jvm.signal('SIGKILL');
    tool.child.stdout?.resume();
    const run = await tool.ended;

    expect(lineOf(run, 'failed')).toContain('failed code=jvm-died');
    expect(readdirSync(dir).sort()).toEqual(['dump.out', 'jvm.pid']);
  });

  it('keeps no JVM waiting that comes to the pipe when nobody reads it any more', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const marks = emptyFolder();
    // As a busy JVM: it opens the pipe long after it was told to, and would stand there for ever.
    const late = `: > ${marks}/asked; sleep 2; (echo part > ${dir}/heap.hprof); : > ${marks}/opened`;
    const path = [
      fakeCommand('jcmd', `case "$*" in *heap.hprof) ${late} ;; *) exec ${javaBin()}/jcmd "$@" ;; esac`),
    ];

    const tool = startTool(shell, streamWords(jvm, dir), { path });
    while (!existsSync(join(marks, 'asked'))) await sleep(20);
    tool.child.kill('SIGKILL');

    while (!existsSync(join(marks, 'opened'))) await sleep(20);
    await tool.ended;
    expect(existsSync(join(dir, 'heap.hprof'))).toBe(true);
  });

  it('is not tried where the JVM cannot do it, or needs the disk for it all the same', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const marks = emptyFolder();
    const help = 'JDK 17.0.1\nGC.heap_dump\nSyntax : GC.heap_dump [options] <filename>\n\t-all : [optional]';
    const jcmd = (more: string) =>
      fakeCommand('jcmd', `case "$*" in *heap.hprof) : > ${marks}/ran ;; esac; printf '${help}${more}\\n'`);
    const stream = (path: readonly string[]) => runTool(shell, streamWords(jvm, dir), { path });

    const runs = [
      await stream([jcmd('')]),
      await stream([jcmd('\n\t-overwrite : [optional]\n\t-parallel : [optional]')]),
    ];
    const deaf = await stream([fakeCommand('jcmd', `echo "target process doesn't respond"; exit 1`)]);
    const left = readdirSync(dir);
    const dump = await runTool(shell, wordsOf('dump', jvm, dir), options);

    expect(runs.map((run) => lineOf(run, 'failed'))).toEqual([
      `failed code=no-pipe-dump pid=${jvm.pid} bytes=0`,
      `failed code=no-pipe-dump pid=${jvm.pid} bytes=0`,
    ]);
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([31, 31]);
    expect(lineOf(deaf, 'failed')).toContain('code=attach-timeout');
    expect(readdirSync(marks)).toEqual([]);
    // The application was not paused: the directory is free for a dump of the other kind.
    expect(left).toEqual([]);
    expect(factOf(dump, 'dumped', 'adopted')).toBe('no');
    expect(wordOf(lineOf(deaf, 'failed'), 'pid')).toBe(String(jvm.pid));
  });
});
