/** A Chromium without a screen, and windows with the demo's page in them. */
import { fileURLToPath } from 'node:url';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import type { Role } from '../../src/demo/page/page-state.ts';
import { CHROMIUM_FLAGS } from '../../src/demo/page/take-screenshot.ts';
import { chromium } from '../tools.ts';

export interface Window extends Page {
  /** Errors of scripts, and requests that went anywhere but to the page's own server. */
  readonly trouble: string[];
}

const PATIENCE_MS = 45_000;
const pictures = fileURLToPath(new URL('../../.cache/screenshots/', import.meta.url));

/** Each launch has a profile of its own, which is gone with it. */
export const openBrowser = async (): Promise<Browser> =>
  await playwright.launch({ executablePath: await chromium(), args: [...CHROMIUM_FLAGS] });

export async function openWindow(
  browser: Browser,
  url: string,
  options: { readonly as?: Role; readonly width?: number; readonly height?: number } = {},
): Promise<Window> {
  const { as = 'developer', width = 1440, height = 900 } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    locale: 'en-US',
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const trouble: string[] = [];
  page.on('pageerror', (error) => trouble.push(error.message));
  page.on('console', (message) => {
    // What the browser says of a server that is gone is no fault of the page's.
    const text = message.text();
    if (message.type() === 'error' && !/net::ERR_/.test(text)) trouble.push(text);
  });
  page.on('request', (request) => {
    if (request.resourceType() !== 'document' && !request.url().startsWith(url)) trouble.push(request.url());
  });
  await page.goto(`${url}?as=${as}`);
  await page.getByRole('log').first().waitFor();
  return Object.assign(page, { trouble });
}

/** Build output: what the page looked like when the tests ran. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${pictures}${name}.png` });
}

/** @param text behind the command */
export async function type(page: Page, text: string): Promise<void> {
  const composer = page.locator('.channel').getByRole('combobox');
  await composer.fill(`/heapdump ${text}`);
  await composer.press('Escape');
  await composer.press('Enter');
}

export async function become(page: Page, name: 'Mei' | 'Ann' | 'Tom'): Promise<void> {
  await page.locator('.person', { hasText: name }).click();
  await page.getByRole('radio', { name, checked: true }).waitFor({ state: 'attached' });
}

export async function read(page: Page, language: 'en' | 'zh-CN'): Promise<void> {
  await page.locator('.languages label', { has: page.locator(`[lang="${language}"]`) }).click();
  await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
}

/** The newest card that can be decided on. */
export async function press(page: Page, label: string): Promise<void> {
  await page.locator('.channel').getByRole('button', { name: label, exact: true }).last().click();
}

/** With the question that is asked first. */
export async function approve(page: Page, label = 'Approve'): Promise<void> {
  await press(page, label);
  await page.getByRole('dialog').getByRole('button', { name: label, exact: true }).click();
}

/** True if something is wider than the window. */
export const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate(
    `[...document.querySelectorAll('*')].some((each) => {
      const { right, width } = each.getBoundingClientRect();
      return width > 1 && right > innerWidth + 1 && getComputedStyle(each).position !== 'absolute' && !each.closest('.unseen');
    }) || document.documentElement.scrollWidth > innerWidth`,
  );
