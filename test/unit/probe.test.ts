import { describe, expect, it } from 'vitest';
import {
  chooseAttachTool,
  chooseDir,
  chooseJvm,
  choosePlace,
  type Probe,
  predictedPauseMs,
  predictedPeakBytes,
  predictedSizeBytes,
  readProbe,
} from '../../src/worker/probe.ts';
import { StepError } from '../../src/worker/step-error.ts';
import { parseToolLine } from '../../src/worker/tool-lines.ts';

const probeOf = (...lines: string[]): Probe =>
  readProbe(lines.map(parseToolLine).filter((line) => line !== undefined));

function failureOf(choose: () => unknown): { code: string; detail: string } {
  try {
    choose();
  } catch (error) {
    if (error instanceof StepError) return { code: error.code, detail: error.detail };
    throw error;
  }
  throw new Error('Something was chosen');
}

const GB = 1_000_000_000;

describe('what a container says of itself', () => {
  it('is read from the lines of the tool', () => {
    const probe = probeOf(
      'tool name=jmap',
      'tool name=jcmd',
      'jvm pid=7 start=12345 uid=1000 catches-quit=yes main=com.example.Orders',
      'heap used=1500000000 max=4000000000 jdk=21 overwrite=yes parallel=no',
      'dir path=/tmp free=20000000000 exec=yes memory=no',
      'memory limit=4294967296 used=2000000000',
      'has name=sha256sum',
      'user uid=1000',
      'leftover path=/tmp/.heapdump-abcd1234 alive=no',
    );

    expect(probe).toEqual({
      tools: ['jmap', 'jcmd'],
      jvms: [{ pid: 7, startTime: 12_345, uid: 1000, mainClass: 'com.example.Orders', catchesQuit: true }],
      heap: { usedBytes: 1_500_000_000, maxBytes: 4_000_000_000, jdk: 21, dumpsIntoPipe: true },
      cannotAttach: undefined,
      dirs: [{ path: '/tmp', freeBytes: 20 * GB, allowsExecution: true, inMemory: false }],
      memory: { limitBytes: 4_294_967_296, usedBytes: 2_000_000_000 },
      commands: new Set(['sha256sum']),
      uid: 1000,
      leftovers: [{ path: '/tmp/.heapdump-abcd1234', alive: false }],
    });
  });

  it('may leave out what it does not know', () => {
    expect(probeOf('memory used=5', 'heap max=9')).toMatchObject({
      heap: undefined,
      memory: undefined,
      jvms: [],
      dirs: [],
    });
    expect(probeOf('heap used=9').heap).toEqual({
      usedBytes: 9,
      maxBytes: undefined,
      jdk: undefined,
      dumpsIntoPipe: false,
    });
  });

  it('lists the JVM with the lowest pid first, in whatever order they were found', () => {
    const probe = probeOf('jvm pid=70 start=1 uid=0', 'jvm pid=9 start=1 uid=0', 'jvm pid=110 start=1 uid=0');

    expect(probe.jvms.map(({ pid }) => pid)).toEqual([9, 70, 110]);
  });

  it.each([
    'jvm pid=0 start=1 uid=0',
    'jvm pid=-7 start=1 uid=0',
    'jvm pid=7;id start=1 uid=0',
    'jvm pid=7 uid=0',
    'jvm pid=7 start=1',
  ])('is not believed where it is implausible: %s', (line) => {
    expect(probeOf(line).jvms).toEqual([]);
  });

  it.each(['tmp', '', '/tmp/$(id)', '/tmp/`id`', "/tmp/'x", '/tmp/\u00e4', '/tmp/a;b', '/tmp/a*'])(
    'never makes an argument of a path such as %j',
    (path) => {
      const probe = probeOf(`dir path=${path} free=1 exec=yes memory=no`, `leftover path=${path} alive=no`);

      expect([probe.dirs, probe.leftovers]).toEqual([[], []]);
    },
  );

  it('cannot make a main class longer than the contract takes', () => {
    expect(probeOf(`jvm pid=7 start=1 uid=0 main=${'x'.repeat(5000)}`).jvms[0]?.mainClass).toHaveLength(300);
    expect(probeOf('jvm pid=7 start=1 uid=0 main=').jvms[0]?.mainClass).toBe('unknown');
  });
});

describe('which JVM is dumped', () => {
  it('is the lowest pid of those that catch SIGQUIT: to any other it would be fatal', () => {
    const probe = probeOf(
      'jvm pid=30 start=1 uid=0 catches-quit=yes',
      'jvm pid=20 start=1 uid=0 catches-quit=yes',
      'jvm pid=10 start=1 uid=0 catches-quit=no',
    );

    expect(chooseJvm(probe).pid).toBe(20);
  });

  it('is none where none catches it, or where there is no JVM', () => {
    expect(failureOf(() => chooseJvm(probeOf('jvm pid=7 start=1 uid=0 main=Main catches-quit=no')))).toEqual({
      code: 'jvm-not-ready',
      detail: 'pid 7 (Main) does not catch SIGQUIT',
    });
    expect(failureOf(() => chooseJvm(probeOf())).code).toBe('no-jvm');
  });
});

describe('which tool attaches', () => {
  it.each([
    [['jattach', 'jmap', 'jcmd'], 'jcmd'],
    [['jattach', 'jmap'], 'jmap'],
    [['jattach'], 'jattach'],
  ])('of %j is %s', (tools, chosen) => {
    expect(chooseAttachTool(probeOf(...tools.map((name) => `tool name=${name}`)))).toBe(chosen);
  });

  it('is none where the container has none, and what it has is named', () => {
    expect(failureOf(() => chooseAttachTool(probeOf('tool name=jps')))).toEqual({
      code: 'no-jdk-tools',
      detail: 'found only: jps',
    });
  });
});

describe('where the dump is written', () => {
  const dir = (path: string, free: number, exec = 'yes', memory = 'no') =>
    `dir path=${path} free=${free} exec=${exec} memory=${memory}`;

  it('is the roomiest directory that allows execution, before roomier ones that do not', () => {
    const probe = probeOf(dir('/a', 5 * GB), dir('/b', 9 * GB), dir('/c', 90 * GB, 'no'));

    expect(chooseDir(probe, 2 * GB).path).toBe('/b');
  });

  it('may forbid execution where no other has the room', () => {
    expect(chooseDir(probeOf(dir('/a', 1 * GB), dir('/c', 9 * GB, 'no')), 2 * GB).path).toBe('/c');
  });

  it('is enough where it is just enough, and is named with its size where it is not', () => {
    const probe = probeOf(dir('/a', 2 * GB), dir('/b', 1 * GB));

    expect(chooseDir(probe, 2 * GB).path).toBe('/a');
    expect(failureOf(() => chooseDir(probe, 2 * GB + 1))).toEqual({
      code: 'not-enough-disk',
      detail: 'up to 2001 MB needed; /a has 2000 MB, /b has 1000 MB',
    });
  });

  it('is in memory only where no disk has room and the container’s limit leaves room', () => {
    const shm = dir('/dev/shm', 64 * GB, 'yes', 'yes');
    const memory = (used: number) => `memory limit=${8 * GB} used=${used}`;

    expect(chooseDir(probeOf(shm, dir('/tmp', 9 * GB), memory(1 * GB)), 2 * GB).path).toBe('/tmp');
    expect(chooseDir(probeOf(shm, dir('/tmp', 1 * GB), memory(1 * GB)), 2 * GB).path).toBe('/dev/shm');
    expect(failureOf(() => chooseDir(probeOf(shm, memory(7 * GB)), 2 * GB)).code).toBe('not-enough-disk');
    expect(failureOf(() => chooseDir(probeOf(shm, memory(9 * GB)), 2 * GB)).code).toBe('no-writable-dir');
  });

  it('is never in memory where the limit is unknown: the JVM would be killed', () => {
    const probe = probeOf(dir('/dev/shm', 64 * GB, 'yes', 'yes'));

    expect(failureOf(() => chooseDir(probe, 1))).toEqual({
      code: 'no-writable-dir',
      detail: 'only memory file systems are writable',
    });
  });

  it('is any writable one where the size is unknown, and none where none is writable', () => {
    expect(chooseDir(probeOf(dir('/tmp', 0)), undefined).path).toBe('/tmp');
    expect(failureOf(() => chooseDir(probeOf(), undefined))).toEqual({ code: 'no-writable-dir', detail: '' });
  });
});

describe('a dump without disk', () => {
  const small = 'dir path=/tmp free=100000000 exec=yes memory=no';
  const pipes = ['has name=mkfifo', 'heap used=900000000 jdk=17 overwrite=yes parallel=no'];

  it('is made where it was asked for, with room for the tool alone', () => {
    expect(choosePlace(probeOf(small, ...pipes), 2 * GB, 'always')).toMatchObject({
      noDisk: true,
      dir: { path: '/tmp' },
    });
  });

  it('is made where nothing has room, if the rule says so, and not where a file fits', () => {
    expect(choosePlace(probeOf(small, ...pipes), 2 * GB, 'if-needed').noDisk).toBe(true);
    expect(choosePlace(probeOf(small, ...pipes), GB / 20, 'if-needed').noDisk).toBe(false);
  });

  it('is not made behind anybody’s back: without that rule the refusal names the numbers', () => {
    expect(failureOf(() => choosePlace(probeOf(small, ...pipes), 2 * GB, 'never'))).toEqual({
      code: 'not-enough-disk',
      detail: 'up to 2000 MB needed; /tmp has 100 MB',
    });
  });

  it.each([
    ['JDK 8, which refuses an existing name', 'heap used=9 jdk=8 overwrite=no parallel=no'],
    ['JDK 25, which writes the dump beside the pipe', 'heap used=9 jdk=25 overwrite=yes parallel=yes'],
  ])('is not made by %s', (_jvm, heap) => {
    const probe = probeOf(small, 'has name=mkfifo', heap);
    expect(failureOf(() => choosePlace(probe, 2 * GB, 'always')).code).toBe('no-pipe-dump');
    expect(failureOf(() => choosePlace(probe, 2 * GB, 'if-needed')).code).toBe('not-enough-disk');
  });
});

describe('what the reviewer is told beforehand', () => {
  it('is the most that the file can be', () => {
    expect(predictedSizeBytes(0)).toBe(10_000_000);
    expect(predictedSizeBytes(1_000_000_001)).toBe(2_110_000_003);
  });

  it('is twice the file on disk for JDK 25 and later, and where the JDK is unknown', () => {
    expect([8, 17, 21, 24].map((jdk) => predictedPeakBytes(100, jdk))).toEqual([100, 100, 100, 100]);
    expect([25, 26, undefined].map((jdk) => predictedPeakBytes(100, jdk))).toEqual([200, 200, 200]);
  });

  it('is a pause from that of a fast machine to that of a slow disk, growing with the heap', () => {
    expect(predictedPauseMs(0)).toEqual([100, 1000]);
    expect(predictedPauseMs(30 * GB)).toEqual([20_000, 240_000]);
  });
});
