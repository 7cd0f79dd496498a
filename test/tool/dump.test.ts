import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { emptyFolder, fakeCommand } from './fake-command.ts';
import { compileProgram, dumpsOf, javaBin, makeWorkDir, procOf, type RunningJvm, startJvm } from './jvm.ts';
import { factOf, linesOf, runTool, startTool } from './run-tool.ts';
import { shells } from './shells.ts';

const classes = compileProgram();

const dumpWords = (jvm: RunningJvm, dir: string): string[] => [
  'dump',
  '--pid',
  String(jvm.pid),
  '--start',
  jvm.start,
  '--dir',
  dir,
];

/** First 18 and last 9 bytes. */
function endsOf(file: string): { head: string; tail: string } {
  const handle = openSync(file, 'r');
  const [head, tail] = [Buffer.alloc(18), Buffer.alloc(9)];
  readSync(handle, head, 0, 18, 0);
  readSync(handle, tail, 0, 9, fstatSync(handle).size - 9);
  closeSync(handle);
  return { head: head.toString('latin1'), tail: tail.toString('hex') };
}

describe.each(shells())('A dump under $name', (shell) => {
  const options = { path: [javaBin()] };

  it('is written once, proved by its header and its end mark, and named by project, app and environment', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const file = join(dir, 'heap.hprof');

    const run = await runTool(shell, [...dumpWords(jvm, dir), 'shop', 'order-service', 'prod'], options);

    expect(linesOf(run)[0]).toBe('jmap-dump-tool 1');
    expect(linesOf(run)[1]).toBe(`dumping pid=${jvm.pid} tool=jcmd`);
    expect(factOf(run, 'dumped', 'file')).toBe(file);
    expect(factOf(run, 'dumped', 'bytes')).toBe(String(statSync(file).size));
    expect(factOf(run, 'dumped', 'adopted')).toBe('no');
    expect(linesOf(run).slice(-2)).toEqual(['named key=shop/order-service/prod/test1234.hprof', 'done']);
    expect(run.exitCode).toBe(0);
    expect(endsOf(file)).toEqual({ head: 'JAVA PROFILE 1.0.2', tail: '2c0000000000000000' });
    expect(dumpsOf(jvm)).toBe(1);
  });

  it('leaves the same files behind when the tool itself comes by stdin, and no record of a process', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();

    const run = await runTool(shell, dumpWords(jvm, dir), { ...options, stdin: 'tool' });

    expect(linesOf(run).at(-1)).toBe('done');
    expect(readdirSync(dir).sort()).toEqual(['dump.out', 'heap.hprof', 'jvm.pid']);
  });

  it('of all objects, garbage included, begins with no collection', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();

    const run = await runTool(shell, [...dumpWords(jvm, dir), '--all'], options);

    expect(factOf(run, 'dumped', 'adopted')).toBe('no');
    expect(dumpsOf(jvm)).toBe(0);
  });

  it('never overwrites, and its jcmd is small and has none of the agents of the application', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const seen = join(emptyFolder(), 'seen');
    const jcmd = fakeCommand(
      'jcmd',
      `echo "\${JAVA_TOOL_OPTIONS-none} $*" >> ${seen}; exec ${javaBin()}/jcmd "$@"`,
    );

    const run = await runTool(shell, dumpWords(jvm, dir), {
      path: [jcmd],
      env: { JAVA_TOOL_OPTIONS: '-javaagent:/no/such.jar' },
    });

    const small = '-J-Xmx16m -J-XX:+UseSerialGC -J-XX:TieredStopAtLevel=1 -J-XX:-UsePerfData';
    expect(readFileSync(seen, 'latin1').split('\n').at(-2)).toBe(
      `none ${small} ${jvm.pid} GC.heap_dump ${dir}/heap.hprof`,
    );
    expect(linesOf(run).at(-1)).toBe('done');
  });

  it('is not taken a second time by a second call, which adopts the first', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    await runTool(shell, dumpWords(jvm, dir), options);

    const second = await runTool(shell, dumpWords(jvm, dir), options);

    expect(factOf(second, 'dumped', 'adopted')).toBe('yes');
    expect(linesOf(second).some((line) => line.startsWith('dumping'))).toBe(false);
    expect(dumpsOf(jvm)).toBe(1);
  });

  it('stays for the answer to its last line, as exec may lose what a process says that ends at once', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();

    const tool = startTool(shell, [...dumpWords(jvm, dir), '--ack'], { ...options, stdin: 'open' });
    await tool.said('done\n');
    // Long enough for one that does not wait to be gone.
    await sleep(300);
    const endedBefore = tool.child.exitCode;
    tool.child.stdin?.write('ok\n');

    expect(endedBefore).toBe(null);
    expect((await tool.ended).exitCode).toBe(0);
  });

  it('is not begun where the predicted file would not fit, and the numbers are told', async () => {
    const jvm = await startJvm(classes);
    const dir = makeWorkDir();
    const heap = 'garbage-first heap   total 900000000000K, used 400000000000K [0x0, 0x1)';
    const path = [fakeCommand('jcmd', `echo 'JDK 25.0.5'; echo ' ${heap}'`)];

    const run = await runTool(shell, dumpWords(jvm, dir), { path });

    expect(factOf(run, 'failed', 'code')).toBe('not-enough-disk');
    // 2.1 × what is used and a constant part, twice from JDK 25 on (16).
    expect(factOf(run, 'failed', 'need')).toBe(String(2 * (2.1 * 400_000_000_000 * 1024 + 10_000_000)));
    expect(Number(factOf(run, 'failed', 'free'))).toBeGreaterThan(0);
    expect(run.exitCode).toBe(19);
    expect(dumpsOf(jvm)).toBe(0);
  });

  it('takes a person three words, and the lowest pid', async () => {
    const [first, second] = [await startJvm(classes), await startJvm(classes)];
    const proc = procOf([first.pid, second.pid]);

    const run = await runTool(shell, ['shop', 'order-service', 'prod'], {
      ...options,
      env: { JMAP_DUMP_PROC: proc, HOME: proc },
    });
    const file = factOf(run, 'dumped', 'file') ?? '';
    const made = existsSync(file);
    const dir = join(file, '..');
    const cleaned = await runTool(shell, ['clean', '--dir', dir], options);

    const lowest = Math.min(first.pid, second.pid);
    expect(factOf(run, 'dumping', 'pid')).toBe(String(lowest));
    expect(factOf(run, 'named', 'key')).toMatch(/^shop\/order-service\/prod\/manual-\d+\.hprof$/);
    expect(made).toBe(true);
    expect(linesOf(cleaned).at(-1)).toBe('done');
    expect(existsSync(dir)).toBe(false);
  });
});
