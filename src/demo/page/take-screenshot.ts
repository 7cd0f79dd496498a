/** The README's picture: one dump is there, and another one is on its way. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

export interface Picture {
  /** Of the page. */
  readonly url: string;
  /** PNG. */
  readonly file: string;
  /** Path of a Chromium. */
  readonly browser: string;
}

/** No network of its own, and no sandbox, which root is not given. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const SIZE = { width: 1440, height: 900 };
const WAIT_MS = 60_000;

export async function takeScreenshot({ url, file, browser }: Picture): Promise<void> {
  const running: Browser = await chromium.launch({ executablePath: browser, args: [...CHROMIUM_FLAGS] });
  try {
    const page = await running.newPage({
      viewport: SIZE,
      locale: 'en-US',
      colorScheme: 'light',
    });
    page.setDefaultTimeout(WAIT_MS);
    await page.goto(url);
    await dump(page, 'checkout', 'two releases, two heaps to compare');
    await page.getByText(/^Heap dump of checkout-[\w-]+ is ready$/).waitFor();
    await dump(page, 'order-service', 'memory grows since the last release');
    await halfWay(page);
    await become(page, 'Mei');
    await page.waitForTimeout(400);
    await mkdir(dirname(file), { recursive: true });
    await page.screenshot({ path: file });
  } finally {
    await running.close();
  }
}

/** So far that the picture shows that it moves. */
async function halfWay(page: Page): Promise<void> {
  const meter = page.locator('.job .meter').first();
  for (let share = 0; share < 0.45; ) {
    const [now, max] = await Promise.all([
      meter.getAttribute('aria-valuenow'),
      meter.getAttribute('aria-valuemax'),
    ]);
    share = Number(now) / Number(max);
    await page.waitForTimeout(50);
  }
}

async function dump(page: Page, pod: string, reason: string): Promise<void> {
  await become(page, 'Mei');
  const composer = page.getByRole('combobox', { name: /^Message/ });
  await composer.fill(`/heapdump ${pod}`);
  await composer.press('Tab');
  await composer.pressSequentially(`--reason "${reason}"`);
  await composer.press('Enter');
  await page.getByRole('button', { name: 'Approve' }).waitFor();
  await become(page, 'Ann');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
}

async function become(page: Page, name: string): Promise<void> {
  await page.locator('.person', { hasText: name }).click();
  await page.getByRole('radio', { name, checked: true }).waitFor({ state: 'attached' });
}
