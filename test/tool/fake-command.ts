/** Tiny executables to put on PATH. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
