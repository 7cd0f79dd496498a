import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fakeCommand } from './fake-command.ts';
import { compileProgram, dumpsOf, javaBin, makeWorkDir, type RunningJvm, startJvm } from './jvm.ts';
import { factOf, killGroup, linesOf, type RunningTool, runTool, startTool } from './run-tool.ts';
import { type Shell, shells } from './shells.ts';

const classes = compileProgram();
const HEAP_MIB = 300;

interface HaltedDump {
  readonly jvm: RunningJvm;
  readonly dir: string;
  readonly file: string;
  readonly words: readonly string[];
  readonly tool: RunningTool;
}

/** A dump that stands still in its middle: the JVM is stopped as soon as a part of the file is there. */
async function haltedDump(shell: Shell): Promise<HaltedDump> {
  const jvm = await startJvm(classes, { heapMiB: HEAP_MIB });
  const dir = makeWorkDir();
  const file = join(dir, 'heap.hprof');
  const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];
  const tool = startTool(shell, words, { path: [javaBin()] });
  while (!existsSync(file) || statSync(file).size < 1_048_576) await sleep(1);
  jvm.signal('SIGSTOP');
  expect(statSync(file).size).toBeLessThan(HEAP_MIB * 1_048_576);
  return { jvm, dir, file, words, tool };
}

const attachPidIn = (dir: string): number =>
  Number(readFileSync(join(dir, 'dump.pid'), 'latin1').split(' ')[0]);

async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) {
    if (/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) return;
    await sleep(20);
  }
}

describe.each(shells())('A dump that is interrupted, under $name', (shell) => {
  const options = { path: [javaBin()] };

  it('goes on when its client and jcmd are killed, and the next call waits for it: one dump, one pause', async () => {
    const { jvm, file, words, tool } = await haltedDump(shell);
    killGroup(tool.child);
    await tool.ended;

    const second = startTool(shell, words, options);
    await second.said('alive bytes=');
    jvm.signal('SIGCONT');
    const run = await second.ended;

    expect(factOf(run, 'dumped', 'adopted')).toBe('yes');
    expect(factOf(run, 'dumped', 'bytes')).toBe(String(statSync(file).size));
    expect(statSync(file).size).toBeGreaterThan(HEAP_MIB * 1_048_576);
    expect(linesOf(run).at(-1)).toBe('done');
    expect(dumpsOf(jvm)).toBe(1);
  });

  it('is one dump for two calls at once, and both get it', async () => {
    const jvm = await startJvm(classes, { heapMiB: HEAP_MIB });
    const dir = makeWorkDir();
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];

    const runs = await Promise.all([runTool(shell, words, options), runTool(shell, words, options)]);

    const sizes = runs.map((run) => factOf(run, 'dumped', 'bytes'));
    expect(sizes).toEqual([sizes[0], sizes[0]]);
    expect(sizes[0]).toBe(String(statSync(join(dir, 'heap.hprof')).size));
    expect(runs.map((run) => factOf(run, 'dumped', 'adopted'))).toContain('yes');
    expect(dumpsOf(jvm)).toBe(1);
  });

  it('leaves the JVM at work and ends jcmd on SIGTERM, and says so', async () => {
    const { jvm, dir, words, tool } = await haltedDump(shell);
    const attach = attachPidIn(dir);

    if (tool.child.pid !== undefined) process.kill(tool.child.pid, 'SIGTERM');
    const run = await tool.ended;
    await gone(attach);
    jvm.signal('SIGCONT');
    const next = await runTool(shell, words, options);

    expect(run.exitCode).toBe(143);
    expect(run.stderr).toContain('A JVM that dumps goes on');
    expect(linesOf(run)).not.toContain('done');
    expect(factOf(next, 'dumped', 'adopted')).toBe('yes');
    expect(dumpsOf(jvm)).toBe(1);
  });

  it('is called busy after --max-wait, and stays for the next call', async () => {
    const { jvm, words, tool } = await haltedDump(shell);
    killGroup(tool.child);
    await tool.ended;

    const early = await runTool(shell, [...words, '--max-wait', '1'], options);
    jvm.signal('SIGCONT');
    const late = await runTool(shell, words, options);

    expect(factOf(early, 'failed', 'code')).toBe('busy');
    expect(early.exitCode).toBe(26);
    expect(factOf(late, 'dumped', 'adopted')).toBe('yes');
  });

  it('fails as jvm-died when the JVM is killed, frees the disk, and is not begun again by another call', async () => {
    const { jvm, dir, words, tool } = await haltedDump(shell);

    jvm.signal('SIGKILL');
    const run = await tool.ended;
    const again = await runTool(shell, words, options);

    expect(factOf(run, 'failed', 'code')).toBe('jvm-died');
    expect(run.exitCode).toBe(21);
    expect(readdirSync(dir)).not.toContain('heap.hprof');
    expect(factOf(again, 'failed', 'code')).toBe('jvm-died');
    expect(factOf(again, 'failed', 'again')).toBe('yes');
  });

  it('fails as jvm-died also when jcmd hears of it a moment before the process is gone', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const jcmd = fakeCommand('jcmd', `(sleep 0.5; kill -9 ${jvm.pid}) >/dev/null 2>&1 & exit 1`);
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];

    const run = await runTool(shell, words, { path: [jcmd, javaBin()] });

    expect(factOf(run, 'failed', 'code')).toBe('jvm-died');
  });

  it('fails as dump-incomplete where the end mark is missing, whatever the size', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];
    // Eight of the nine bytes are right.
    const tail = Buffer.from('2d0000000000000000', 'hex');
    writeFileSync(
      join(dir, 'heap.hprof'),
      Buffer.concat([Buffer.from('JAVA PROFILE 1.0.2\0'), Buffer.alloc(2_000_000, 7), tail]),
    );

    const run = await runTool(shell, words, options);

    expect(factOf(run, 'failed', 'code')).toBe('dump-incomplete');
    expect(run.exitCode).toBe(22);
    expect(existsSync(join(dir, 'heap.hprof'))).toBe(false);
    expect(dumpsOf(jvm)).toBe(0);
  });

  it('is adopted whole even though its JVM has ended since', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];
    await runTool(shell, words, options);
    jvm.signal('SIGKILL');
    await jvm.ended;

    const run = await runTool(shell, words, options);

    expect(factOf(run, 'dumped', 'adopted')).toBe('yes');
  });
});
