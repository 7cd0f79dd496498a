import { mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ContainerSpec, DEFAULT_PATH } from '../pod-spec.ts';

/**
 * PATH of a container that shares this machine's files, without its hidden commands: a folder that holds some is
 * replaced by one of links to all others. By its absolute path a hidden command can still be had.
 * @param dir where such folders are made
 * @param toHost from a path of the container to this machine's
 */
export const pathWithout = (
  spec: Pick<ContainerSpec, 'path' | 'hidden'>,
  dir: string,
  toHost: (path: string) => string,
): string =>
  (spec.path ?? DEFAULT_PATH)
    .split(':')
    .map((entry, index) => {
      const folder = toHost(entry);
      const names = namesIn(folder);
      const hidden = (spec.hidden ?? [])
        .map(toHost)
        // /bin is /usr/bin on most machines: hidden in one, hidden in the other.
        .filter((path) => real(dirname(path)) === real(folder))
        .map((path) => basename(path))
        .filter((name) => names.includes(name));
      if (hidden.length === 0) return folder;
      const links = join(dir, String(index));
      mkdirSync(links, { recursive: true });
      for (const name of names) {
        if (!hidden.includes(name)) symlinkSync(join(folder, name), join(links, name));
      }
      return links;
    })
    .join(':');

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const real = (folder: string): string => {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
};
