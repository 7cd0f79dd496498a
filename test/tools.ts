import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { ensureChromium } from '../src/demo/set-up/chromium.ts';
import type { Tools } from '../src/demo/set-up/debian-tools.ts';
import type {} from './global-setup.ts';

/** Where redis-server, the JDK, busybox, jattach and curl lie, as global-setup.ts found or fetched them. */
export function tools(): Tools {
  return inject('tools');
}

/**
 * Path of a Chromium, for Playwright's `executablePath`. Found or fetched by the first test that asks: to be called
 * in a beforeAll, which has the patience for it.
 */
export async function chromium(): Promise<string> {
  return await ensureChromium({
    projectDir: dirname(dirname(fileURLToPath(import.meta.url))),
    say: (line) => process.stderr.write(`set-up: ${line}\n`),
  });
}
