/** Once per run, before the first test file: fetches what the tests start, and tells them where it lies. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { ensureTools, type Tools } from '../src/demo/set-up/debian-tools.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tools: Tools;
  }
}

export async function setup(project: TestProject): Promise<void> {
  const say = (line: string) => process.stderr.write(`set-up: ${line}\n`);
  project.provide(
    'tools',
    await ensureTools({ projectDir: dirname(dirname(fileURLToPath(import.meta.url))), say }),
  );
}
