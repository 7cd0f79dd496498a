/** The tools as Debian packs them, and where they lie once they are unpacked. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isExecutable, isFullJdk } from './system-tools.ts';
import { wrapProgram } from './wrap-program.ts';

export interface Packed {
  folder: string;
  packages: readonly string[];
  /** What a person would install instead. */
  byHand: string;
  /** @returns path of the tool below the folder, or null if it is not whole */
  find(root: string): Promise<string | null>;
  /** Arguments of a first run: what lacks a library is found here, not in a test an hour later. */
  trial(tool: string): readonly [string, readonly string[]];
  /** Makes the tool find its libraries by itself, wherever the folder is mounted. */
  wrap?(root: string): Promise<void>;
  /** Whether all goes on without it where Debian has none. */
  isSpare?: boolean;
}

export const REDIS: Packed = {
  folder: 'redis',
  packages: ['redis-server'],
  byHand: 'redis-server 6.2 or later',
  find: async (root) => firstExecutable(root, ['usr/bin/redis-server']),
  trial: (tool) => [tool, ['--version']],
};
export const JDK: Packed = {
  folder: 'jdk',
  packages: ['default-jdk-headless'],
  byHand: 'a full JDK (11 or later, with jmods)',
  find: jdkBelow,
  trial: (tool) => [join(tool, 'bin/java'), ['-version']],
};
export const BUSYBOX: Packed = {
  folder: 'busybox',
  // Needs no library of the system's: it can be copied into a pod's own root.
  packages: ['busybox-static'],
  byHand: 'busybox',
  find: async (root) => firstExecutable(root, ['usr/bin/busybox', 'bin/busybox']),
  trial: (tool) => [tool, ['true']],
};
export const JATTACH: Packed = {
  folder: 'jattach',
  packages: ['jattach'],
  byHand: 'jattach',
  find: async (root) => firstExecutable(root, ['usr/bin/jattach']),
  trial: (tool) => ['test', ['-s', tool]],
  // Debian 11 has none; jcmd does the same for a JVM of the same user.
  isSpare: true,
};
export const CURL: Packed = {
  folder: 'curl',
  packages: ['curl'],
  byHand: 'curl 7.68 or later',
  find: async (root) => firstExecutable(root, ['bin/curl']),
  trial: (tool) => [tool, ['--version']],
  wrap: (root) => wrapProgram(root, { name: 'curl', program: 'usr/bin/curl' }),
};

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
