/** Copies on the stand-in cluster, into containers with the tools of Debian and with those of busybox. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DemoCluster, type DemoPod, startCluster } from '../../src/demo/cluster/demo-cluster.ts';
import { type Cluster, connectCluster } from '../../src/k8s/client.ts';
import { CopyError, copyToPod, writeFileToPod } from '../../src/k8s/copy-to-pod.ts';
import { ExecError, exec } from '../../src/k8s/exec.ts';
import { tools } from '../tools.ts';

const MIB = 1024 * 1024;

let workDir: string;
let source: string;
let standIn: DemoCluster;
let cluster: Cluster;
const pods = new Map<string, DemoPod>();

/** A directory of programs for a container: links to busybox, or scripts. */
const makeTools = (name: string, programs: Record<string, string>): string => {
  const folder = join(workDir, name);
  mkdirSync(folder);
  for (const [program, what] of Object.entries(programs)) {
    if (what.startsWith('/')) symlinkSync(what, join(folder, program));
    else writeFileSync(join(folder, program), `#!/bin/sh\n${what}\n`, { mode: 0o755 });
  }
  return folder;
};

beforeAll(async () => {
  workDir = mkdtempSync(join(tmpdir(), 'copy-to-pod-'));
  standIn = await startCluster({ workDir: join(workDir, 'cluster') });
  cluster = connectCluster({ kubeconfig: standIn.kubeconfig('worker') });
  const { busybox } = tools();
  // Not busybox's own shell, which runs its applets without a look at PATH.
  const shell = { sh: '/bin/sh' };
  const few = ['cat', 'chmod', 'head', 'ls', 'mv', 'rm', 'sleep', 'wc'];
  const all = [...few, 'find', 'mkdir', 'sha256sum', 'tar'];
  const links = (names: string[]) => ({
    ...Object.fromEntries(names.map((name) => [name, '/tools/busybox'])),
    ...shell,
  });
  const images: Record<string, Record<string, string>> = {
    busybox: { ...links(all), sh: '/tools/busybox' },
    'no-tar': links(few),
    'no-head': links(all.filter((name) => name !== 'head')),
    'no-shell': { sleep: '/tools/busybox' },
    full: {
      ...links(all),
      tar: 'cat > /dev/null; echo half > /data/tool; echo "tar: x: Wrote only 512 of 10240 bytes" >&2; exit 2',
    },
    'read-only': { ...links(all), tar: 'echo "tar: x: Cannot open: Read-only file system" >&2; exit 2' },
    'no-sum': links(all.filter((name) => name !== 'sha256sum')),
    'no-sum-liar': {
      ...links(all.filter((name) => name !== 'sha256sum')),
      tar: 'set -e; /tools/busybox tar "$@"; echo more >> /data/tool',
    },
    'no-chmod': { ...links(few), chmod: 'echo "chmod: Operation not permitted" >&2; exit 1' },
    liar: { ...links(all), tar: 'set -e; /tools/busybox tar "$@"; printf changed > /data/liar/file' },
  };
  const add = async (name: string, path: string, mounts: { hostPath: string; mountPath: string }[]) => {
    const containers = [
      {
        name: 'app',
        command: ['sleep', '3600'],
        emptyDirs: ['/data', '/other'],
        mounts,
        ...(path ? { path } : {}),
      },
    ];
    pods.set(name, await standIn.addPod({ namespace: 'prod', name, containers }));
  };
  await add('debian', '', []);
  for (const [name, programs] of Object.entries(images)) {
    const folder = makeTools(name, programs);
    await add(name, `/image`, [
      { hostPath: folder, mountPath: '/image' },
      { hostPath: busybox, mountPath: '/tools/busybox' },
    ]);
  }
});
afterAll(async () => {
  await standIn?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

beforeEach(() => {
  source = mkdtempSync(join(workDir, 'source-'));
});

const targetOf = (pod: string) => ({ namespace: 'prod', pod, container: 'app' });

const inPod = (pod: string, path: string): string => {
  const found = pods.get(pod);
  if (found === undefined) throw new Error(`No pod ${pod}`);
  return found.hostPath('app', path);
};

const failureOf = async (promise: Promise<unknown>): Promise<CopyError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CopyError)) throw new Error(`Not a CopyError: ${String(error)}`, { cause: error });
  return error;
};

/** Path → what is there, for comparing trees. */
const listing = (folder: string, prefix = ''): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const entry = lstatSync(path);
    const mode = (entry.mode & 0o777).toString(8);
    if (entry.isSymbolicLink()) found[prefix + name] = `-> ${readlinkSync(path)}`;
    else if (entry.isDirectory())
      Object.assign(found, { [prefix + name]: `folder ${mode}` }, listing(path, `${prefix}${name}/`));
    else found[prefix + name] = `${mode} ${readFileSync(path).toString('base64')}`;
  }
  return found;
};

const makeTree = (): string => {
  const tree = join(source, 'jmap-tools');
  mkdirSync(join(tree, 'empty folder'), { recursive: true });
  mkdirSync(join(tree, 'ünï', 'd'.repeat(90), 'e'.repeat(90)), { recursive: true });
  writeFileSync(join(tree, '-rf'), 'name like an option');
  writeFileSync(join(tree, ' space first and last '), 'x');
  writeFileSync(join(tree, 'back\\slash $HOME "quoted" *'), 'y');
  writeFileSync(join(tree, '.hidden'), '');
  writeFileSync(join(tree, 'exactly-one-block'), Buffer.alloc(512, 1));
  writeFileSync(join(tree, 'ünï', 'd'.repeat(90), 'e'.repeat(90), '堆转储'), Buffer.from([0, 255, 10, 13]));
  writeFileSync(join(tree, 'run.sh'), '#!/bin/sh\n');
  writeFileSync(join(tree, 'secret'), 's');
  chmodSync(join(tree, 'run.sh'), 0o751);
  chmodSync(join(tree, 'secret'), 0o600);
  symlinkSync('/etc/passwd', join(tree, 'absolute-link'));
  symlinkSync(`ünï/${'z'.repeat(120)}`, join(tree, 'dangling-link'));
  symlinkSync('empty folder', join(tree, 'folder-link'));
  return tree;
};

describe.each([
  ['debian', 'v4'],
  ['debian', 'v5'],
  ['busybox', 'v4'],
  ['busybox', 'v5'],
] as const)('a copy into a container with the tools of %s, over %s', (pod, subprotocol) => {
  const folder = `/data/${subprotocol}`;
  const copy = (from: string, to: string) => copyToPod(cluster, targetOf(pod), { from, to, subprotocol });

  it('of a tree keeps files, modes, empty folders, odd and long names, and links as links', async () => {
    const tree = makeTree();
    const copied = await copy(tree, `${folder}-tree`);
    expect(copied).toEqual({
      path: `${folder}-tree`,
      files: 8,
      sizeBytes: expect.any(Number),
      compared: 'sha256',
    });
    expect(listing(inPod(pod, `${folder}-tree`))).toEqual(listing(tree));
  });

  it('of a file larger than all buffers arrives whole', async () => {
    const file = join(source, 'big');
    writeFileSync(file, Buffer.alloc(20 * MIB + 1, 'heap dump'));
    const copied = await copy(file, `${folder}-big`);
    expect(copied).toMatchObject({ files: 1, sizeBytes: 20 * MIB + 1, compared: 'sha256' });
    expect(readFileSync(inPod(pod, `${folder}-big`)).equals(readFileSync(file))).toBe(true);
  });

  it('goes into a directory that is there, under its own name', async () => {
    const file = join(source, 'tool');
    writeFileSync(file, 'one');
    expect((await copy(file, '/other')).path).toBe('/other/tool');
    writeFileSync(file, 'two');
    expect((await copy(file, '/other/')).path).toBe('/other/tool');
    expect(readFileSync(inPod(pod, '/other/tool'), 'utf8')).toBe('two');
  });

  it('writes a file that is executable at once', async () => {
    const target = targetOf(pod);
    const content = Buffer.from('#!/bin/sh\necho "ran <$1>"\n');
    const to = `/data/-tool ü ${subprotocol}`;
    await writeFileToPod(cluster, target, { content, to, mode: 0o700, subprotocol });
    const result = await exec(cluster, target, { argv: [to, 'a b'], subprotocol });
    expect(result.stdout?.toString()).toBe('ran <a b>\n');
    expect(lstatSync(inPod(pod, to)).mode & 0o777).toBe(0o700);
  });
});

describe('the destination of a copy', () => {
  const copy = (from: string, to: string) => copyToPod(cluster, targetOf('debian'), { from, to });
  const file = (): string => {
    writeFileSync(join(source, 'tool'), 'content');
    return join(source, 'tool');
  };

  it('replaces a file, and a link rather than what it points to', async () => {
    writeFileSync(inPod('debian', '/data/linked-to'), 'keep me');
    symlinkSync('linked-to', inPod('debian', '/data/a-link'));
    await copy(file(), '/data/a-link');
    expect(readFileSync(inPod('debian', '/data/linked-to'), 'utf8')).toBe('keep me');
    expect(lstatSync(inPod('debian', '/data/a-link')).isFile()).toBe(true);
  });

  it('has to have its directory', async () => {
    expect((await failureOf(copy(file(), '/data/nowhere/tool'))).code).toBe('destination-missing');
    expect((await failureOf(copy(file(), '/data/nowhere/'))).code).toBe('destination-missing');
  });

  it('is no file where a directory is meant, and the other way round', async () => {
    writeFileSync(inPod('debian', '/data/plain'), 'x');
    mkdirSync(inPod('debian', '/data/busy/tool'), { recursive: true });
    const folder = join(source, 'folder');
    mkdirSync(folder);
    expect((await failureOf(copy(file(), '/data/plain/'))).code).toBe('not-a-directory');
    expect((await failureOf(copy(file(), '/data/plain/tool'))).code).toBe('not-a-directory');
    expect((await failureOf(copy(folder, '/data/plain'))).code).toBe('not-a-directory');
    expect((await failureOf(copy(file(), '/data/busy'))).code).toBe('is-a-directory');
  });

  it.each(['relative/path', '', '/data/../etc/tool', '/data/line\nbreak', '/data/nul\0'])(
    'is refused before anything is sent: %j',
    async (to) => {
      const before = standIn.execs.length;
      expect((await failureOf(copy(file(), to))).code).toBe('bad-path');
      expect(standIn.execs.length).toBe(before);
    },
  );
});

describe('the source of a copy', () => {
  it.each([
    ['is not there', () => join(source, 'nothing')],
    ['is a device', () => '/dev/null'],
  ])('that %s is an error of ours', async (_what, from) => {
    const error = await failureOf(copyToPod(cluster, targetOf('debian'), { from: from(), to: '/data/x' }));
    expect(error.code).toBe('source-unreadable');
  });

  it('with a line break in a name is refused', async () => {
    const tree = join(source, 'tree');
    mkdirSync(tree);
    writeFileSync(join(tree, 'a\nb'), '');
    const error = await failureOf(copyToPod(cluster, targetOf('debian'), { from: tree, to: '/data/x' }));
    expect(error.code).toBe('bad-path');
  });

  it('that shrinks while it is read ends the copy', async () => {
    const { readTree, tarOf } = await import('../../src/k8s/tar-tree.ts');
    const file = join(source, 'log');
    writeFileSync(file, Buffer.alloc(MIB));
    const entries = await readTree(file, 'log');
    truncateSync(file, 1000);
    const read = async () => {
      for await (const _piece of tarOf(entries, () => {}));
    };
    expect((await failureOf(read())).code).toBe('source-unreadable');
  });
});

describe('a container that lacks something', () => {
  const copy = (pod: string, to = '/data/tool') => {
    writeFileSync(join(source, 'tool'), 'content');
    return failureOf(copyToPod(cluster, targetOf(pod), { from: join(source, 'tool'), to }));
  };
  const write = (pod: string, to = '/data/tool') =>
    writeFileToPod(cluster, targetOf(pod), { content: Buffer.from('content'), to, mode: 0o640 });

  it('is told apart: no tar, no head, no shell', async () => {
    expect((await copy('no-tar')).code).toBe('no-tar');
    expect((await copy('no-head')).code).toBe('no-head');
    const error = await copy('no-shell');
    expect(error.code).toBe('no-shell');
    expect(error.cause).toBeInstanceOf(ExecError);
    expect((await failureOf(write('no-head'))).code).toBe('no-head');
    expect((await failureOf(write('no-shell'))).code).toBe('no-shell');
  });

  it('like tar gets its file without it', async () => {
    await write('no-tar', '/data/plainly written');
    const path = inPod('no-tar', '/data/plainly written');
    expect(readFileSync(path, 'utf8')).toBe('content');
    expect(lstatSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(inPod('no-tar', '/data'))).toEqual(['plainly written']);
  });

  it('like the right to change modes is left as it was', async () => {
    expect((await failureOf(write('no-chmod', '/data/tool'))).code).toBe('denied');
    expect(readdirSync(inPod('no-chmod', '/data'))).toEqual([]);
  });

  it('like room says so, and so does a read-only file system', async () => {
    expect((await copy('full')).code).toBe('disk-full');
    expect(readdirSync(inPod('full', '/data'))).toEqual([]);
    expect((await copy('read-only')).code).toBe('read-only');
  });

  it('like honesty is found out', async () => {
    mkdirSync(inPod('liar', '/data/liar'));
    writeFileSync(join(source, 'file'), 'content');
    const from = join(source, 'file');
    const error = await failureOf(copyToPod(cluster, targetOf('liar'), { from, to: '/data/liar/file' }));
    expect(error.code).toBe('mismatch');
  });

  it('like sha256sum is compared by size', async () => {
    writeFileSync(join(source, 'tool'), 'content');
    const from = join(source, 'tool');
    const copied = await copyToPod(cluster, targetOf('no-sum'), { from, to: '/data/tool' });
    expect(copied).toEqual({ path: '/data/tool', files: 1, sizeBytes: 7, compared: 'size' });
    expect((await copy('no-sum-liar')).code).toBe('mismatch');
  });

  it('like a directory to write into says so', async () => {
    mkdirSync(inPod('debian', '/data/in-the-way'));
    writeFileSync(inPod('debian', '/data/a-file'), '');
    expect((await failureOf(write('debian', '/data/in-the-way'))).code).toBe('is-a-directory');
    expect((await failureOf(write('debian', '/data/missing/tool'))).code).toBe('destination-missing');
    expect((await failureOf(write('debian', '/data/a-file/tool'))).code).toBe('not-a-directory');
    expect((await failureOf(write('debian', '/proc/tool'))).code).not.toBe('mismatch');
  });
});

describe('a copy that is interrupted', () => {
  it.each(['v4', 'v5'] as const)(
    'fails with the reason of the way, never as done (%s)',
    async (subprotocol) => {
      standIn.faults.nextExec({ kind: 'cut', afterBytes: 4 });
      writeFileSync(join(source, 'big'), Buffer.alloc(5 * MIB));
      const copying = copyToPod(cluster, targetOf('debian'), {
        from: join(source, 'big'),
        to: '/data/cut',
        subprotocol,
      });
      await expect(copying).rejects.toMatchObject({ name: 'ExecError', code: 'broken', retryable: true });
    },
  );

  it('is not believed when the cluster says Success too early', async () => {
    standIn.faults.nextExec({ kind: 'early-success', afterBytes: 3 });
    writeFileSync(join(source, 'big'), Buffer.alloc(5 * MIB));
    const options = { from: join(source, 'big'), to: '/data/early', subprotocol: 'v5' as const };
    expect((await failureOf(copyToPod(cluster, targetOf('debian'), options))).code).toBe('failed');
    standIn.faults.nextExec({ kind: 'early-success', afterBytes: 0 });
    const content = Buffer.from('content');
    const write = { content, to: '/data/early-too', subprotocol: 'v5' as const };
    expect((await failureOf(writeFileToPod(cluster, targetOf('debian'), write))).code).toBe('failed');
  });

  it('stops on abort, and leaves no process behind', async () => {
    const pod = pods.get('debian');
    const before = pod?.hostPids('app').length;
    const abort = new AbortController();
    writeFileSync(join(source, 'big'), Buffer.alloc(64 * MIB));
    const options = { from: join(source, 'big'), to: '/data/aborted' };
    const copying = copyToPod(cluster, targetOf('debian'), options, abort.signal);
    const watching = setInterval(() => {
      if ((standIn.execs.at(-1)?.stdinBytes ?? 0) > 4 * MIB) abort.abort();
    }, 5);
    await expect(copying).rejects.toMatchObject({ name: 'ExecError', code: 'aborted' });
    clearInterval(watching);
    while ((pod?.hostPids('app').length ?? 0) > (before ?? 0))
      await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
