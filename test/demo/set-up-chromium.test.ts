import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium as playwright } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureChromium } from '../../src/demo/set-up/chromium.ts';
import { chromium } from '../tools.ts';
import { SmallDebianArchive, type SmallPackage } from './small-debian-archive.ts';

const run = promisify(execFile);

const PACKAGES: SmallPackage[] = [
  {
    name: 'chromium-headless-shell',
    depends: 'chromium-common, libheapdump-test1',
    files: {
      'usr/lib/chromium/bin/shell':
        '#!/bin/sh\necho "$FONTCONFIG_FILE"; echo "$LD_LIBRARY_PATH"; echo "$*"\n',
    },
    links: { 'usr/lib/chromium/chromium-headless-shell': 'bin/shell' },
  },
  {
    name: 'chromium-common',
    depends: 'heapdump-test-desktop',
    files: { 'usr/lib/chromium/part.pak': 'part' },
  },
  { name: 'heapdump-test-desktop', files: { 'usr/bin/xdg-open': '' } },
  {
    name: 'libheapdump-test1',
    files: { 'usr/lib/x86_64-linux-gnu/pulseaudio/libheapdump-test.so.1': 'library' },
  },
  ...['lato', 'liberation', 'dejavu-core', 'wqy-microhei', 'noto-color-emoji'].map((font) => ({
    name: `fonts-${font}`,
    files: { [`usr/share/fonts/${font}.ttf`]: 'font' },
  })),
];
const BROWSER = '#!/bin/sh\necho "<html><head></head><body></body></html>"\n';
const FC_LIST = '#!/bin/sh\necho "/fonts/all.ttf: All"\n';

describe('the browser for the tests of the demo’s page', () => {
  let folder: string;
  let projectDir: string;
  let archive: SmallDebianArchive;
  let lines: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heapdump-browser-'));
    projectDir = join(folder, 'project');
    archive = new SmallDebianArchive(join(folder, 'archive'));
    await archive.publish(PACKAGES);
    lines = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const machine = () => join(folder, 'machine');
  const ensure = (environment: Record<string, string | undefined> = {}) =>
    ensureChromium({
      projectDir,
      say: (line) => void lines.push(line),
      environment: {
        ...archive.environment,
        PATH: `${machine()}:${dirname(process.execPath)}:/usr/bin:/bin`,
        ...environment,
      },
    });

  async function onMachine(programs: Record<string, string>): Promise<void> {
    await mkdir(machine(), { recursive: true });
    for (const [name, text] of Object.entries(programs)) {
      await writeFile(join(machine(), name), text);
      await chmod(join(machine(), name), 0o755);
    }
  }

  it('is Debian’s, unpacked with the fonts and libraries that it looks for where it lies', async () => {
    await onMachine({ 'fc-list': '#!/bin/sh\n' });

    const program = await ensure();

    const root = dirname(dirname(program));
    const { stdout } = await run(program, ['--headless', 'a b'], { env: {} });
    const [fonts = '', libraries = '', words] = stdout.split('\n');
    expect(root.startsWith(join(projectDir, '.cache/debian/'))).toBe(true);
    expect(join(fonts)).toBe(join(root, 'fonts.conf'));
    expect(libraries.split(':').map((path) => join(path))).toContain(
      join(root, 'usr/lib/x86_64-linux-gnu/pulseaudio'),
    );
    expect(words).toBe('--headless a b');
    expect(await readFile(fonts, 'utf8')).toContain('<dir prefix="relative">usr/share/fonts</dir>');
    expect(await readdir(join(root, 'usr/share/fonts'))).toHaveLength(5);
    expect(lines).toEqual([expect.stringMatching(/^fetching chromium-headless-shell/)]);
    // Nothing of a desktop's.
    expect(await readdir(join(root, 'usr'))).not.toContain('bin');
  });

  it('finds its fonts also where it is started by a relative path', async () => {
    const program = await ensure();
    const root = dirname(dirname(program));

    const { stdout } = await run('chromium/bin/chromium', [], { cwd: dirname(root), env: {} });

    // Fontconfig would look for a relative one in the system's own folder.
    expect(join(stdout.split('\n')[0] ?? '')).toBe(join(root, 'fonts.conf'));
  });

  it('is fetched once: the second time needs no archive', async () => {
    await onMachine({ 'fc-list': '#!/bin/sh\n' });
    const first = await ensure();
    lines = [];

    expect(await ensure({ PATH: '/nowhere' })).toBe(first);
    expect(lines).toEqual([]);
  });

  it.each(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'])(
    'is the machine’s %s where that runs and has letters for all that the page says',
    async (name) => {
      await onMachine({ [name]: BROWSER, 'fc-list': FC_LIST });

      expect(await ensure({ PATH: machine() })).toBe(join(machine(), name));
      expect(lines).toEqual([]);
      await expect(readdir(projectDir)).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );

  it.each([
    ['does not run', { chromium: '#!/bin/sh\nexit 1\n', 'fc-list': FC_LIST }],
    [
      'lacks Chinese',
      { chromium: BROWSER, 'fc-list': '#!/bin/sh\n[ "$1" = :lang=zh-cn ] || echo all.ttf\n' },
    ],
    [
      'lacks emoji',
      { chromium: BROWSER, 'fc-list': '#!/bin/sh\n[ "$1" = :lang=und-zsye ] || echo all.ttf\n' },
    ],
  ])('is Debian’s where the machine’s %s', async (_lack, programs) => {
    await onMachine(programs);

    expect(await ensure()).toMatch(/\/\.cache\/debian\/[^/]+\/chromium\/bin\/chromium$/);
  });

  it('is asked for in one line on a machine that has neither one nor apt-get', async () => {
    await expect(ensure({ PATH: '/nowhere' })).rejects.toMatchObject({
      name: 'ToolsError',
      code: 'no-apt',
      message: expect.stringMatching(/install Chromium or Google Chrome.*Chinese and emoji.*$/),
    });
  });
});

describe('the browser that tests are handed', () => {
  it('is one that Playwright can drive', async () => {
    const browser = await playwright.launch({ executablePath: await chromium() });
    try {
      const page = await browser.newPage();
      await page.setContent('<title>It runs</title>');

      expect(await page.title()).toBe('It runs');
    } finally {
      await browser.close();
    }
  });
});

describe('the browser of Debian’s archive, unpacked', () => {
  it('shows Latin, Chinese, emoji and code, each in a font that has it', async () => {
    const projectDir = fileURLToPath(new URL('../..', import.meta.url));
    const program = await ensureChromium({ projectDir, ignoreSystem: true, say: () => {} });
    const browser = await playwright.launch({ executablePath: program });
    try {
      const page = await browser.newPage();
      await page.setContent(
        '<body style="font-family: system-ui"><p>Heap dump<p>堆转储<p>✅🚀<p><code>order-service-7d9f8</code>',
      );
      const devTools = await page.context().newCDPSession(page);
      await devTools.send('DOM.enable');
      await devTools.send('CSS.enable');
      const { root } = await devTools.send('DOM.getDocument');
      const { nodeIds } = await devTools.send('DOM.querySelectorAll', { nodeId: root.nodeId, selector: 'p' });
      const used: string[][] = [];
      for (const nodeId of nodeIds) {
        const { fonts } = await devTools.send('CSS.getPlatformFontsForNode', { nodeId });
        used.push(fonts.map(({ familyName }) => familyName).sort());
      }

      expect(used).toEqual([['Lato'], ['WenQuanYi Micro Hei'], ['Noto Color Emoji'], ['DejaVu Sans Mono']]);
    } finally {
      await browser.close();
    }
  });
});
