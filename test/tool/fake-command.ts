/** Tiny executables to put on PATH. */
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
