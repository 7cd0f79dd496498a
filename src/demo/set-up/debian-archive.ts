/** Packages from Debian's archive into a folder: without root, and without installing anything. */
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { relinkInto } from './relink-into.ts';
import type { Environment } from './system-tools.ts';
import { ToolsError } from './tools-error.ts';

const run = promisify(execFile);

/** A JDK over a slow line; apt's own time-outs end a dead connection far earlier. */
const DOWNLOAD_TIMEOUT_MS = 20 * 60_000;

/**
 * Names apt itself would find installed, of which we need our own copy all the same. libcurl, because Debian's curl
 * asks for the one of just its own version, and a machine may have an older one. Fonts, because Chromium is told to
 * look for them in our copy alone.
 */
const ALWAYS_OURS = /^(redis|openjdk-|default-j|busybox|jattach|valkey|curl$|libcurl|chromium|fonts-)/;
/** Of the rest only what a program links with; those of Perl serve install scripts, which do not run here. */
const LIBRARY = /^(?!libperl)(lib|lua)(?!.*-perl$)/;

export interface DebianArchive {
  /**
   * Downloads packages with the libraries that this system lacks, and unpacks them.
   * @param into an empty folder, which becomes the packages' root
   * @throws ToolsError
   */
  unpack(packages: readonly string[], into: string): Promise<void>;
}

/**
 * Reads the package lists of this system's sources, into a folder of its own.
 * @param options.folder where the lists go; it is emptied first, so that what lies there is of now
 * @throws ToolsError 'offline' if no list could be read
 */
export async function openDebianArchive(options: {
  folder: string;
  environment: Environment;
  signal?: AbortSignal | undefined;
}): Promise<DebianArchive> {
  const { folder, environment } = options;
  const limits = {
    env: { ...environment, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    timeout: DOWNLOAD_TIMEOUT_MS,
    maxBuffer: 64 << 20,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const nothingInstalled = join(folder, 'status');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  await writeFile(nothingInstalled, '');

  const settings = {
    'Dir::State': folder,
    'Dir::State::lists': join(folder, 'lists'),
    // With an empty status apt names all that a package needs, whatever state this system's own packages are in.
    'Dir::State::status': nothingInstalled,
    'Dir::Cache': join(folder, 'cache'),
    // Without: root's apt would become the user _apt, who may not write here.
    'APT::Sandbox::User': '',
    'Debug::NoLocking': 'true',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '30',
    'Acquire::https::Timeout': '30',
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const apt = async (args: string[], cwd: string): Promise<{ stdout: string; stderr: string }> => {
    return await run('apt-get', [...flags, '-qq', ...args], { ...limits, cwd });
  };

  // apt's exit code tells of a third party's dead source as of Debian's: whether there is a list decides.
  const { stderr } = await apt(['update'], folder).catch((error: ExecFileException) => ({
    stderr: error.stderr ?? error.message,
  }));
  const lists = await readdir(join(folder, 'lists'));
  if (!lists.some((name) => /_Packages(\.\w+)?$/.test(name)))
    throw new ToolsError(
      'offline',
      `Debian's package archive cannot be reached (${firstLine(stderr) ?? 'no list'})`,
    );

  const missingHere = async (packages: readonly string[]): Promise<string[]> => {
    const uris = await apt(
      ['--yes', '--no-install-recommends', '--print-uris', 'install', ...packages],
      folder,
    );
    const names = uris.stdout.split('\n').flatMap((line) => /^'.*' ([^_ ]+)_/.exec(line)?.[1] ?? []);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's placeholders, not ours
    const format = '--showformat=${db:Status-Status} ${Package}\\n';
    const { stdout } = await run('dpkg-query', ['--show', format], limits);
    const installed = new Set(stdout.split('\n').flatMap((line) => /^installed (.+)$/.exec(line)?.[1] ?? []));
    return names.filter((name) => ALWAYS_OURS.test(name) || (LIBRARY.test(name) && !installed.has(name)));
  };

  return {
    async unpack(packages, into) {
      const downloads = join(into, '.downloads');
      await mkdir(downloads, { recursive: true });
      try {
        await apt(['download', ...(await missingHere(packages))], downloads);
        for (const file of await readdir(downloads))
          await run('dpkg-deb', ['--extract', join(downloads, file), into], limits);
      } catch (cause) {
        const { stderr, message } = cause as ExecFileException;
        const what = `${packages.join(', ')} could not be fetched from Debian's package archive`;
        throw new ToolsError('download', `${what}: ${firstLine(stderr ?? '') ?? message}`, { cause });
      } finally {
        await rm(downloads, { recursive: true, force: true });
      }
      await relinkInto(into);
    },
  };
}

function firstLine(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => line.startsWith('E:')) ?? lines.find((line) => line !== '');
}
