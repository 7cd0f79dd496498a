import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureTools } from '../../src/demo/set-up/debian-tools.ts';
import { SmallDebianArchive, type SmallPackage } from './small-debian-archive.ts';

const run = promisify(execFile);

const JDK_HOME = 'usr/lib/jvm/java-21-openjdk-amd64';

const REDIS: SmallPackage = {
  name: 'redis-server',
  depends: 'libheapdump-test1, heapdump-test-install-scripts',
  files: { 'usr/bin/redis-server': '#!/bin/sh\necho "Redis server v=7.0.15"\n' },
};
const PACKAGES: SmallPackage[] = [
  REDIS,
  { name: 'libheapdump-test1', files: { 'usr/lib/x86_64-linux-gnu/libheapdump-test.so.1': 'library' } },
  { name: 'heapdump-test-install-scripts', files: { 'usr/bin/adduser': '#!/bin/sh\n' } },
  { name: 'default-jdk-headless', depends: 'openjdk-21-jdk-headless', files: {} },
  {
    name: 'openjdk-21-jdk-headless',
    files: { ...jdk(`${JDK_HOME}/`), 'etc/java-21-openjdk/security/java.security': 'rules' },
    // As Debian does it: configuration below /etc, and a second name for the home.
    links: {
      [`${JDK_HOME}/conf/security`]: '/etc/java-21-openjdk/security',
      'usr/lib/jvm/java-1.21.0-openjdk-amd64': 'java-21-openjdk-amd64',
    },
  },
  { name: 'busybox-static', files: { 'usr/bin/busybox': '#!/bin/sh\n' } },
  { name: 'jattach', files: { 'usr/bin/jattach': '#!/bin/sh\n' } },
  {
    name: 'curl',
    depends: 'libheapdump-test1, libcurl-heapdump-test4',
    files: { 'usr/bin/curl': '#!/bin/sh\necho "curl 8.14.1"; echo "$LD_LIBRARY_PATH"; echo "$*"\n' },
  },
  { name: 'libcurl-heapdump-test4', files: { 'lib/x86_64-linux-gnu/libcurl-test.so.4': 'library' } },
];
const FOLDERS = ['busybox', 'curl', 'jattach', 'jdk', 'redis'];

function jdk(home: string): Record<string, string> {
  const programs = ['java', 'javac', 'jcmd', 'jmap', 'jps', 'jlink'];
  return {
    ...Object.fromEntries(programs.map((name) => [`${home}bin/${name}`, '#!/bin/sh\n'])),
    [`${home}release`]: 'IMPLEMENTOR="Debian"\nJAVA_VERSION="21.0.8"\n',
    [`${home}jmods/java.base.jmod`]: 'module',
  };
}

describe('the tools that the demo and its tests start', () => {
  let folder: string;
  let projectDir: string;
  let archive: SmallDebianArchive;
  let lines: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heapdump-tools-'));
    projectDir = join(folder, 'project');
    archive = new SmallDebianArchive(join(folder, 'archive'));
    lines = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const say = (line: string) => void lines.push(line);
  const ensure = (environment: Record<string, string | undefined> = {}) =>
    ensureTools({
      projectDir,
      say,
      ignoreSystem: true,
      environment: { ...process.env, LD_LIBRARY_PATH: undefined, ...archive.environment, ...environment },
    });
  const failure = async (attempt: Promise<unknown>) => {
    const error = await attempt.then(
      () => new Error('nothing failed'),
      (cause: Error & { code?: string }) => cause,
    );
    expect(error.message).not.toContain('\n');
    return error;
  };
  const cacheOf = (path: string) => path.slice(0, path.indexOf('/redis/'));

  async function onMachine(files: Record<string, string>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, 'machine', path)), { recursive: true });
      await writeFile(join(folder, 'machine', path), text);
      await chmod(join(folder, 'machine', path), 0o755);
    }
  }

  it('are fetched from Debian’s archive into the project, with the libraries this machine lacks', async () => {
    await archive.publish(PACKAGES);

    const tools = await ensure();

    const cache = cacheOf(tools.redisServer);
    expect(cache.startsWith(join(projectDir, '.cache/debian/'))).toBe(true);
    expect(tools).toEqual({
      redisServer: join(cache, 'redis/usr/bin/redis-server'),
      javaHome: join(cache, 'jdk', JDK_HOME),
      busybox: join(cache, 'busybox/usr/bin/busybox'),
      jattach: join(cache, 'jattach/usr/bin/jattach'),
      curl: join(cache, 'curl/bin/curl'),
      env: { LD_LIBRARY_PATH: join(cache, 'redis/usr/lib/x86_64-linux-gnu') },
    });
    expect(lines).toEqual([expect.stringMatching(/^fetching redis-server, default-jdk-headless/)]);
    // What only the package's install script would need is not.
    expect(await readdir(join(cache, 'redis/usr/bin'))).toEqual(['redis-server']);
    expect((await readdir(cache)).sort()).toEqual(FOLDERS);
  });

  it('find their configuration where they lie, not in this machine’s /etc', async () => {
    await archive.publish(PACKAGES);

    const { javaHome } = await ensure();

    expect(await readFile(join(javaHome, 'conf/security/java.security'), 'utf8')).toBe('rules');
  });

  it('are fetched once: the second time needs no archive', async () => {
    await archive.publish(PACKAGES);
    const first = await ensure();
    lines = [];

    expect(await ensure({ PATH: '/nowhere' })).toEqual(first);
    expect(lines).toEqual([]);
  });

  it('are fetched once by two that start at the same time', async () => {
    await archive.publish(PACKAGES);

    const [one, other] = await Promise.all([ensure(), ensure()]);

    expect(one).toEqual(other);
    expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual(['fetching', 'waiting']);
  });

  it('are fetched anew where an earlier run was broken off', async () => {
    await archive.publish(PACKAGES);
    const whole = await ensure();
    const cache = cacheOf(whole.redisServer);
    await rm(join(cache, 'redis/.complete'));
    await writeFile(whole.redisServer, '#!/bin/sh\nexit 127\n');
    await rm(whole.javaHome, { recursive: true });
    await mkdir(join(cache, '.partial-x'));
    lines = [];

    expect(await ensure()).toEqual(whole);
    expect(lines).toHaveLength(1);
    expect((await readdir(cache)).sort()).toEqual(FOLDERS);
    expect(await readFile(join(whole.javaHome, 'release'), 'utf8')).toContain('21.0.8');
    expect(await readFile(whole.redisServer, 'utf8')).toContain('v=7.0.15');
  });

  it('do without jattach where Debian has none', async () => {
    await archive.publish(PACKAGES.filter(({ name }) => name !== 'jattach'));

    const tools = await ensure();

    expect(tools).not.toHaveProperty('jattach');
    expect(lines).toEqual([expect.any(String), expect.stringMatching(/^going on without jattach/)]);
  });

  it('do without jattach on a machine that has all the others, and no apt-get', async () => {
    await onMachine({
      'bin/redis-server': '#!/bin/sh\necho "Redis server v=8.0.2 sha=0"\n',
      'bin/busybox': '',
      'bin/curl': '#!/bin/sh\necho "curl 8.14.1"\n',
      ...jdk('jdk/'),
    });
    const machine = join(folder, 'machine');

    const tools = await ensureTools({
      projectDir,
      say,
      podPath: join(machine, 'bin'),
      environment: { PATH: join(machine, 'bin'), JAVA_HOME: join(machine, 'jdk') },
    });

    expect(tools).not.toHaveProperty('jattach');
  });

  it('are the machine’s own where it has them', async () => {
    await onMachine({
      'bin/redis-server': '#!/bin/sh\necho "Redis server v=8.0.2 sha=0"\n',
      'bin/busybox': '',
      'bin/jattach': '',
      'bin/curl': '#!/bin/sh\necho "curl 7.68.0 (x86_64-pc-linux-gnu) libcurl/7.68.0"\n',
      ...jdk('jdk/'),
    });
    const machine = join(folder, 'machine');

    const tools = await ensureTools({
      projectDir,
      say,
      podPath: join(machine, 'bin'),
      environment: { PATH: join(machine, 'bin'), JAVA_HOME: join(machine, 'jdk') },
    });

    expect(tools).toEqual({
      redisServer: join(machine, 'bin/redis-server'),
      javaHome: join(machine, 'jdk'),
      busybox: join(machine, 'bin/busybox'),
      jattach: join(machine, 'bin/jattach'),
      curl: join(machine, 'bin/curl'),
      env: {},
    });
    expect(lines).toEqual([]);
    await expect(readdir(projectDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('are fetched where the machine has just a Java without tools and a Redis that is too old', async () => {
    await archive.publish(PACKAGES);
    await onMachine({
      'bin/redis-server': '#!/bin/sh\necho "Redis server v=6.0.16 sha=0"\n',
      'bin/java': '',
      'bin/busybox': '',
      'bin/jattach': '',
    });
    const machine = join(folder, 'machine');

    const tools = await ensureTools({
      projectDir,
      say,
      environment: {
        ...archive.environment,
        PATH: `${join(machine, 'bin')}:/usr/bin:/bin`,
        JAVA_HOME: machine,
      },
    });

    expect(lines).toEqual([expect.stringMatching(/^fetching redis-server/)]);
    expect(tools.busybox).toBe(join(machine, 'bin/busybox'));
    expect(tools.redisServer).toContain('/.cache/debian/');
  });

  it('have a curl that finds its libraries by itself, wherever a pod has it', async () => {
    await archive.publish(PACKAGES);
    const { curl } = await ensure();
    const pod = join(folder, 'pod with a blank');
    await cp(dirname(dirname(curl)), pod, { recursive: true });
    const root = join(pod, 'bin/..');
    const libraries = ['usr/lib', 'lib'].map((path) => join(pod, 'bin', `../${path}/x86_64-linux-gnu`));

    const plain = await run(join(pod, 'bin/curl'), ['a b', '*'], { env: {} });
    const among = await run(join(pod, 'bin/curl'), [], { env: { LD_LIBRARY_PATH: '/own' } });

    expect((await stat(root)).mode & 0o777).toBe(0o755);
    const [, plainPath = '', words] = plain.stdout.split('\n');
    expect(plainPath.split(':').map((path) => join(path))).toEqual(libraries);
    expect(words).toBe('a b *');
    expect(among.stdout.split('\n')[1]).toMatch(/:\/own$/);
  });

  it('are fetched, curl alone, where the machine’s is too old or lies where no pod finds it', async () => {
    await archive.publish(PACKAGES);
    await onMachine({
      'bin/redis-server': '#!/bin/sh\necho "Redis server v=8.0.2 sha=0"\n',
      'bin/busybox': '',
      'bin/jattach': '',
      'bin/curl': '#!/bin/sh\necho "curl 8.1.0"\n',
      'pod/curl': '#!/bin/sh\necho "curl 7.64.0 (x86_64-pc-linux-gnu)"\n',
      ...jdk('jdk/'),
    });
    const machine = join(folder, 'machine');

    const tools = await ensureTools({
      projectDir,
      say,
      podPath: join(machine, 'pod'),
      environment: {
        ...archive.environment,
        PATH: `${join(machine, 'bin')}:/usr/bin:/bin`,
        JAVA_HOME: join(machine, 'jdk'),
      },
    });

    expect(lines).toEqual([expect.stringMatching(/^fetching curl from/)]);
    expect(tools.curl).toMatch(/\/\.cache\/debian\/[^/]+\/curl\/bin\/curl$/);
    expect(tools.env).toEqual({});
  });

  it('say in one line that the archive cannot be reached, and what to do', async () => {
    await archive.useSource('deb [trusted=yes] http://127.0.0.1:1/debian ./');

    const error = await failure(ensure());

    expect(error).toMatchObject({ name: 'ToolsError', code: 'offline' });
    expect(error.message).toMatch(
      /cannot be reached \(.+\): once it answers, start again; or install redis-server/,
    );
  });

  it('say in one line what a machine without apt-get has to install', async () => {
    const error = await failure(ensure({ PATH: '/nowhere' }));

    expect(error).toMatchObject({ name: 'ToolsError', code: 'no-apt' });
    expect(error.message).toMatch(
      /install redis-server 6\.2 or later, a full JDK .*, busybox, jattach, curl 7\.68/,
    );
  });

  it('say which package the archive lacks', async () => {
    await archive.publish(PACKAGES.filter(({ name }) => name !== 'busybox-static'));

    const error = await failure(ensure());

    expect(error).toMatchObject({ code: 'download', message: expect.stringContaining('busybox-static') });
  });

  it('are not taken into use if they do not run here', async () => {
    const broken = { ...REDIS, files: { 'usr/bin/redis-server': '#!/bin/sh\nexit 127\n' } };
    await archive.publish([broken, ...PACKAGES.filter(({ name }) => name !== 'redis-server')]);

    const first = await failure(ensure());
    await archive.publish(PACKAGES);
    const tools = await ensure();

    expect(first).toMatchObject({ code: 'broken', message: expect.stringContaining('redis-server') });
    expect(await readdir(cacheOf(tools.redisServer))).toContain('redis');
  });
});
