/** Debian's packages, unpacked into the project's cache: once, tried, and by one process at a time. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DebianArchive, openDebianArchive } from './debian-archive.ts';
import { oneAtATime } from './one-at-a-time.mjs';
import type { Packed } from './packed-tools.ts';
import { type Environment, onPath } from './system-tools.ts';
import { ToolsError } from './tools-error.ts';
import { libraryFolders } from './wrap-program.ts';

const run = promisify(execFile);

interface FetchOptions {
  /** Takes one line for the person who waits. */
  say: (line: string) => void;
  environment: Environment;
  signal?: AbortSignal | undefined;
}

/** Folder for what this machine's release can run; it need not exist. */
export function debianCache(projectDir: string): string {
  return join(projectDir, '.cache/debian', release());
}

/** @returns path of the tool, or null if it is not there, or not whole */
export async function unpacked(cache: string, packed: Packed): Promise<string | null> {
  const root = join(cache, packed.folder);
  return existsSync(join(root, '.complete')) ? await packed.find(root) : null;
}

/**
 * Fetches what the cache lacks. Calls at the same time, also of other processes, wait for each other, and what a
 * broken-off call left is done anew.
 * @throws ToolsError with one line that says what to do
 */
export async function fetchAll(
  cache: string,
  wanted: readonly Packed[],
  { say, environment, signal }: FetchOptions,
): Promise<void> {
  const names = wanted.flatMap(({ packages }) => packages).join(', ');
  const byHand = wanted.map((packed) => packed.byHand).join(', ');
  if (onPath('apt-get', environment) === null || onPath('dpkg-deb', environment) === null) {
    if (wanted.every(({ isSpare }) => isSpare)) return;
    throw new ToolsError(
      'no-apt',
      `This machine lacks what Debian calls ${names}, and has no apt-get to fetch it: ` +
        `install ${byHand}, to be found on PATH`,
    );
  }
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
          if (packed.isSpare !== true || signal?.aborted) throw error;
          say(`going on without ${packed.folder}: ${error instanceof Error ? error.message : String(error)}`);
        });
    } catch (error) {
      if (!(error instanceof ToolsError) || error.code === 'broken') throw error;
      const remedy = `once it answers, start again; or install ${byHand}`;
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

/** What a killed run left; nobody else writes here while the lock is held. */
async function removePartial(cache: string): Promise<void> {
  for (const name of await readdir(cache))
    if (name.startsWith('.partial-')) await rm(join(cache, name), { recursive: true, force: true });
}

/** The loader asks these before the system's, and they hold only what the system lacks. */
export async function libraryPath(
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
