import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { emptyFolder, fakeCommand } from './fake-command.ts';
import { type FakeProcess, fakeProc, myUid } from './fake-proc.ts';
import { HEAPS, HELPS } from './heap-answers.ts';
import { compileProgram, javaBin, makeWorkDir, procOf, startJvm } from './jvm.ts';
import { factOf, linesOf, runTool, type ToolRun } from './run-tool.ts';
import { shells } from './shells.ts';

const classes = compileProgram();

const of = (run: ToolRun, word: string): string[] =>
  linesOf(run).filter((line) => line.startsWith(`${word} `));

describe.each(shells())('A look at a container, under $name', (shell) => {
  const probe = (
    processes: readonly FakeProcess[],
    options: {
      mounts?: string;
      env?: Record<string, string>;
      path?: readonly string[];
      words?: string[];
    } = {},
  ) =>
    runTool(shell, ['probe', ...(options.words ?? [])], {
      path: options.path ?? [fakeCommand('jcmd', 'exit 1')],
      env: { JMAP_DUMP_PROC: fakeProc(processes, options.mounts), ...options.env },
    });

  it('finds JVMs by what they are made of, not by their name, and the lowest pid first', async () => {
    const run = await probe([
      {
        pid: 112,
        comm: 'shop server',
        args: ['/app/bin/shop server', '-Dx=a\nb', '-m', 'shop/com.example.Shop'],
      },
      {
        pid: 9,
        start: 55,
        args: ['java', '-Xmx64m', '-cp', '/a:/b', '-Xmx512m', 'com.example.Launcher', '-Xmx9g'],
      },
      { pid: 30, args: ['java', '-jar', '/opt/app/app.jar', '--port=1'], maps: undefined, uid: 4242 },
      { pid: 31, comm: 'java', args: ['java', '600'], maps: '7f00-7f01 r-xp 0 08:01 1 /usr/bin/sleep\n' },
      { pid: 32, comm: 'bash', args: ['bash', '/bin/java'], maps: undefined, uid: 4242 },
      { pid: 40, comm: 'jcmd', args: ['jcmd', '9', 'VM.version'] },
    ]);

    const uid = myUid();
    expect(of(run, 'jvm')).toEqual([
      `jvm pid=9 start=55 uid=${uid} gid=${uid} catches-quit=yes main=com.example.Launcher args-xmx=512m`,
      'jvm pid=30 start=1000 uid=4242 gid=4242 catches-quit=yes main=app.jar',
      `jvm pid=112 start=1000 uid=${uid} gid=${uid} catches-quit=yes main=com.example.Shop`,
    ]);
    expect(of(run, 'chosen')).toEqual(['chosen pid=9']);
  });

  it('passes over a JVM that does not catch SIGQUIT yet, and looks at the one that was named', async () => {
    const processes = [{ pid: 1, caught: '0000000000000000' }, { pid: 2 }, { pid: 3 }];

    const [first, named] = [await probe(processes), await probe(processes, { words: ['--pid', '3'] })];
    const none = await probe([{ pid: 1, caught: '0000000000000000' }]);

    expect(factOf(first, 'chosen', 'pid')).toBe('2');
    expect(factOf(named, 'chosen', 'pid')).toBe('3');
    expect(of(none, 'chosen')).toEqual([]);
    expect(linesOf(none).at(-1)).toBe('done');
  });

  it('prints no byte that could be taken for another word or line', async () => {
    const run = await probe([{ pid: 9, args: ['java', 'com.example.Main$Inner é"x\ndone'] }]);

    expect(factOf(run, 'jvm', 'main')).toMatch(/^com\.example\.Main\$Inner_+x_done$/);
  });

  it.each(HEAPS)('reads the heap of %s', async (_jdk, answer, heap) => {
    const run = await probe([{ pid: 9 }], { path: [fakeCommand('jcmd', `cat <<'END'\n9:\n${answer}\nEND`)] });

    expect(of(run, 'heap')).toEqual([`heap pid=9 ${heap}`]);
  });

  it.each(HELPS)('tells whether %s can dump into a pipe', async (_jdk, help, facts) => {
    const heap = 'garbage-first heap   total 131072K, used 1K [0x0, 0x1)';
    const answer = `9:\nJDK 99.0.1\n ${heap}\n${help}`;

    const run = await probe([{ pid: 9 }], { path: [fakeCommand('jcmd', `cat <<'END'\n${answer}\nEND`)] });

    expect(of(run, 'heap')).toEqual([`heap pid=9 used=1024 jdk=99 ${facts}`]);
  });

  it('says why the size of the heap is unknown, and does not ask a JVM that would not survive it', async () => {
    const marks = emptyFolder();
    const path = [fakeCommand('jcmd', `: > ${marks}/ran; exit 1`)];
    const readOnlyTmp = 'overlay / overlay rw 0 0\ntmpfs /tmp tmpfs ro 0 0\n';

    const readOnly = await probe([{ pid: 9 }], { path, mounts: readOnlyTmp });
    const disabled = await probe([{ pid: 9, args: ['java', '-XX:+DisableAttachMechanism', 'A'] }], { path });
    const notReady = await probe([{ pid: 9, caught: '0000000000000000' }], { path });
    const asked = readdirSync(marks);
    const silent = await probe([{ pid: 9 }], { path });

    expect(of(readOnly, 'heap-unknown')).toEqual(['heap-unknown pid=9 reason=read-only-tmp']);
    expect(of(disabled, 'heap-unknown')).toEqual(['heap-unknown pid=9 reason=attach-disabled']);
    expect(of(notReady, 'heap')).toEqual([]);
    expect(asked).toEqual([]);
    expect(of(silent, 'heap-unknown')).toEqual(['heap-unknown pid=9 reason=no-answer']);
    expect(linesOf(silent).at(-1)).toBe('done');
  });

  it('lists one directory for each file system, memory last, and none that is read-only or no directory', async () => {
    const root = emptyFolder();
    for (const name of ['data', 'again', 'memory', 'frozen', 'with space']) mkdirSync(join(root, name));
    writeFileSync(join(root, 'hosts'), '');
    const mounts = [
      'overlay / overlay ro 0 0',
      `proc ${root}/proc proc rw 0 0`,
      `tmpfs ${root}/memory tmpfs rw,size=1k 0 0`,
      `/dev/vda1 ${root}/data ext4 rw,noexec 0 0`,
      `/dev/vda1 ${root}/again ext4 rw 0 0`,
      `/dev/vda1 ${root}/hosts ext4 rw 0 0`,
      `/dev/vdb1 ${root}/frozen ext4 ro 0 0`,
      `/dev/vdc1 ${root}/with\\040space ext4 rw 0 0`,
      '',
    ].join('\n');

    const run = await probe([{ pid: 9 }], { mounts });

    const dirs = of(run, 'dir').filter((line) => !line.includes('path=/dev/shm'));
    expect(dirs.map((line) => line.replace(/ free=\d+/, ''))).toEqual([
      `dir path=${root}/data type=ext4 exec=no memory=no`,
      `dir path=${root}/memory type=tmpfs exec=yes memory=yes`,
    ]);
    expect(Number(factOf(run, 'dir', 'free'))).toBeGreaterThan(0);
  });

  it("lists only what the JVM's own user may write to", async () => {
    const root = emptyFolder();
    for (const name of ['private', 'open']) mkdirSync(join(root, name));
    chmodSync(join(root, 'private'), 0o755);
    chmodSync(join(root, 'open'), 0o1777);
    const mounts = `overlay / overlay ro 0 0\n/dev/vda1 ${root}/private ext4 rw 0 0\n/dev/vdb1 ${root}/open ext4 rw 0 0\n`;

    const [own, other] = [
      await probe([{ pid: 9 }], { mounts }),
      await probe([{ pid: 9, uid: 4242 }], { mounts }),
    ];

    const paths = (run: ToolRun) =>
      of(run, 'dir').flatMap((line) => new RegExp(`path=${root}/(\\w+)`).exec(line)?.[1] ?? []);
    expect(paths(own).sort()).toEqual(['open', 'private']);
    expect(paths(other)).toEqual(['open']);
  });

  it('reads the limit of memory of both versions of cgroups, without the page cache that can be given back', async () => {
    const [v2, v1, none] = [emptyFolder(), emptyFolder(), emptyFolder()];
    const write = (folder: string, name: string, text: string) => {
      const path = join(folder, 'fs/cgroup', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    };
    write(v2, 'memory.max', '536870912\n');
    write(v2, 'memory.current', '400000000\n');
    write(v2, 'memory.stat', 'anon 1\nfile 3\ninactive_file 100000000\nactive_file 2\n');
    write(v1, 'memory/memory.limit_in_bytes', '536870912\n');
    write(v1, 'memory/memory.usage_in_bytes', '400000000\n');
    write(v1, 'memory/memory.stat', 'inactive_file 7\ntotal_inactive_file 50000000\n');
    write(none, 'memory.max', 'max\n');
    write(none, 'memory.current', '5\n');

    const runs = await Promise.all(
      [v2, v1, none].map((folder) => probe([{ pid: 9 }], { env: { JMAP_DUMP_SYS: folder } })),
    );

    expect(runs.flatMap((run) => of(run, 'memory'))).toEqual([
      'memory limit=536870912 used=300000000',
      'memory limit=536870912 used=350000000',
      'memory limit=none used=5',
    ]);
  });

  it('tells what an earlier request left, and whether somebody is still at work on it', async () => {
    const home = mkdtempSync(join(tmpdir(), 'home-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    for (const id of ['aaaaaaaa', 'bbbbbbbb']) mkdirSync(join(home, `.heapdump-bot-${id}`));
    writeFileSync(join(home, '.heapdump-bot-aaaaaaaa/heap.hprof'), '12345');
    writeFileSync(join(home, '.heapdump-bot-aaaaaaaa/heap.hprof.p0'), '123');
    writeFileSync(join(home, '.heapdump-bot-bbbbbbbb/dump.pid'), '70 1000\n');
    const jcmd = {
      pid: 70,
      comm: 'jcmd',
      args: ['jcmd', '9', 'GC.heap_dump', `${home}/.heapdump-bot-bbbbbbbb/heap.hprof`],
    };

    const run = await probe([{ pid: 9 }, jcmd], { env: { HOME: home } });

    expect(of(run, 'leftover').filter((line) => line.includes(home))).toEqual([
      `leftover path=${home}/.heapdump-bot-aaaaaaaa bytes=8 alive=no`,
      `leftover path=${home}/.heapdump-bot-bbbbbbbb bytes=0 alive=yes`,
    ]);
  });

  it('of a real JVM finds its tools, its heap and a place, and writes nothing', async () => {
    const [cwd, home] = [makeWorkDir(), makeWorkDir()];
    const jvm = await startJvm(classes, { heapMiB: 40, cwd, flags: ['-XX:-UsePerfData'] });
    const env = { JMAP_DUMP_PROC: procOf([jvm.pid]), HOME: home };

    const run = await runTool(shell, ['probe'], { path: [javaBin()], env, stdin: 'tool' });

    expect(factOf(run, 'jvm', 'main')).toBe('ReadyHeap');
    expect(of(run, 'tool')).toContain(`tool name=jcmd path=${javaBin()}/jcmd`);
    expect(Number(factOf(run, 'heap', 'used'))).toBeGreaterThan(40 * 1_048_576);
    expect(factOf(run, 'heap', 'max')).toBe(String(112 * 1_048_576));
    expect(factOf(run, 'heap', 'gc')).toBe('Serial');
    expect(of(run, 'dir').length).toBeGreaterThan(0);
    expect(run.stderr).toBe('');
    expect(linesOf(run).at(-1)).toBe('done');
    expect([readdirSync(cwd), readdirSync(home)]).toEqual([[], []]);
  });
});

describe.each(shells().slice(0, 1))('A JVM that does not answer', (shell) => {
  it('is not waited for longer than fifteen seconds or so, and its jcmd is ended', async () => {
    const marks = emptyFolder();
    const path = [fakeCommand('jcmd', `echo $$ > ${marks}/pid; exec sleep 600`)];

    const run = await runTool(shell, ['probe'], { path, env: { JMAP_DUMP_PROC: fakeProc([{ pid: 9 }]) } });

    const jcmd = readFileSync(join(marks, 'pid'), 'latin1').trim();
    expect(of(run, 'heap-unknown')).toEqual(['heap-unknown pid=9 reason=no-answer']);
    expect(linesOf(run).at(-1)).toBe('done');
    expect(existsSync(`/proc/${jcmd}/exe`)).toBe(false);
  });
});
