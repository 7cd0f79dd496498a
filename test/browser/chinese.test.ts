import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve, become, openBrowser, openWindow, picture, read, type, type Window } from './browser.ts';
import { type PageWorld, startPageWorld } from './page-on-world.ts';

describe('in Chinese', () => {
  let place: PageWorld;
  let browser: Browser;
  let page: Window;

  beforeAll(async () => {
    [place, browser] = await Promise.all([startPageWorld({ heapMb: 4, language: 'zh-CN' }), openBrowser()]);
    page = await openWindow(browser, (await place.open()).url);
  });
  afterAll(async () => {
    await browser?.close();
    await place?.stop();
  });

  it('whoever reads English is answered in English, though the channel is Chinese', async () => {
    await type(page, 'help');
    await page.locator('.message-private').getByText('Heap dumps of Java pods').waitFor();
    await page.locator('html[lang="en"]').waitFor({ state: 'attached' });
  });

  it('whoever switches gets the page, and private answers, in Chinese', async () => {
    await read(page, 'zh-CN');
    await expect
      .poll(
        async () => {
          await type(page, 'help');
          return await page.locator('.message-private').last().textContent();
        },
        { timeout: 20_000, interval: 2000 },
      )
      .toMatch(/仅你可见[\s\S]*堆转储/);
  });

  it('a request is approved, and its dump is there', async () => {
    await type(page, 'prod/order-service-7d9f8-x2x4k --reason "上次发布以来内存一直在涨"');
    await page.getByRole('button', { name: '同意' }).waitFor();
    await become(page, 'Ann');
    await read(page, 'zh-CN');
    await approve(page, '同意');
    await page.getByRole('region', { name: '消息列' }).getByRole('link', { name: '下载' }).waitFor();
    await picture(page, 'chinese');
    expect(page.trouble).toEqual([]);
  });
});
