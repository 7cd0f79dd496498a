import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, fakeCommand } from './fake-command.ts';
import { type FakeProcess, fakeProc } from './fake-proc.ts';
import { makeWorkDir } from './jvm.ts';
import { factOf, linesOf, runTool, type ToolRun } from './run-tool.ts';
import { type Shell, shells } from './shells.ts';

const PID = 4242;

/** What JDK tools print instead of a dump, word for word. F is the dump's file. */
const SAID: readonly (readonly [string, string, number, string])[] = [
  ['a full disk, JDK 8', '4242:\nNo space left on device', 0, 'disk-full'],
  [
    'a full disk, JDK 11 to 26',
    '4242:\nDumping heap to F ...\nDump file is incomplete: No space left on device',
    0,
    'disk-full',
  ],
  [
    'a full disk, jattach',
    'Connected to remote JVM\nJVM response code = 0\nDumping heap to F ...\nDump file is incomplete: No space left on device',
    0,
    'disk-full',
  ],
  ['a directory that went, JDK 8', 'Dumping heap to F ...\nNo such file or directory', 0, 'no-writable-dir'],
  ['a directory that went', 'Unable to create F: No such file or directory', 0, 'no-writable-dir'],
  ['a directory of somebody else', 'Unable to create F: Permission denied', 0, 'no-writable-dir'],
  [
    'a merge that failed, JDK 25 and 26',
    'Dump file is incomplete: Failed to merge segmented heap file',
    0,
    'dump-failed',
  ],
  ['a broken pipe', 'Dump file is incomplete: Broken pipe', 0, 'stream-broken'],
  [
    'an argument that it does not know',
    'java.lang.IllegalArgumentException: Unknown argument',
    1,
    'dump-failed',
  ],
  [
    'a JVM that forbids it',
    'com.sun.tools.attach.AttachNotSupportedException: The VM does not support the attach mechanism',
    1,
    'attach-disabled',
  ],
  [
    'no answer, JDK 8',
    '4242: Unable to open socket file: target process not responding or HotSpot VM not loaded',
    1,
    'attach-timeout',
  ],
  [
    'no answer, JDK 11 to 26',
    "Exception: Unable to open socket file /tmp/.java_pid4242: target process 4242 doesn't respond within 10500ms or HotSpot VM not loaded",
    1,
    'attach-timeout',
  ],
  ['no answer, jattach', 'Could not start attach mechanism: No such file or directory', 1, 'attach-timeout'],
  ["another user's JVM, no socket yet", 'java.io.IOException: Operation not permitted', 1, 'attach-denied'],
  [
    "another user's JVM",
    'java.io.IOException: well-known file /tmp/.java_pid4242 is not secure: file should be owned by the current user (which is 0) but is owned by 1000',
    1,
    'attach-denied',
  ],
  [
    "another user's JVM, jattach",
    'Failed to change credentials to match the target process: Operation not permitted',
    1,
    'attach-denied',
  ],
  ['a read-only /tmp', 'java.io.IOException: Read-only file system', 1, 'read-only-tmp'],
  [
    'a read-only /tmp, jattach',
    'Could not start attach mechanism: Read-only file system',
    1,
    'read-only-tmp',
  ],
  ['a process that went', 'java.io.IOException: No such process', 1, 'no-such-jvm'],
  ['a process that went, jattach', 'Process 4242 not found', 1, 'no-such-jvm'],
  [
    'a JVM that starts, JDK 25',
    'java.io.IOException: pid: 4242, state is not ready to participate in attach handshake!',
    1,
    'jvm-not-ready',
  ],
];

interface Scene {
  readonly process?: Partial<FakeProcess>;
  readonly mounts?: string;
  /** What jcmd does when it is to dump; $F is the file, $JVM the process's folder in /proc. */
  readonly jcmd?: string;
}

/** A dump of a JVM that exists in a made /proc alone, by a tool of a few lines. */
async function dumpIn(scene: Scene, shell: Shell): Promise<{ run: ToolRun; dir: string; attached: boolean }> {
  const proc = fakeProc([{ pid: PID, start: 77, ...scene.process }], scene.mounts);
  const dir = makeWorkDir();
  chmodSync(dir, 0o1777);
  const marks = emptyFolder();
  const folder = fakeCommand(
    'jcmd',
    `F=${dir}/heap.hprof JVM=${proc}/${PID}\ncase "$*" in *heap.hprof*) : > ${marks}/ran; ${scene.jcmd ?? 'exit 1'} ;; *) exit 1 ;; esac`,
  );
  const words = ['dump', '--pid', String(PID), '--start', '77', '--dir', dir];
  const run = await runTool(shell, words, { path: [folder], env: { JMAP_DUMP_PROC: proc } });
  return { run, dir, attached: existsSync(join(marks, 'ran')) };
}

const WHOLE = "{ printf 'JAVA PROFILE 1.0.2\\0'; printf '\\054\\0\\0\\0\\0\\0\\0\\0\\0'; } > \"$F\"";
const CUT = "{ printf 'JAVA PROFILE 1.0.2\\0'; printf '\\034abcdefghijkl'; } > \"$F\"";
const NO_HEADER = `{ printf 'JAVA PROFILE 2.0.2\\0'; printf '\\054\\0\\0\\0\\0\\0\\0\\0\\0'; } > "$F"`;
const CREATED = 'echo "Dumping heap to $F ..."; echo "Heap dump file created [27 bytes in 0.1 secs]"';

describe.each(shells())('What can go wrong with an attach, under $name', (shell) => {
  it.each(SAID)('is named for %s', async (_case, text, exitCode, code) => {
    const said = text.replaceAll(/\bF\b/g, '$F');
    const { run, dir, attached } = await dumpIn(
      {
        jcmd: `${exitCode === 0 ? 'echo part > "$F";' : ''} printf '%s\\n' "${said}"; exit ${exitCode}`,
      },
      shell,
    );

    expect(attached).toBe(true);
    expect(factOf(run, 'failed', 'code')).toBe(code);
    expect(run.exitCode).toBeGreaterThan(9);
    expect(linesOf(run)).not.toContain('done');
    // A failed dump only takes room.
    expect(readdirSync(dir)).not.toContain('heap.hprof');
  });

  it('is no success without the line that says so, though a whole file is there and the exit code is 0', async () => {
    const { run } = await dumpIn({ jcmd: `${CUT}; echo "Dumping heap to $F ..."; rm -r "$JVM"` }, shell);

    expect(factOf(run, 'failed', 'code')).toBe('jvm-died');
  });

  it('is no success without a whole file, though the JVM says so', async () => {
    const codes: (string | undefined)[] = [];
    for (const script of [CUT, NO_HEADER, ':']) {
      const { run } = await dumpIn({ jcmd: `${script}; ${CREATED}` }, shell);
      codes.push(factOf(run, 'failed', 'code'));
    }

    expect(codes).toEqual(['dump-invalid', 'dump-invalid', 'dump-vanished']);
  });

  it('is a success with the line of JDK 8, which tells no size', async () => {
    const { run } = await dumpIn({ jcmd: `${WHOLE}; echo 'Heap dump file created'` }, shell);

    expect(factOf(run, 'dumped', 'adopted')).toBe('no');
    expect(run.exitCode).toBe(0);
  });

  it('is JVM death, also where JDK 25 exits with 0, and what it wrote is removed', async () => {
    const { run, dir } = await dumpIn(
      { jcmd: `${CUT}; echo part > "$F.p0"; echo "Dumping heap to $F ..."; rm -r "$JVM"; exit 0` },
      shell,
    );

    expect(factOf(run, 'failed', 'code')).toBe('jvm-died');
    expect(readdirSync(dir).filter((name) => name.startsWith('heap'))).toEqual([]);
  });

  it('is no failure where the JVM refuses a second dump to the same name: the first is taken', async () => {
    const { run } = await dumpIn({ jcmd: `${WHOLE}; echo "Unable to create $F: File exists"` }, shell);

    expect(factOf(run, 'dumped', 'adopted')).toBe('yes');
  });

  it('can be tried again in the same directory where the application was not paused', async () => {
    const proc = fakeProc([{ pid: PID, start: 77 }]);
    const dir = makeWorkDir();
    const words = ['dump', '--pid', String(PID), '--start', '77', '--dir', dir];
    const env = { JMAP_DUMP_PROC: proc };
    const deaf = fakeCommand('jcmd', `echo "target process 4242 doesn't respond within 10500ms"; exit 1`);
    const well = fakeCommand(
      'jcmd',
      `F=${dir}/heap.hprof; case "$*" in *heap.hprof*) ${WHOLE}; ${CREATED} ;; esac`,
    );

    const first = await runTool(shell, words, { path: [deaf], env });
    const second = await runTool(shell, words, { path: [well], env });

    expect(factOf(first, 'failed', 'code')).toBe('attach-timeout');
    expect(factOf(second, 'dumped', 'adopted')).toBe('no');
  });

  it('means that nothing is attached to: another start time, no SIGQUIT handler, a flag, a read-only /tmp', async () => {
    const scenes: readonly Scene[] = [
      { process: { start: 78 } },
      // SIGQUIT is bit 2 of the last digit: 9 lacks it.
      { process: { caught: '0000000181005cc9' } },
      { process: { maps: undefined, uid: 4242, caught: '0000000000000000' } },
      { process: { maps: '7f00-7f01 r-xp 0 08:01 1 /usr/bin/sleep\n' } },
      { process: { args: ['java', '-XX:+DisableAttachMechanism', 'Main'] } },
      { mounts: 'overlay / overlay rw 0 0\ntmpfs /tmp tmpfs ro,nosuid 0 0\n' },
    ];

    const results = await Promise.all(scenes.map((scene) => dumpIn(scene, shell)));

    expect(results.map(({ run }) => factOf(run, 'failed', 'code'))).toEqual([
      'jvm-replaced',
      'jvm-not-ready',
      'jvm-not-ready',
      'no-such-jvm',
      'attach-disabled',
      'read-only-tmp',
    ]);
    expect(results.map(({ attached }) => attached)).toEqual(scenes.map(() => false));
  });
});
