/** Response URLs: answers without a token, five times within half an hour. */
import { describe, expect, it } from 'vitest';
import { slackForTests } from './slack-client.ts';

describe('response URLs of the stand-in Slack', () => {
  const { workspace } = slackForTests();

  async function respond(url: unknown, body: object) {
    const answer = await fetch(String(url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text() };
  }

  const withButton = {
    blocks: [
      {
        type: 'actions',
        elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
      },
    ] as never,
  };

  it('answer a command to the person alone, or to all', async () => {
    const { slack, ann } = await workspace();
    const elsewhere = slack.addChannel('elsewhere', { kind: 'private', botIsIn: false });
    const { payload } = await slack.slash(ann, elsewhere, '/heapdump', '');

    expect(await respond(payload.response_url, { text: 'for you' })).toEqual({ status: 200, text: 'ok' });
    await respond(payload.response_url, { text: 'for all', response_type: 'in_channel' });

    expect(slack.ephemerals(ann, elsewhere).map((each) => each.text)).toEqual(['for you']);
    expect(slack.messages(elsewhere).map((each) => each.text)).toEqual(['for all']);
  });

  it('work five times', async () => {
    const { slack, ops, ann } = await workspace();
    const { payload } = await slack.slash(ann, ops, '/heapdump', '');
    for (let use = 0; use < 5; use += 1) await respond(payload.response_url, { text: `${use}` });

    const sixth = await respond(payload.response_url, { text: 'six' });

    expect(sixth).toEqual({ status: 404, text: '{"ok":false,"error":"used_url"}' });
    expect(slack.ephemerals(ann)).toHaveLength(5);
  });

  it('work for half an hour', async () => {
    let now = 1_800_000_000_000;
    const { slack, ops, ann } = await workspace({ now: () => now });
    const { payload } = await slack.slash(ann, ops, '/heapdump', '');
    now += 30 * 60_000;
    expect(await respond(payload.response_url, { text: 'just in time' })).toMatchObject({ status: 200 });
    now += 1;

    expect(await respond(payload.response_url, { text: 'late' })).toEqual({
      status: 404,
      text: '{"ok":false,"error":"expired_url"}',
    });
  });

  it('replace or delete the message that was clicked, also one that a single person sees', async () => {
    const { slack, ops, ann, bot } = await workspace();
    await bot.chat.postMessage({ channel: ops.id, text: 'public', ...withButton });
    await bot.chat.postEphemeral({ channel: ops.id, user: ann.id, text: 'private', ...withButton });
    const open = await slack.waitForMessage((each) => each.text === 'public');
    const secret = await slack.waitForEphemeral(ann);
    const byOpen = await slack.click(ann, open, 'go');
    const bySecret = await slack.click(ann, secret, 'go');

    await respond(byOpen.payload.response_url, { replace_original: true, text: 'public 2' });
    await respond(bySecret.payload.response_url, { replace_original: true, text: 'private 2' });
    expect(slack.messages(ops)).toMatchObject([{ ts: open.ts, text: 'public 2', blocks: [] }]);
    expect(slack.ephemerals(ann)).toMatchObject([{ ts: secret.ts, text: 'private 2', blocks: [] }]);

    await respond(byOpen.payload.response_url, { delete_original: true });
    await respond(bySecret.payload.response_url, { delete_original: true });
    expect(slack.messages(ops)).toEqual([]);
    expect(slack.ephemerals(ann)).toEqual([]);
    expect(await respond(byOpen.payload.response_url, { replace_original: true, text: 'x' })).toMatchObject({
      status: 400,
    });
  });

  it('say something new, where a thread is named in it, unless they are told to replace', async () => {
    const { slack, ops, ann, bot } = await workspace();
    await bot.chat.postMessage({ channel: ops.id, text: 'topic', ...withButton });
    const topic = await slack.waitForMessage((each) => each.text === 'topic');
    const { payload } = await slack.click(ann, topic, 'go');

    await respond(payload.response_url, { text: 'only for ann' });
    await respond(payload.response_url, { text: 'reply', response_type: 'in_channel', thread_ts: topic.ts });

    expect(slack.messages(ops)).toMatchObject([{ text: 'topic' }, { text: 'reply', threadTs: topic.ts }]);
    expect(slack.ephemerals(ann).map((each) => each.text)).toEqual(['only for ann']);
  });

  it('obey unfurl flags, and refuse bad blocks with an HTTP error', async () => {
    const { slack, ops, ann } = await workspace();
    const { payload } = await slack.slash(ann, ops, '/heapdump', '');
    const text = 'https://dumps.test/1';

    await respond(payload.response_url, { text, unfurl_links: false, unfurl_media: false });
    expect(slack.linkFetches).toEqual([]);
    await respond(payload.response_url, { text });
    expect(slack.linkFetches).toMatchObject([{ url: text, robot: 'Slackbot-LinkExpanding' }]);
    const bad = await respond(payload.response_url, { blocks: [{ type: 'banner' }] });

    expect(bad.status).toBe(400);
    expect(JSON.parse(bad.text)).toMatchObject({ error: 'invalid_blocks' });
    expect(slack.calls.filter((call) => call.method === 'response_url').map((call) => call.status)).toEqual([
      200, 200, 400,
    ]);
  });
});
