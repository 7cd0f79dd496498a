/** Forms, rate limits and canned trouble of the stand-in Slack. */
import type { webApi } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import { slackForTests, webClient } from './slack-client.ts';

describe('forms in the stand-in Slack', () => {
  const { workspace } = slackForTests();

  const form = (title = 'Form'): webApi.ViewsOpenArguments['view'] => ({
    type: 'modal',
    title: { type: 'plain_text', text: title },
    blocks: [{ type: 'divider' }],
  });

  it('opens a form with a trigger once, within three seconds', async () => {
    let now = 1_800_000_000_000;
    const { slack, ops, ann, bot } = await workspace({ now: () => now });
    const trigger = async () => String((await slack.slash(ann, ops, '/heapdump', '')).payload.trigger_id);
    const open = (trigger_id: string) => bot.views.open({ trigger_id, view: form() });
    const first = await trigger();
    const second = await trigger();

    await open(first);
    await expect(open(first)).rejects.toMatchObject({ data: { error: 'exchanged_trigger_id' } });
    await expect(open('made.up')).rejects.toMatchObject({ data: { error: 'invalid_trigger_id' } });
    now += 3001;
    await expect(open(second)).rejects.toMatchObject({ data: { error: 'expired_trigger_id' } });
    expect(slack.openViews(ann)).toHaveLength(1);
  });

  it('changes a form unless it was changed in between', async () => {
    const { slack, ops, ann, bot } = await workspace();
    const { payload } = await slack.slash(ann, ops, '/heapdump', '');
    const { view } = await bot.views.open({ trigger_id: String(payload.trigger_id), view: form('One') });
    const update = (title: string, hash: string) =>
      bot.views.update({ view_id: view?.id ?? '', hash, view: form(title) });

    await update('Two', view?.hash ?? '');

    expect(slack.openViews(ann)[0]?.title).toBe('Two');
    await expect(update('Three', view?.hash ?? '')).rejects.toMatchObject({
      data: { error: 'hash_conflict' },
    });
    await expect(bot.views.update({ view_id: 'V0NONE', view: form() })).rejects.toMatchObject({
      data: { error: 'not_found' },
    });
  });

  it('shows a Home tab', async () => {
    const { slack, ann, bot } = await workspace();
    const publish = (blocks: webApi.ViewsPublishArguments['view']['blocks']) =>
      bot.views.publish({ user_id: ann.id, view: { type: 'home', blocks } });

    await publish([{ type: 'divider' }]);
    await publish([{ type: 'divider' }, { type: 'divider' }]);

    expect(slack.openViews(ann)).toMatchObject([{ kind: 'home', blocks: [{}, {}] }]);
  });
});

describe('limits of the stand-in Slack', () => {
  const { workspace } = slackForTests();

  it('slows down a bot that posts too fast to one channel', async () => {
    let now = 1_800_000_000_000;
    const { slack, ops } = await workspace({ now: () => now, limits: { rate: { postBurst: 2 } } });
    const bot = webClient(slack, { rejectRateLimitedCalls: true });
    const other = slack.addChannel('other');
    const say = (channel: string) => bot.chat.postMessage({ channel, text: 'x' });

    await say(ops.id);
    await say(ops.id);
    await expect(say(ops.id)).rejects.toMatchObject({
      code: 'slack_webapi_rate_limited_error',
      retryAfter: 1,
    });
    await say(other.id);
    now += 1000;
    await say(ops.id);

    expect(slack.calls.map((call) => call.status)).toEqual([200, 200, 429, 200, 200]);
  });

  it('counts other calls by method and minute', async () => {
    let now = 1_800_000_000_000;
    const { slack, ops } = await workspace({ now: () => now });
    const bot = webClient(slack, { rejectRateLimitedCalls: true });
    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: 'x' });
    const update = () => bot.chat.update({ channel: ops.id, ts, text: 'y' });

    for (let count = 0; count < 50; count += 1) await update();
    await expect(update()).rejects.toMatchObject({ retryAfter: 60 });
    await bot.users.info({ user: slack.botUserId });
    now += 60_000;
    await expect(update()).resolves.toMatchObject({ ok: true });
  });
});

describe('trouble on demand in the stand-in Slack', () => {
  const { workspace } = slackForTests();

  it('meets each canned fault once, in order', async () => {
    const { slack, ops, bot } = await workspace();
    const say = () => bot.chat.postMessage({ channel: ops.id, text: 'x' });
    slack.faults.next(
      'chat.postMessage',
      { status: 503 },
      { slackError: 'internal_error' },
      { reset: true },
      { delayMs: 1 },
    );

    await expect(say()).rejects.toMatchObject({ code: 'slack_webapi_http_error', statusCode: 503 });
    await expect(say()).rejects.toMatchObject({ data: { error: 'internal_error' } });
    await expect(say()).rejects.toMatchObject({ code: 'slack_webapi_request_error' });
    expect(slack.messages(ops)).toEqual([]);
    expect(slack.faults.left()).toBe(1);
    await say();
    expect(slack.faults.left()).toBe(0);
    expect(slack.calls.map((call) => call.status)).toEqual([503, 200, 0, 200]);
  });

  it('can post and then lose the answer, so that a bot that tries again posts twice', async () => {
    const { slack, ops } = await workspace();
    const bot = webClient(slack, { retryConfig: { retries: 1, minTimeout: 1 } });
    slack.faults.next('chat.postMessage', { dropResponseAfterDoing: true });

    await bot.chat.postMessage({ channel: ops.id, text: 'once?' });

    expect(slack.messages(ops).map((each) => each.text)).toEqual(['once?', 'once?']);
  });

  it('can refuse for a while, and the real client waits as it is told', async () => {
    const { slack, ops } = await workspace();
    slack.faults.next('chat.postMessage', { retryAfter: 1 });
    const retrying = webClient(slack, { retryConfig: { retries: 1, minTimeout: 1 } });

    await retrying.chat.postMessage({ channel: ops.id, text: 'x' });

    expect(slack.calls.map((call) => call.status)).toEqual([429, 200]);
    expect((slack.calls[1]?.at ?? 0) - (slack.calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(950);
  });
});
