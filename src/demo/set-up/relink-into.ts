import { lstatSync } from 'node:fs';
import { readdir, readlink, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * Makes an unpacked package tree work where it lies. Debian's JDK has links such as conf/security →
 * /etc/java-17-openjdk/security: they are led to the tree's own copy, where it has one.
 * @param root folder that stands for /
 */
export async function relinkInto(root: string): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    const target = await readlink(link);
    if (!target.startsWith('/') || !exists(join(root, target))) continue;
    await rm(link);
    await symlink(relative(dirname(link), join(root, target)), link);
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
