import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { oneAtATime } from './one-at-a-time.mjs';
import { runChild } from './run-child.mjs';

/**
 * Compiles src (without the demo) to dist, unless dist is newer than all that it is made from.
 *
 * @param {{ projectDir: string, say: (line: string) => void, always?: boolean }} options
 * @returns {Promise<number>} exit code: 0, or the compiler's
 */
export async function buildDist({ projectDir, say, always = false }) {
  return await oneAtATime({ folder: projectDir, name: 'build' }, async () => {
    if (!always && isFresh(projectDir)) return 0;
    say('building dist …');
    // Built beside and moved into place: a process that starts meanwhile finds the old build or the new one.
    const fresh = join(projectDir, '.cache/dist-new');
    const old = join(projectDir, '.cache/dist-old');
    rmSync(fresh, { recursive: true, force: true });
    const tsc = join(projectDir, 'node_modules/typescript/bin/tsc');
    const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh];
    const code = await runChild(process.execPath, args, { cwd: projectDir });
    if (code !== 0) return code;
    const dist = join(projectDir, 'dist');
    rmSync(old, { recursive: true, force: true });
    try {
      renameSync(dist, old);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    renameSync(fresh, dist);
    rmSync(old, { recursive: true, force: true });
    return 0;
  });
}

/** @param {string} projectDir */
function isFresh(projectDir) {
  let builtAt;
  try {
    builtAt = statSync(join(projectDir, 'dist')).mtimeMs;
  } catch {
    return false;
  }
  const settings = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'].map((file) =>
    join(projectDir, file),
  );
  return [...settings, ...sourcesIn(join(projectDir, 'src'))].every(
    (file) => statSync(file).mtimeMs < builtAt,
  );
}

/** Folders too: a file that was taken away is seen by its folder's time. @param {string} folder @returns {string[]} */
function sourcesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const below = entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sourcesIn(path) : [path];
  });
  return [folder, ...below];
}
