/** What this machine has already. Nothing here writes or fetches. */
import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** BullMQ's floor; Debian 11 and Ubuntu 20.04 have older ones. */
const OLDEST_REDIS = [6, 2] as const;
const OLDEST_JDK = 11;
/** Debian 10 has an older one. */
const OLDEST_CURL = [7, 68] as const;

/** Where the demo's pods find the programs that they have of this machine. */
export const POD_PATH = '/usr/local/bin:/usr/bin:/bin';

/** What the demo and its tests start of a JDK; jlink makes the runtime without tools. */
export const JDK_PROGRAMS = ['java', 'javac', 'jcmd', 'jmap', 'jps', 'jlink'] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** @returns the program's full path, or null if no folder of PATH has it */
export function onPath(program: string, environment: Environment): string | null {
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, program);
    if (isExecutable(path)) return path;
  }
  return null;
}

/** @returns path of a redis-server that is new enough, or null */
export async function systemRedis(environment: Environment): Promise<string | null> {
  return await newEnough(onPath('redis-server', environment), /v=(\d+)\.(\d+)/, OLDEST_REDIS);
}

/** @returns path of a curl that is new enough, or null */
export async function systemCurl(environment: Environment): Promise<string | null> {
  return await newEnough(onPath('curl', environment), /^curl (\d+)\.(\d+)/, OLDEST_CURL);
}

async function newEnough(
  path: string | null,
  version: RegExp,
  [oldestMajor, oldestMinor]: readonly [number, number],
): Promise<string | null> {
  if (path === null) return null;
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 20_000 });
    const [, major, minor] = version.exec(stdout) ?? [];
    if (major === undefined || minor === undefined) return null;
    const isNewer = Number(major) > oldestMajor;
    return isNewer || (Number(major) === oldestMajor && Number(minor) >= oldestMinor) ? path : null;
  } catch {
    return null;
  }
}

/** JAVA_HOME, else the home of the `java` on PATH. @returns home of a full JDK, 11 or later, or null */
export function systemJdk(environment: Environment): string | null {
  const homes: string[] = [];
  if (environment.JAVA_HOME !== undefined && environment.JAVA_HOME !== '') homes.push(environment.JAVA_HOME);
  const java = onPath('java', environment);
  if (java !== null) homes.push(dirname(dirname(realpathSync(java))));
  return homes.find(isFullJdk) ?? null;
}

/** jmods is asked for as well: newer JDKs may come without, and with some of those jlink has nothing to link from. */
export function isFullJdk(home: string): boolean {
  if (!JDK_PROGRAMS.every((program) => isExecutable(join(home, 'bin', program)))) return false;
  try {
    accessSync(join(home, 'jmods/java.base.jmod'));
    const release = readFileSync(join(home, 'release'), 'utf8');
    const [, feature] = /^JAVA_VERSION="(\d+)/m.exec(release) ?? [];
    return Number(feature) >= OLDEST_JDK;
  } catch {
    return false;
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
