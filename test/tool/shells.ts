/** The shells that the dump tool has to run under, each with the commands of its own kind of container. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { tools } from '../tools.ts';

export interface Shell {
  readonly name: string;
  readonly argv: readonly string[];
  /** Folders with sh's commands: coreutils, or nothing but busybox. */
  readonly path: string;
}

const SYSTEM_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';

/** dash, bash, and busybox with no other commands than its own. */
export function shells(): Shell[] {
  const { busybox } = tools();
  const applets = mkdtempSync(join(tmpdir(), 'busybox-'));
  // Other users run it, too, and may not be let into the project's folder.
  chmodSync(applets, 0o755);
  copyFileSync(busybox, join(applets, 'busybox'));
  execFileSync(join(applets, 'busybox'), ['--install', '-s', applets]);
  afterAll(() => rmSync(applets, { recursive: true, force: true }));
  return [
    { name: 'dash', argv: ['dash'], path: SYSTEM_PATH },
    { name: 'bash', argv: ['bash'], path: SYSTEM_PATH },
    { name: 'busybox ash', argv: [join(applets, 'ash')], path: applets },
  ];
}
