import { existsSync } from 'node:fs';
import { ClusterSetupError } from '../pod-spec.ts';

const DIRS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Absolute, because a container's own PATH is what the launched program would be looked up in. */
export const findProgram = (name: string): string => {
  const dir = DIRS.find((candidate) => existsSync(`${candidate}/${name}`));
  if (dir === undefined) {
    throw new ClusterSetupError(
      'missing-program',
      `${name} is in none of ${DIRS.join(', ')} (package util-linux)`,
    );
  }
  return `${dir}/${name}`;
};
