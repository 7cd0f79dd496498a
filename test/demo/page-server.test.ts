import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RunningPage, startPage } from '../../src/demo/page/page-server.ts';
import type { Behind } from '../../src/demo/page/page-state.ts';
import { act, ask, follow, NOTHING_BEHIND } from './page-client.ts';
import { PATIENTLY, slackForTests } from './slack-client.ts';

describe('the server of the demo’s page', () => {
  const { workspace } = slackForTests();

  async function opened(options: { look?: () => Promise<Behind>; port?: number } = {}) {
    const { slack, ops, ann, bot } = await workspace();
    const people = {
      developer: ann,
      reviewer: slack.addPerson({ name: 'bob' }),
      outsider: slack.addPerson({ name: 'tom' }),
    };
    const page = await startPage({
      slack,
      channel: ops,
      people,
      groups: [],
      command: '/heapdump',
      look: options.look ?? (async () => NOTHING_BEHIND),
      port: options.port ?? 0,
    });
    let isOver = false;
    const stop = async () => {
      if (!isOver) await page.stop();
      isOver = true;
    };
    onTestFinished(stop);
    return { slack, ops, people, bot, page, url: page.url, stop };
  }

  const json = { 'content-type': 'application/json' };
  const language = JSON.stringify({ as: 'developer', action: { kind: 'language', language: 'en' } });

  it('gives a page that may load from, and send to, itself alone', async () => {
    const { url } = await opened();
    const { status, headers, body } = await ask(url);
    const [script, style] = await Promise.all([ask(`${url}page.js`), ask(`${url}page.css`)]);

    expect([status, script.status, style.status]).toEqual([200, 200, 200]);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy.match(/-src ([^;]+)/g)?.every((rule) => /-src '(none|self)'$/.test(rule))).toBe(true);
    expect(body).not.toMatch(/(src|href)="(?!\/)/);
    expect(style.body).not.toMatch(/url\(|@import/);
  });

  it.each([
    ['a name that was made to point here', { host: 'evil.example' }],
    ['another port', { host: '127.0.0.1:1' }],
    ['another page in the same browser', { ...json, origin: 'https://evil.example' }],
    ['another page on this machine', { ...json, origin: 'http://127.0.0.1:1' }],
    ['another site, as the browser says', { ...json, 'sec-fetch-site': 'cross-site' }],
  ])('does nothing for %s', async (_, headers) => {
    const { url, people } = await opened();
    people.developer.locale = 'zh-CN';
    const answer = await ask(`${url}act`, { method: 'POST', headers, body: language });

    expect(answer.status).toBe(403);
    expect(people.developer.locale).toBe('zh-CN');
  });

  it('shows nothing to a name that was made to point here', async () => {
    const { url } = await opened();

    expect((await ask(`${url}events`, { headers: { host: 'evil.example' } })).status).toBe(403);
    expect((await ask(url, { headers: { host: 'evil.example' } })).status).toBe(403);
  });

  it('takes what a page sends, not what any form can', async () => {
    const { url } = await opened();
    const send = (headers: Record<string, string>, body: string) =>
      ask(`${url}act`, { method: 'POST', headers, body });

    expect((await send({ 'content-type': 'text/plain' }, language)).status).toBe(415);
    expect((await send(json, language)).status).toBe(200);
    expect((await send(json, '{')).status).toBe(400);
    expect((await send(json, '{"as":"root","action":{"kind":"home"}}')).status).toBe(400);
    expect((await send(json, '{"as":"developer","action":{"kind":"rm"}}')).status).toBe(400);
    expect((await ask(`${url}../package.json`)).status).toBe(404);
  });

  it('a page that is opened later sees what was said before, then each change', async () => {
    const { url, bot, ops } = await opened();
    const { ts } = await bot.chat.postMessage({ channel: ops.id, text: 'first' });
    const page = await follow(url, 'developer');
    await bot.chat.update({ channel: ops.id, ts: String(ts), text: 'second' });
    await bot.chat.postMessage({ channel: ops.id, text: 'an answer', thread_ts: String(ts) });
    await bot.chat.delete({ channel: ops.id, ts: String(ts) }).catch(() => undefined);

    expect(page.snapshot.messages.map(({ text }) => text)).toEqual(['first']);
    await vi.waitFor(() => {
      const texts = page.changes.flatMap((change) =>
        change.kind === 'message' ? [change.message.text] : [],
      );
      expect(texts).toEqual(['second', 'an answer']);
    }, PATIENTLY);
    page.close();
  });

  it('what is for one person’s eyes goes to no other page', async () => {
    const { url, bot, ops, people } = await opened();
    const [theirs, others] = await Promise.all([follow(url, 'developer'), follow(url, 'reviewer')]);
    await bot.chat.postEphemeral({ channel: ops.id, user: people.developer.id, text: 'between us' });
    await bot.chat.postMessage({ channel: ops.id, text: 'for all' });

    await vi.waitFor(() => {
      expect(JSON.stringify(others.changes)).toContain('for all');
      expect(JSON.stringify(theirs.changes)).toContain('between us');
    }, PATIENTLY);
    expect(JSON.stringify(others.changes)).not.toContain('between us');
    const later = await follow(url, 'reviewer');
    expect(JSON.stringify(later.snapshot)).not.toContain('between us');
    for (const page of [theirs, others, later]) page.close();
  });

  it('a person who changes language is seen to, on every page', async () => {
    const { url, people } = await opened();
    const page = await follow(url, 'reviewer');
    expect(await act(url, 'developer', { kind: 'language', language: 'zh-CN' })).toEqual({ ok: true });

    expect(people.developer.locale).toBe('zh-CN');
    await vi.waitFor(() => expect(page.changes.map(({ kind }) => kind)).toContain('people'), PATIENTLY);
    page.close();
  });

  it('says so when nobody takes the command', async () => {
    const { url } = await opened();
    // No bot is connected to this workspace.
    expect(await act(url, 'developer', { kind: 'slash', text: 'list' })).toEqual({
      ok: false,
      problem: 'unanswered',
      text: 'dispatch_failed',
    });
  });

  it('a button that is not there, or not for this person to see, cannot be pressed', async () => {
    const { url, bot, ops, people } = await opened();
    const { message_ts: ts } = await bot.chat.postEphemeral({
      channel: ops.id,
      user: people.developer.id,
      text: 'between us',
    });
    const click = { kind: 'click', channel: ops.id, ts, blockId: 'b', actionId: 'a' };

    expect(await act(url, 'reviewer', click)).toEqual({ ok: false, problem: 'refused' });
    expect(await act(url, 'developer', click)).toMatchObject({ ok: false, problem: 'refused' });
    expect(await act(url, 'developer', { kind: 'submit', view: 'V1', values: {} })).toMatchObject({
      problem: 'refused',
    });
  });

  it('what goes on behind is looked at while somebody looks on, and told when it changes', async () => {
    let looks = 0;
    const { url } = await opened({
      look: async () => {
        looks += 1;
        return { ...NOTHING_BEHIND, queue: { ...NOTHING_BEHIND.queue, ended: Math.min(looks, 2) } };
      },
    });
    expect(looks).toBe(0);
    const page = await follow(url, 'developer');
    await vi.waitFor(() => expect(looks).toBeGreaterThan(3), PATIENTLY);
    expect(page.changes.filter(({ kind }) => kind === 'behind')).toHaveLength(2);
    page.close();
    await vi.waitFor(async () => {
      const before = looks;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(looks).toBe(before);
    }, PATIENTLY);
  });

  it('a page that is open is told that the demo stops', async () => {
    const { url, stop } = await opened();
    const page = await follow(url, 'developer');
    await stop();

    await vi.waitFor(() => expect(page.ended()).toBe(true), PATIENTLY);
    expect(page.changes.at(-1)).toEqual({ kind: 'stopping' });
  });

  it('takes another port where the wanted one is taken', async () => {
    const first = await opened();
    const port = Number(new URL(first.url).port);
    const second: { page: RunningPage } = await opened({ port });

    expect(second.page.url).not.toBe(first.url);
    expect((await ask(second.page.url)).status).toBe(200);
  });
});
