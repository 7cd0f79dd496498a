/** Redis, a JDK, busybox, jattach and curl: this machine's own, or Debian's, unpacked into the project's cache. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DebianArchive, openDebianArchive } from './debian-archive.ts';
import { oneAtATime } from './one-at-a-time.mjs';
import { BUSYBOX, CURL, JATTACH, JDK, libraryFolders, type Packed, REDIS } from './packed-tools.ts';
import { type Environment, onPath, POD_PATH, systemCurl, systemJdk, systemRedis } from './system-tools.ts';
import { ToolsError } from './tools-error.ts';

const run = promisify(execFile);

export interface Tools {
  /** Path of redis-server. */
  redisServer: string;
  /** Home of a full JDK, 11 or later: bin/ has java, javac, jcmd, jmap, jps and jlink. */
  javaHome: string;
  /** Path of busybox. */
  busybox: string;
  /** Path of jattach; Debian 11 has none. */
  jattach?: string;
  /** Path of curl, 7.68 or later; needs nothing of `env`. podWithCurl() brings it into a container. */
  curl: string;
  /** To be added to the environment of all of them: where their libraries lie. Empty if they are the system's. */
  env: Record<string, string>;
}

export interface EnsureToolsOptions {
  /** Folder of package.json; what is fetched goes to .cache/debian below it. */
  projectDir: string;
  /** Takes one line for the person who waits. */
  say: (line: string) => void;
  /** As if this machine had none of them: fetch all. */
  ignoreSystem?: boolean;
  /** Where a pod finds this machine's programs: a curl that lies elsewhere is of no use to it. */
  podPath?: string;
  environment?: Environment;
  signal?: AbortSignal;
}

/**
 * Finds the tools, and fetches what this machine lacks; the second time nothing is fetched. Calls at the same time,
 * also of other processes, wait for each other, and what a broken-off call left is done anew.
 * @throws ToolsError with one line that says what to do
 */
export async function ensureTools(options: EnsureToolsOptions): Promise<Tools> {
  const { projectDir, ignoreSystem = false, podPath = POD_PATH, environment = process.env } = options;
  const here = ignoreSystem ? {} : environment;
  const cache = join(projectDir, '.cache/debian', release());
  const system = {
    redis: await systemRedis(here),
    jdk: systemJdk(here),
    busybox: onPath('busybox', here),
    jattach: onPath('jattach', here),
    curl: await systemCurl(ignoreSystem ? {} : { PATH: podPath }),
  };
  const find = async () => ({
    redis: system.redis ?? (await unpacked(cache, REDIS)),
    jdk: system.jdk ?? (await unpacked(cache, JDK)),
    busybox: system.busybox ?? (await unpacked(cache, BUSYBOX)),
    jattach: system.jattach ?? (await unpacked(cache, JATTACH)),
    curl: system.curl ?? (await unpacked(cache, CURL)),
  });
  const before = await find();
  const wanted = [
    ...(before.redis === null ? [REDIS] : []),
    ...(before.jdk === null ? [JDK] : []),
    ...(before.busybox === null ? [BUSYBOX] : []),
    ...(before.jattach === null ? [JATTACH] : []),
    ...(before.curl === null ? [CURL] : []),
  ];
  if (wanted.length > 0) await fetchAll(cache, wanted, { ...options, environment });
  const { redis, jdk, busybox, jattach, curl } = wanted.length > 0 ? await find() : before;
  if (redis === null || jdk === null || busybox === null || curl === null)
    throw new ToolsError('broken', `${cache} was changed while it was read: delete it and start again`);
  const roots = [REDIS, JDK].map(({ folder }) => join(cache, folder));
  return {
    redisServer: redis,
    javaHome: jdk,
    busybox,
    ...(jattach === null ? {} : { jattach }),
    curl,
    env: await libraryPath(
      roots.filter((root) => [redis, jdk].some((tool) => tool.startsWith(root))),
      environment,
    ),
  };
}

async function fetchAll(
  cache: string,
  wanted: readonly Packed[],
  { say, signal, environment }: EnsureToolsOptions & { environment: Environment },
): Promise<void> {
  const names = wanted.flatMap(({ packages }) => packages).join(', ');
  if (onPath('apt-get', environment) === null || onPath('dpkg-deb', environment) === null)
    throw new ToolsError(
      'no-apt',
      `This machine lacks what Debian calls ${names}, and has no apt-get to fetch them: install redis-server 6.2 ` +
        'or later, a full JDK (11 or later, with jmods), busybox and curl 7.68 or later, and have them on PATH',
    );
  await mkdir(cache, { recursive: true });
  const whenWaiting = () => say('waiting for another run that fetches the tools …');
  await oneAtATime({ folder: cache, name: 'debian-tools', whenWaiting }, async () => {
    const lists = join(cache, '.partial-apt');
    const missing = [];
    for (const packed of wanted) if ((await unpacked(cache, packed)) === null) missing.push(packed);
    if (missing.length === 0) return;
    await removePartial(cache);
    say(`fetching ${names} from Debian's archive into .cache (once) …`);
    try {
      const archive = await openDebianArchive({ folder: lists, environment, signal });
      for (const packed of missing)
        await fetchOne(cache, packed, archive, environment).catch((error: unknown) => {
          // A spare that Debian 11 has not: jcmd does the same for a JVM of the same user.
          if (packed !== JATTACH || signal?.aborted) throw error;
          say(`going on without jattach: ${error instanceof Error ? error.message : String(error)}`);
        });
    } catch (error) {
      if (!(error instanceof ToolsError) || error.code === 'broken') throw error;
      const remedy = `once it answers, start again; or install ${names}`;
      throw new ToolsError(error.code, `${error.message}: ${remedy}`, { cause: error });
    } finally {
      await removePartial(cache);
    }
  });
}

/** Tried before it is put in place: what lies there has run once. */
async function fetchOne(
  cache: string,
  packed: Packed,
  archive: DebianArchive,
  environment: Environment,
): Promise<void> {
  const packages = packed.packages.join(', ');
  const partial = await mkdtemp(join(cache, '.partial-'));
  try {
    await archive.unpack(packed.packages, partial);
    await packed.wrap?.(partial);
    const tool = await packed.find(partial);
    if (tool === null)
      throw new ToolsError('broken', `Debian's ${packages} holds no ${packed.folder} as expected`);
    const [program, args] = packed.trial(tool);
    const libraries = packed.wrap === undefined ? await libraryPath([partial], environment) : {};
    const env = { ...environment, ...libraries };
    await run(program, args, { env, timeout: 60_000 }).catch((cause: Error) => {
      const why = cause.message.trim().replaceAll('\n', ': ');
      throw new ToolsError('broken', `Debian's ${packages} does not run here: ${why}`, { cause });
    });
    await writeFile(join(partial, '.complete'), '');
    const root = join(cache, packed.folder);
    await rm(root, { recursive: true, force: true });
    await rename(partial, root);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function unpacked(cache: string, packed: Packed): Promise<string | null> {
  const root = join(cache, packed.folder);
  return existsSync(join(root, '.complete')) ? await packed.find(root) : null;
}

/** What a killed run left; nobody else writes here while the lock is held. */
async function removePartial(cache: string): Promise<void> {
  for (const name of await readdir(cache))
    if (name.startsWith('.partial-')) await rm(join(cache, name), { recursive: true, force: true });
}

/** The loader asks these before the system's, and they hold only what the system lacks. */
async function libraryPath(
  roots: readonly string[],
  environment: Environment,
): Promise<Record<string, string>> {
  const folders = (await Promise.all(roots.map(libraryFolders))).flat();
  if (folders.length === 0) return {};
  if (environment.LD_LIBRARY_PATH) folders.push(environment.LD_LIBRARY_PATH);
  return { LD_LIBRARY_PATH: folders.join(':') };
}

/** Libraries of one release do not fit another's: a checkout that two machines share keeps them apart. */
function release(): string {
  let text = '';
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // No release file: the processor alone must do.
  }
  const [, id = 'linux'] = /^ID="?([\w.-]+)/m.exec(text) ?? [];
  const [, version = 'rolling'] = /^VERSION_ID="?([\w.-]+)/m.exec(text) ?? [];
  return `${id}-${version}-${process.arch}`;
}
