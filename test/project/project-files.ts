import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import picomatch from 'picomatch';

export const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Paths of all files below the project's folder that are or may be committed. Does not need git to be there. */
export function projectFiles(): string[] {
  // Of git's patterns those that we use: a name, anywhere or at the top, with wildcards.
  const lines = readProject('.gitignore').split('\n');
  const patterns = lines.filter((line) => line !== '').map((line) => line.replace(/^\/|\/$/g, ''));
  const ignored = picomatch(['.git', ...patterns], { dot: true });
  const walk = (folder: string): string[] =>
    readdirSync(join(projectDir, folder), { withFileTypes: true })
      .filter(({ name }) => !ignored(name))
      .flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? walk(path) : [path];
      });
  return walk('');
}

export function readProject(path: string): string {
  return readFileSync(join(projectDir, path), 'utf8');
}
