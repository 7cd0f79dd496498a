/** Redis, a JDK, busybox, jattach and curl: this machine's own, or Debian's, unpacked into the project's cache. */
import { join } from 'node:path';
import { debianCache, fetchAll, libraryPath, unpacked } from './debian-cache.ts';
import { BUSYBOX, CURL, JATTACH, JDK, REDIS } from './packed-tools.ts';
import { type Environment, onPath, POD_PATH, systemCurl, systemJdk, systemRedis } from './system-tools.ts';
import { ToolsError } from './tools-error.ts';

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
  const cache = debianCache(projectDir);
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
