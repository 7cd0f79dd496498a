import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';

/** Symlinks of the container are followed inside its root, at most as many as the kernel would. */
const MAX_LINKS = 40;

/** The path on this machine of a path in a container whose root is `root` ('' for this machine's own). */
export const resolveInRoot = (root: string, path: string): string => {
  const rest = path.split('/').filter((part) => part !== '' && part !== '.');
  let done: string[] = [];
  let links = 0;
  while (rest.length > 0) {
    const part = rest.shift() ?? '';
    if (part === '..') {
      done.pop();
      continue;
    }
    const here = `${root}/${[...done, part].join('/')}`;
    let target: string | undefined;
    try {
      if (lstatSync(here).isSymbolicLink()) target = readlinkSync(here);
    } catch {
      // Not there: the caller's own stat says so.
    }
    if (target === undefined || links >= MAX_LINKS) {
      done.push(part);
      continue;
    }
    links += 1;
    if (target.startsWith('/')) done = [];
    rest.unshift(...target.split('/').filter((name) => name !== '' && name !== '.'));
  }
  return `${root}/${done.join('/')}`;
};

export type Lookup = { path: string } | { problem: string };

/**
 * Finds what the container runtime would run, or its words for why not:
 * Go's LookPath, which runc uses.
 */
export const findExecutable = (
  file: string,
  where: { root: string; path: string; uid: number; gid: number },
): Lookup => {
  const check = (path: string): 'ok' | 'missing' | 'denied' => {
    let stats: Stats;
    try {
      stats = statSync(resolveInRoot(where.root, path));
    } catch {
      return 'missing';
    }
    return stats.isFile() && mayExecute(stats, where) ? 'ok' : 'denied';
  };
  if (file.includes('/')) {
    const found = check(file);
    if (found === 'ok') return { path: file };
    return { problem: found === 'denied' ? 'permission denied' : `stat ${file}: no such file or directory` };
  }
  for (const dir of where.path.split(':')) {
    const path = `${dir === '' ? '.' : dir}/${file}`;
    if (file !== '' && check(path) === 'ok') return { path };
  }
  return { problem: 'executable file not found in $PATH' };
};

const mayExecute = (stats: Stats, who: { uid: number; gid: number }): boolean => {
  if (who.uid === 0) return (stats.mode & 0o111) !== 0;
  if (stats.uid === who.uid) return (stats.mode & 0o100) !== 0;
  if (stats.gid === who.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
};
