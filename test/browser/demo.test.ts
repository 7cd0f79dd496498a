import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HprofWalk } from '../../src/worker/hprof-walk.ts';
import {
  approve,
  become,
  openBrowser,
  openWindow,
  picture,
  scrollsSideways,
  type,
  type Window,
} from './browser.ts';
import { type DemoProcess, startDemo } from './demo-process.ts';

describe('somebody starts the demo and opens its page', () => {
  let demo: DemoProcess;
  let browser: Browser;
  let page: Window;

  beforeAll(async () => {
    [demo, browser] = await Promise.all([startDemo('--heap', '48'), openBrowser()]);
    page = await openWindow(browser, demo.url);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.interrupt();
  });

  it('an empty channel says what can be tried, and the panel shows the pods’ heaps', async () => {
    await page.getByRole('button', { name: /prod\/order-service.*never closed/ }).waitFor();
    await page
      .getByRole('meter', { name: /\d+ of 1\d\d MB/ })
      .first()
      .waitFor();
    await picture(page, 'beginning');
  });

  it('by keyboard alone, from the first letter to the approval, and then the file comes', async () => {
    const { keyboard } = page;
    await focusBy(page, 'Tab', 'Message #order-service, or type /');
    await keyboard.type('/heapdump order');
    await page.getByRole('option', { name: /order-service/ }).waitFor();
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await keyboard.type('--rea');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    const card = page.locator('.channel .message', { hasText: 'Waiting for a reviewer' });
    await card.waitFor();
    expect(await card.textContent()).toContain('memory grows since the last release');

    await focusBy(page, 'Shift+Tab', 'Mei');
    await keyboard.press('ArrowDown');
    await page.getByRole('radio', { name: 'Ann', checked: true }).waitFor();
    await card.waitFor();
    await focusBy(page, 'Tab', 'Approve');
    await keyboard.press('Enter');
    // The question's safe answer has the focus.
    await page.getByRole('dialog', { name: 'Pause this application?' }).waitFor();
    await keyboard.press('Tab');
    await keyboard.press('Enter');

    const thread = page.getByRole('region', { name: 'Thread' });
    await thread.getByText('Find the pod').waitFor();
    const link = thread.getByRole('link', { name: 'Download' });
    await link.waitFor();
    await picture(page, 'completed');
    expect(await walked(page, () => link.click())).toBeGreaterThan(40_000_000);
  });

  it('the panel has followed: the pause as the service measured it, the object, the record', async () => {
    const panel = page.getByRole('complementary', { name: 'Behind the scenes' });
    await panel
      .getByText(/stood still for/)
      .first()
      .waitFor();
    await panel
      .getByText(/\.hprof(\.gz)?$/)
      .first()
      .waitFor();
    await panel.getByText('link handed out').first().waitFor();
    expect(await panel.textContent()).toContain('1 ended');
  });

  it('pods that cannot be dumped say why and what to do, to the one who asked', async () => {
    await become(page, 'Mei');
    await type(page, 'prod/mail-58c9b-t4hrv');
    await page.getByText('The container has none of jcmd, jmap and jattach.').waitFor();
    await page.getByText(/Use a JDK image/).waitFor();
    await type(page, 'prod/vault-7b5f6-c2ndj');
    const refused = page.locator('.message-private', { hasText: 'forbids attaching' });
    await refused.waitFor();
    expect(await refused.textContent()).toMatch(/Only visible to you[\s\S]*Remove that flag/);
    await become(page, 'Ann');
    await expect.poll(() => refused.count()).toBe(0);
  });

  it('the form asks for a pod by search, and its request is like a typed one', async () => {
    await become(page, 'Mei');
    await type(page, '');
    const form = page.getByRole('dialog', { name: 'Ask for a heap dump' });
    await form.getByRole('combobox', { name: 'Namespace' }).fill('pro');
    await form.getByRole('option', { name: 'prod', exact: true }).click();
    // The field is another one as soon as the bot knows the namespace.
    await expect
      .poll(
        async () => {
          await form.getByRole('combobox', { name: 'Pod' }).fill('ledg');
          await page.waitForTimeout(700);
          return await form.getByRole('option', { name: /ledger/ }).count();
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    await picture(page, 'form');
    await page.keyboard.press('Enter');
    await form.getByRole('textbox', { name: /Reason/ }).fill('nightly totals are slow');
    await form.getByRole('button', { name: 'Ask' }).click();
    await form.waitFor({ state: 'detached' });
    await page.locator('.channel').getByText('nightly totals are slow').waitFor();
  });

  it('a read-only root with another user is dumped all the same, and so is the first of two JVMs', async () => {
    await type(page, 'prod/checkout-5c6b4-m8qzt');
    await page.locator('.channel').getByText('1 more Java process runs').waitFor();
    await become(page, 'Ann');
    for (const pod of ['checkout', 'ledger']) {
      await approve(page);
      await page.getByText(new RegExp(`^Heap dump of ${pod}-[\\w-]+ is ready$`)).waitFor();
    }
  });

  it('a namespace whose rule asks for no review is dumped at once', async () => {
    await become(page, 'Mei');
    await type(page, 'dev/search-84d5c-g7xbn');
    await page.getByText(/^Heap dump of search-[\w-]+ is ready$/).waitFor();
  });

  it('an outsider is told no, and why', async () => {
    await become(page, 'Tom');
    await type(page, 'prod/order-service-7d9f8-x2x4k');
    const refused = page.locator('.message-private', { hasText: 'Not allowed' });
    await refused.waitFor();
    expect(await refused.textContent()).toContain('java-developers');
  });

  it('the Home tab lists the dumps, with a link for those who may have one', async () => {
    await become(page, 'Mei');
    await page.getByRole('button', { name: 'App Home' }).click();
    const home = page.getByRole('region', { name: 'App Home' });
    await home.getByRole('button', { name: 'New link' }).first().click();
    await page.getByRole('dialog').getByRole('link').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await picture(page, 'home');
    await page.getByRole('button', { name: 'order-service' }).first().click();
  });

  it('nothing went elsewhere, and no script failed', () => {
    expect(page.trouble).toEqual([]);
  });

  it('on a phone’s width nothing sticks out, in any place', async () => {
    const phone = await openWindow(browser, demo.url, { width: 390, height: 844 });
    const places = phone.locator('.tabs button');
    await phone.locator('.replies').first().click();
    for (let at = 0; at < (await places.count()); at += 1) {
      await places.nth(at).click();
      expect(await scrollsSideways(phone)).toBe(false);
    }
    await places.first().click();
    await type(phone, '');
    await phone.getByRole('dialog').waitFor();
    expect(await scrollsSideways(phone)).toBe(false);
    await phone.keyboard.press('Escape');
    await phone.getByRole('dialog').waitFor({ state: 'detached' });
    await picture(phone, 'phone');
    expect(phone.trouble).toEqual([]);
  });

  it('a page that was left open says that the demo has stopped', async () => {
    expect(await demo.interrupt()).toBe(130);
    await page.getByRole('alert').getByText('The demo has stopped.').waitFor();
  });
});

/** Goes on until the element with this name has the focus, as one without a mouse does. */
async function focusBy(page: Page, key: string, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press(key);
    const label = await page.evaluate<string>(FOCUSED_LABEL);
    if (label.startsWith(name)) return;
  }
  throw new Error(`${key} does not lead to ${name}`);
}

const FOCUSED_LABEL = `(({ ariaLabel, labels, innerText }) =>
  (ariaLabel ?? labels?.[0]?.querySelector('.person-name')?.innerText ?? innerText ?? '').trim())(document.activeElement)`;

/** @returns the dump's size, once each of its records was walked */
async function walked(page: Page, click: () => Promise<void>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'heapdump-browser-'));
  try {
    const [download] = await Promise.all([page.waitForEvent('download'), click()]);
    const file = join(folder, 'dump');
    await download.saveAs(file);
    const bytes = await readFile(file);
    const walk = new HprofWalk();
    walk.update(download.suggestedFilename().endsWith('.gz') ? gunzipSync(bytes) : bytes);
    return walk.end().sizeBytes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
