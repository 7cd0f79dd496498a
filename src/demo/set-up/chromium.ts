/** The browser that tests and pictures of the demo's page are made with: this machine's own, or Debian's. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianCache, fetchAll, unpacked } from './debian-cache.ts';
import { FONT_PACKAGES, FONTS_CONF } from './fonts.ts';
import type { Packed } from './packed-tools.ts';
import { type Environment, isExecutable, onPath } from './system-tools.ts';
import { ToolsError } from './tools-error.ts';
import { wrapProgram } from './wrap-program.ts';

const run = promisify(execFile);

/** Debian's name, Ubuntu's, and those of Google's packages. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Without a sandbox: root gets none, nor does what is unpacked without root's help. */
const HEADLESS = ['--headless', '--no-sandbox', '--disable-gpu'];

/** The old headless shell starts quicker, and asks for no desktop's libraries; Playwright takes it by default too. */
const CHROMIUM: Packed = {
  folder: 'chromium',
  packages: ['chromium-headless-shell', 'chromium-common', ...FONT_PACKAGES],
  byHand: 'Chromium or Google Chrome, fc-list, and fonts for Chinese and emoji',
  find: async (root) => {
    const program = join(root, 'bin/chromium');
    return isExecutable(program) ? program : null;
  },
  trial: (tool) => [tool, [...HEADLESS, '--dump-dom', 'about:blank']],
  wrap: async (root) => {
    await writeFile(join(root, 'fonts.conf'), FONTS_CONF);
    await wrapProgram(root, {
      name: 'chromium',
      program: 'usr/lib/chromium/chromium-headless-shell',
      variables: { FONTCONFIG_FILE: '$root/fonts.conf' },
    });
  },
};

interface EnsureChromiumOptions {
  /** Folder of package.json; what is fetched (110 MB) goes to .cache/debian below it. */
  projectDir: string;
  /** Takes one line for the person who waits. */
  say: (line: string) => void;
  /** As if this machine had none. */
  ignoreSystem?: boolean;
  environment?: Environment;
  signal?: AbortSignal;
}

/**
 * Not one of the tools: whoever just looks at the demo has a browser. Runs with `--headless --no-sandbox`, and shows
 * Latin, Chinese and emoji.
 * @returns path of the program, which needs nothing of the environment
 * @throws ToolsError with one line that says what to do
 */
export async function ensureChromium(options: EnsureChromiumOptions): Promise<string> {
  const { projectDir, ignoreSystem = false, environment = process.env } = options;
  const cache = debianCache(projectDir);
  const before =
    (await unpacked(cache, CHROMIUM)) ?? (ignoreSystem ? null : await systemChromium(environment));
  if (before !== null) return before;
  await fetchAll(cache, [CHROMIUM], { ...options, environment });
  const fetched = await unpacked(cache, CHROMIUM);
  if (fetched === null)
    throw new ToolsError('broken', `${cache} was changed while it was read: delete it and start again`);
  return fetched;
}

/** Only with fonts for all that the page says: boxes in place of Chinese would pass every test but the eye's. */
async function systemChromium(environment: Environment): Promise<string | null> {
  if (!(await hasFonts(environment))) return null;
  for (const name of NAMES) {
    const program = onPath(name, environment);
    if (program !== null && (await runsHeadless(program, environment))) return program;
  }
  return null;
}

async function hasFonts(environment: Environment): Promise<boolean> {
  const fcList = onPath('fc-list', environment);
  if (fcList === null) return false;
  for (const language of ['zh-cn', 'und-zsye']) {
    const { stdout } = await run(fcList, [`:lang=${language}`], { env: environment }).catch(() => ({
      stdout: '',
    }));
    if (stdout === '') return false;
  }
  return true;
}

/** Ubuntu's, for one, may be a script that asks for a snap. */
async function runsHeadless(program: string, environment: Environment): Promise<boolean> {
  const profile = await mkdtemp(join(tmpdir(), 'heapdump-chromium-'));
  try {
    const args = [...HEADLESS, `--user-data-dir=${profile}`, '--dump-dom', 'about:blank'];
    const { stdout } = await run(program, args, { env: environment, timeout: 30_000 });
    return stdout.includes('<html');
  } catch {
    return false;
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}
