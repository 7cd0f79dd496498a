/** The tools as Debian packs them, and where they lie once they are unpacked. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isExecutable, isFullJdk } from './system-tools.ts';

export interface Packed {
  folder: string;
  packages: readonly string[];
  /** @returns path of the tool below the folder, or null if it is not whole */
  find(root: string): Promise<string | null>;
  /** Arguments of a first run: what lacks a library is found here, not in a test an hour later. */
  trial(tool: string): readonly [string, readonly string[]];
  /** Makes the tool find its libraries by itself, wherever the folder is mounted. */
  wrap?(root: string): Promise<void>;
}

export const REDIS: Packed = {
  folder: 'redis',
  packages: ['redis-server'],
  find: async (root) => firstExecutable(root, ['usr/bin/redis-server']),
  trial: (tool) => [tool, ['--version']],
};
export const JDK: Packed = {
  folder: 'jdk',
  packages: ['default-jdk-headless'],
  find: jdkBelow,
  trial: (tool) => [join(tool, 'bin/java'), ['-version']],
};
export const BUSYBOX: Packed = {
  folder: 'busybox',
  // Needs no library of the system's: it can be copied into a pod's own root.
  packages: ['busybox-static'],
  find: async (root) => firstExecutable(root, ['usr/bin/busybox', 'bin/busybox']),
  trial: (tool) => [tool, ['true']],
};
export const JATTACH: Packed = {
  folder: 'jattach',
  packages: ['jattach'],
  find: async (root) => firstExecutable(root, ['usr/bin/jattach']),
  trial: (tool) => ['test', ['-s', tool]],
};
export const CURL: Packed = {
  folder: 'curl',
  packages: ['curl'],
  find: async (root) => firstExecutable(root, ['bin/curl']),
  trial: (tool) => [tool, ['--version']],
  wrap: async (root) => {
    const folders = (await libraryFolders(root)).map((path) => `$root/${relative(root, path)}`);
    const program = join(root, 'bin/curl');
    await mkdir(join(root, 'bin'), { recursive: true });
    await writeFile(
      program,
      `#!/bin/sh
# Runs the curl that lies beside it, with the libraries that were unpacked with it.
root=\${0%/*}/..
LD_LIBRARY_PATH=${[...folders, '$LD_LIBRARY_PATH'].join(':')}
LD_LIBRARY_PATH=\${LD_LIBRARY_PATH%:}
export LD_LIBRARY_PATH
exec "$root/usr/bin/curl" "$@"
`,
    );
    // Pods of any user run it, whatever this process's umask.
    for (const path of [root, join(root, 'bin'), program]) await chmod(path, 0o755);
  },
};

/** @returns where the libraries of an unpacked tree lie */
export async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const libraries of [join(root, 'usr/lib'), join(root, 'lib')]) {
    const names = existsSync(libraries) ? await readdir(libraries) : [];
    folders.push(...names.filter((name) => name.includes('-linux-')).map((name) => join(libraries, name)));
  }
  return folders;
}

function firstExecutable(root: string, places: readonly string[]): string | null {
  return places.map((place) => join(root, place)).find(isExecutable) ?? null;
}

async function jdkBelow(root: string): Promise<string | null> {
  const jvms = join(root, 'usr/lib/jvm');
  const homes = existsSync(jvms) ? await readdir(jvms) : [];
  // Sorted, the folder itself comes before the links that stand for it.
  return (
    homes
      .sort()
      .reverse()
      .map((home) => join(jvms, home))
      .find(isFullJdk) ?? null
  );
}
