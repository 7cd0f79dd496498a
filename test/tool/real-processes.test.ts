import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tools } from '../tools.ts';
import { emptyFolder, fakeCommand } from './fake-command.ts';
import { compileProgram, dumpsOf, javaBin, makeWorkDir, procOf, startJvm, startOf } from './jvm.ts';
import { factOf, linesOf, runTool } from './run-tool.ts';
import { shells } from './shells.ts';

const classes = compileProgram();
/** Other users and mounts of our own are root's to make; what the tool says of them is tested without, too. */
const isRoot = process.getuid?.() === 0;

describe.each(shells())('Real processes under $name', (shell) => {
  const options = { path: [javaBin()] };

  it('survive when they are no JVMs, whatever they are called', async () => {
    const script = 'setInterval(() => {}, 1000); console.log("ready")';
    const child = spawn(process.execPath, ['-e', script], {
      argv0: 'java',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const pid = child.pid ?? 0;
    const env = { JMAP_DUMP_PROC: procOf([pid]) };
    const words = ['--pid', String(pid), '--start', startOf(pid)];

    const probe = await runTool(shell, ['probe'], { ...options, env });
    const byHand = await runTool(shell, ['shop', 'app', 'prod'], { ...options, env });
    const dump = await runTool(shell, ['dump', ...words, '--dir', makeWorkDir()], { ...options, env });

    expect(linesOf(probe).filter((line) => line.startsWith('jvm'))).toEqual([]);
    expect(linesOf(byHand).at(-1)).toBe('failed code=no-jvm');
    expect(factOf(dump, 'failed', 'code')).toBe('no-such-jvm');
    expect(child.signalCode ?? child.exitCode).toBe(null);
  });

  it('get no thread dump into their log where attaching is disabled', async () => {
    const jvm = await startJvm(classes, { flags: ['-XX:+DisableAttachMechanism', '-XX:-UsePerfData'] });
    const words = ['--pid', String(jvm.pid), '--start', jvm.start];
    const env = { JMAP_DUMP_PROC: procOf([jvm.pid]) };

    const probe = await runTool(shell, ['probe'], { ...options, env });
    const dump = await runTool(shell, ['dump', ...words, '--dir', makeWorkDir()], { ...options, env });

    expect(factOf(probe, 'heap-unknown', 'reason')).toBe('attach-disabled');
    expect(factOf(dump, 'failed', 'code')).toBe('attach-disabled');
    expect(jvm.output()).not.toContain('Full thread dump');
  });

  it.runIf(isRoot)('of another user are dumped by root, and the file is theirs', async () => {
    const jvm = await startJvm(classes, { uid: 1000 });
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', makeWorkDir()];

    const run = await runTool(shell, words, options);

    expect(factOf(run, 'dumped', 'adopted')).toBe('no');
    expect(dumpsOf(jvm)).toBe(1);
  });

  it.runIf(isRoot)('of another user are not to be had by a third', async () => {
    const jvm = await startJvm(classes, { uid: 1000 });
    const dir = makeWorkDir();
    chmodSync(dir, 0o1777);
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];

    const run = await runTool(shell, words, { ...options, uid: 4242, stdin: 'tool' });

    expect(factOf(run, 'failed', 'code')).toBe('attach-denied');
    expect(run.exitCode).toBe(15);
    expect(dumpsOf(jvm)).toBe(0);
  });

  it.runIf(isRoot)('on a full disk fail with that name, live on, and have their room back', async () => {
    const parent = emptyFolder();
    const mount = `mount -t tmpfs -o size=20m none ${parent} && exec "$@"`;
    const jvm = await startJvm(classes, {
      heapMiB: 64,
      via: ['unshare', '--mount', 'sh', '-c', mount, 'sh'],
    });
    const inside = ['nsenter', `--mount=/proc/${jvm.pid}/ns/mnt`];
    const dir = `/proc/${jvm.pid}/root${parent}/.heapdump-bot-full`;
    await runInside(inside, ['mkdir', `${parent}/.heapdump-bot-full`]);
    // Does not tell the heap's size, so that the dump is tried.
    const silent = fakeCommand('jcmd', `case "$*" in *heap.hprof) exec ${javaBin()}/jcmd "$@" ;; esac`);
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start];

    const run = await runTool(shell, [...words, '--dir', `${parent}/.heapdump-bot-full`], {
      path: [silent],
      via: inside,
    });

    expect(factOf(run, 'failed', 'code')).toBe('disk-full');
    expect(run.exitCode).toBe(20);
    expect(jvm.isAlive()).toBe(true);
    expect(readdirSync(dir).filter((name) => name.startsWith('heap'))).toEqual([]);
  });

  it.runIf(isRoot)('are dumped by jmap, else by jattach, else not at all', async () => {
    const jvm = await startJvm(classes, { via: ['unshare', '--mount', 'sh', '-c', 'exec "$@"', 'sh'] });
    const inside = ['nsenter', `--mount=/proc/${jvm.pid}/ns/mnt`];
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start];
    const folder = emptyFolder();
    const jattach = tools().jattach;
    if (jattach !== undefined) symlinkSync(jattach, join(folder, 'jattach'));
    const dump = (...more: string[]) =>
      runTool(shell, [...words, '--dir', makeWorkDir(), ...more], { via: inside, path: [folder] });

    await hide('jcmd', inside);
    const byJmap = [await dump(), await dump('--all')];
    await hide('jmap', inside);
    const byJattach = [await dump(), await dump('--all')];
    const streamed = await runTool(
      shell,
      ['stream', ...words.slice(1), '--dir', makeWorkDir(), '--sum', 'md5'],
      {
        via: inside,
        path: [folder],
      },
    );
    rmSync(join(folder, 'jattach'));
    const byNone = await dump();

    expect(byJmap.map((run) => factOf(run, 'dumped', 'tool'))).toEqual(['jmap', 'jmap']);
    expect(byJattach.map((run) => factOf(run, 'dumped', 'tool'))).toEqual(['jattach', 'jattach']);
    expect(streamed.stderr).toMatch(
      new RegExp(`^streamed bytes=${streamed.stdout.length} .* tool=jattach$`, 'm'),
    );
    expect(dumpsOf(jvm)).toBe(3);
    expect(factOf(byNone, 'failed', 'code')).toBe('no-jdk-tools');
    expect(byNone.exitCode).toBe(13);
  });

  it.runIf(isRoot)(
    'of another container of the pod are not listed, as they would write where we cannot read',
    async () => {
      const jvm = await startJvm(classes, { via: ['unshare', '--mount', 'sh', '-c', 'exec "$@"', 'sh'] });
      const env = { JMAP_DUMP_PROC: procOf([jvm.pid]) };

      const outside = await runTool(shell, ['probe'], { ...options, env });
      const inside = await runTool(shell, ['probe'], {
        ...options,
        env,
        via: ['nsenter', `--mount=/proc/${jvm.pid}/ns/mnt`],
      });

      expect(factOf(outside, 'jvm', 'pid')).toBe(undefined);
      expect(factOf(inside, 'jvm', 'pid')).toBe(String(jvm.pid));
    },
  );

  it.runIf(isRoot)('with a read-only /tmp are left alone', async () => {
    const mount = 'mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && exec "$@"';
    const jvm = await startJvm(classes, {
      flags: ['-XX:-UsePerfData'],
      via: ['unshare', '--mount', 'sh', '-c', mount, 'sh'],
    });
    const dir = makeWorkDir('/var/tmp');
    const words = ['dump', '--pid', String(jvm.pid), '--start', jvm.start, '--dir', dir];

    const run = await runTool(shell, words, {
      ...options,
      via: ['nsenter', `--mount=/proc/${jvm.pid}/ns/mnt`],
    });

    expect(factOf(run, 'failed', 'code')).toBe('read-only-tmp');
    expect(jvm.output()).not.toContain('Full thread dump');
  });
});

async function runInside(inside: readonly string[], words: readonly string[]): Promise<void> {
  const [command = '', ...argv] = [...inside, ...words];
  const child = spawn(command, argv, { stdio: 'inherit' });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(0);
}

/** Makes a tool impossible to find in a mount namespace, wherever a JDK may lie. */
const hide = (name: string, inside: readonly string[]): Promise<void> =>
  runInside(inside, [
    'sh',
    '-c',
    'for bin in "$2" /usr/bin /usr/lib/jvm/*/bin /opt/*/bin /opt/*/*/bin; do if [ -f "$bin/$1" ]; then mount --bind /dev/null "$bin/$1" || exit; fi; done',
    'sh',
    name,
    javaBin(),
  ]);
