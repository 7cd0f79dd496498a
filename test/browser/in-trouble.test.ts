import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningPage } from '../../src/demo/page/page-server.ts';
import { approve, become, openBrowser, openWindow, picture, press, type, type Window } from './browser.ts';
import { type PageWorld, startPageWorld } from './page-on-world.ts';

const POD = 'prod/order-service-7d9f8-x2x4k';
/** The dump would take most of a minute, then: ample for what is done meanwhile, on a slow machine too. */
const SLOW_BYTES_PER_SECOND = 700_000;

const MOVING = /Move the dump to OSS · .* of /;

describe('what can go wrong, seen on the page', () => {
  let place: PageWorld;
  let server: RunningPage;
  let browser: Browser;
  let page: Window;

  beforeAll(async () => {
    [place, browser] = await Promise.all([startPageWorld({ heapMb: 24 }), openBrowser()]);
    server = await place.open();
    page = await openWindow(browser, server.url);
  });
  afterAll(async () => {
    await browser?.close();
    await place?.stop();
  });

  it('an outsider’s click decides nothing, and only they are told', async () => {
    await type(page, POD);
    await page.getByRole('button', { name: 'Deny' }).waitFor();
    await become(page, 'Tom');
    await approve(page);
    await page.locator('.message-private', { hasText: 'You are not a reviewer' }).waitFor();
    expect(await place.world.request()).toMatchObject({ state: 'pending', approvals: [] });
  });

  it('a reviewer denies, and says why in a form', async () => {
    await become(page, 'Ann');
    await press(page, 'Deny');
    const form = page.getByRole('dialog', { name: 'Deny this heap dump' });
    await form.getByRole('textbox').fill('wait until the sale is over');
    await picture(page, 'deny');
    await form.getByRole('button', { name: 'Deny' }).click();
    await form.waitFor({ state: 'detached' });
    await page
      .getByRole('region', { name: 'Thread' })
      .getByText('wait until the sale is over')
      .last()
      .waitFor();
    expect(await place.world.request()).toMatchObject({ state: 'denied' });
  });

  it('two windows show the same, and one of them can be another person', async () => {
    const reviewer = await openWindow(browser, server.url, { as: 'reviewer' });
    await become(page, 'Mei');
    await type(page, `${POD} --via relay`);
    place.world.oss.faults.rate(SLOW_BYTES_PER_SECOND);
    await reviewer.getByRole('button', { name: 'Approve' }).waitFor();
    await approve(reviewer);
    for (const each of [page, reviewer])
      await each.getByRole('region', { name: 'Thread' }).getByText(MOVING).waitFor();
    expect(reviewer.trouble).toEqual([]);
    await reviewer.context().close();
  });

  it('reloaded in mid-transfer, the page is where it was, and goes on', async () => {
    await page.reload();
    await page.getByRole('radio', { name: 'Mei', checked: true }).waitFor({ state: 'attached' });
    await page.locator('.replies').last().click();
    const progress = page.getByRole('region', { name: 'Thread' }).getByText(MOVING);
    const before = await progress.textContent();
    await expect.poll(() => progress.textContent(), { timeout: 20_000 }).not.toBe(before);
    await picture(page, 'mid-transfer');
  });

  it('cancelled in mid-transfer, the thread says so and nothing is kept', async () => {
    await press(page, 'Cancel');
    await page
      .getByRole('region', { name: 'Thread' })
      .getByText(/was cancelled/)
      .waitFor();
    expect(await place.world.waitForRequest(({ state }) => state === 'cancelled')).toBeDefined();
    expect(place.world.oss.objectKeys()).toEqual([]);
    place.world.oss.faults.rate(undefined);
  });

  it('a pod that was not there yet is found by Retry', async () => {
    await type(page, 'prod/late-1');
    const failed = page.locator('.message-private', { hasText: 'Heap dump of late-1 failed' });
    await failed.getByRole('button', { name: 'Retry' }).waitFor();
    await place.world.addPod({ name: 'late-1', app: 'late', heapMb: 4 });
    await failed.getByRole('button', { name: 'Retry' }).click();
    await page
      .locator('.channel .message', { hasText: 'late-1' })
      .getByRole('button', { name: 'Approve' })
      .waitFor();
  });

  it('a line that does not reach the bot is not lost, and the page says so', async () => {
    await page.route('**/act', (route) => route.abort());
    await type(page, 'list');
    await page.getByRole('alert').getByText('heapdump cannot be reached right now').waitFor();
    await page.unroute('**/act');
    const composer = page.locator('.channel').getByRole('combobox');
    await expect.poll(() => composer.inputValue()).toBe('/heapdump list');
    await composer.press('Enter');
    await page.locator('.message-private').getByText('Heap dumps').last().waitFor();
  });

  it('when the demo stops and comes back, the page says so and goes on by itself', async () => {
    const port = Number(new URL(server.url).port);
    await server.stop();
    await page.getByRole('alert').getByText('The demo has stopped.').waitFor();
    server = await place.open(port);
    await page.getByText('The demo has stopped.').waitFor({ state: 'detached' });
    await page.locator('.message').first().waitFor();
    expect(page.trouble).toEqual([]);
  });
});
