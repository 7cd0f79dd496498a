import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

interface WrappedProgram {
  /** Name of the script: bin/<name> below the root. */
  name: string;
  /** Path of the program below the root. */
  program: string;
  /** More for its environment; $root stands for the tree, wherever it lies. */
  variables?: Record<string, string>;
}

/** Puts a script into an unpacked tree that runs a program of it with the libraries that were unpacked with it. */
export async function wrapProgram(
  root: string,
  { name, program, variables = {} }: WrappedProgram,
): Promise<void> {
  const folders = (await libraryFolders(root)).map((path) => `$root/${relative(root, path)}`);
  const script = join(root, 'bin', name);
  await mkdir(join(root, 'bin'), { recursive: true });
  await writeFile(
    script,
    `#!/bin/sh
# Runs the ${name} that lies beside it, with the libraries that were unpacked with it.
root=\${0%/*}/..
case $root in /*) ;; *) root=$PWD/$root ;; esac
LD_LIBRARY_PATH=${[...folders, '$LD_LIBRARY_PATH'].join(':')}
LD_LIBRARY_PATH=\${LD_LIBRARY_PATH%:}
export LD_LIBRARY_PATH
${Object.entries(variables)
  .map(([key, value]) => `${key}="${value}"\nexport ${key}\n`)
  .join('')}exec "$root/${program}" "$@"
`,
  );
  // Pods of any user run it, whatever this process's umask.
  for (const path of [root, join(root, 'bin'), script]) await chmod(path, 0o755);
}

/** @returns where the libraries of an unpacked tree lie */
export async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const libraries of [join(root, 'usr/lib'), join(root, 'lib')]) {
    const names = existsSync(libraries) ? await readdir(libraries) : [];
    for (const name of names.filter((name) => name.includes('-linux-'))) {
      folders.push(join(libraries, name));
      // libpulse has parts in a folder of its own, which it names by a path that holds for an installed one only.
      if (existsSync(join(libraries, name, 'pulseaudio'))) folders.push(join(libraries, name, 'pulseaudio'));
    }
  }
  return folders;
}
