/** Tiny executables to put on PATH. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** @returns the folder that holds it, and nothing else */
export function fakeCommand(name: string, script: string, folder = emptyFolder()): string {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fake-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @returns a folder with these commands as they are in the folders of `path`, and no others */
export function linksTo(names: readonly string[], path: readonly string[]): string {
  const folder = emptyFolder();
  for (const name of names) {
    const found = path.map((each) => join(each, name)).find((each) => existsSync(each));
    if (found !== undefined) symlinkSync(found, join(folder, name));
  }
  return folder;
}

export interface Counted {
  /** To go before the folders of the commands themselves. */
  readonly folder: string;
  /** How often each was begun so far. */
  begun(): Readonly<Record<string, number>>;
}

/** These commands as they are in the folders of `path`, each noting that it is begun. */
export function countCommands(names: readonly string[], path: readonly string[]): Counted {
  const folder = emptyFolder();
  const log = join(emptyFolder(), 'begun');
  writeFileSync(log, '');
  for (const name of names) {
    const real = path.map((each) => join(each, name)).find((each) => existsSync(each));
    if (real !== undefined) fakeCommand(name, `echo ${name} >>${log}; exec ${real} "$@"`, folder);
  }
  return {
    folder,
    begun: () => {
      const begun: Record<string, number> = {};
      for (const name of readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== ''))
        begun[name] = (begun[name] ?? 0) + 1;
      return begun;
    },
  };
}
