/** The stand-in Slack workspace, with the real Bolt over Socket Mode. */
import { App, LogLevel } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import type { SlackWorkspace } from '../../src/demo/slack/slack-workspace.ts';
import { PATIENTLY, slackForTests } from './slack-client.ts';

describe('the stand-in Slack over Socket Mode', () => {
  const { workspace, ends } = slackForTests();

  function bot(slack: SlackWorkspace): App {
    const app = new App({
      token: slack.botToken,
      appToken: slack.appToken,
      socketMode: true,
      logLevel: LogLevel.ERROR,
      clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
    });
    app.error(async () => undefined);
    ends.push(() => app.stop());
    return app;
  }

  it('carries a command to the bot and the bot’s message to the channel', async () => {
    const { slack, ops, ann } = await workspace();
    const app = bot(slack);
    const seen: Record<string, unknown>[] = [];
    app.command('/heapdump', async ({ ack, body, client }) => {
      seen.push(body);
      await ack();
      await client.chat.postMessage({ channel: body.channel_id, text: `asked for ${body.text}` });
    });
    await app.start();

    const delivery = await slack.slash(ann, ops, '/heapdump', 'prod/api & more');
    const message = await slack.waitForMessage((each) => each.channel === ops.id);

    expect(delivery).toMatchObject({ kind: 'slash_commands', late: false, personSaw: undefined, retries: 0 });
    expect(seen[0]).toMatchObject({
      command: '/heapdump',
      text: 'prod/api & more',
      user_id: ann.id,
      channel_id: ops.id,
      channel_name: 'ops',
      is_enterprise_install: 'false',
    });
    expect(message).toMatchObject({
      text: 'asked for prod/api & more',
      fromBot: true,
      author: slack.botUserId,
    });
    expect(slack.messages(ops)).toEqual([message]);
  });

  it('shows what comes with an acknowledgement to the person who typed the command alone', async () => {
    const { slack, ops, ann } = await workspace();
    const bob = slack.addPerson({ name: 'bob' });
    const app = bot(slack);
    app.command('/heapdump', ({ ack }) => ack('how to use it'));
    await app.start();

    await slack.slash(ann, ops, '/heapdump', '');

    expect(slack.ephemerals(ann, ops).map((each) => each.text)).toEqual(['how to use it']);
    expect(slack.ephemerals(bob)).toEqual([]);
    expect(slack.messages(ops)).toEqual([]);
  });

  it('tells the person of a timeout when nobody acknowledges, and drops a late answer', async () => {
    const { slack, ops, ann } = await workspace({ limits: { ackMs: 30 } });
    const app = bot(slack);
    let answer: (() => Promise<void>) | undefined;
    app.command('/heapdump', async ({ ack }) => {
      answer = () => ack('too late');
    });
    await app.start();

    const delivery = await slack.slash(ann, ops, '/heapdump', 'x');
    expect(delivery).toMatchObject({ late: true, personSaw: 'operation_timeout', ackedAt: undefined });

    await expect.poll(() => answer, PATIENTLY).toBeDefined();
    await answer?.();
    await expect.poll(() => delivery.ackedAt, PATIENTLY).toBeDefined();
    expect(delivery.late).toBe(true);
    expect(slack.ephemerals(ann)).toEqual([]);
  });

  it('tells the person that a command failed when no bot is connected', async () => {
    const { slack, ops, ann } = await workspace();

    const delivery = await slack.slash(ann, ops, '/heapdump', 'x');

    expect(delivery).toMatchObject({ personSaw: 'dispatch_failed', late: false });
  });

  it('carries a click with all that Slack tells of it, and the response replaces the message', async () => {
    const { slack, ops, ann } = await workspace();
    const app = bot(slack);
    const bodies: unknown[] = [];
    app.action('approve', async ({ ack, body, respond }) => {
      bodies.push(body);
      await ack();
      await respond({ replace_original: true, text: 'approved' });
    });
    await app.start();
    const { ts: parent } = await app.client.chat.postMessage({ channel: ops.id, text: 'a dump' });
    await app.client.chat.postMessage({
      channel: ops.id,
      ...(parent === undefined ? {} : { thread_ts: parent }),
      text: 'approve?',
      blocks: [
        {
          type: 'actions',
          block_id: 'review',
          elements: [
            {
              type: 'button',
              action_id: 'approve',
              value: 'r1',
              text: { type: 'plain_text', text: 'Approve' },
            },
          ],
        },
      ],
    });
    const message = await slack.waitForMessage((each) => each.text === 'approve?');

    const delivery = await slack.click(ann, message, 'approve');
    const after = await slack.waitForMessage((each) => each.text === 'approved');

    expect(delivery.late).toBe(false);
    expect(bodies[0]).toMatchObject({
      type: 'block_actions',
      user: { id: ann.id, team_id: slack.teamId },
      channel: { id: ops.id, name: 'ops' },
      container: {
        type: 'message',
        message_ts: message.ts,
        channel_id: ops.id,
        is_ephemeral: false,
        thread_ts: parent,
      },
      message: { ts: message.ts, thread_ts: parent, user: slack.botUserId, text: 'approve?' },
      actions: [{ action_id: 'approve', block_id: 'review', type: 'button', value: 'r1' }],
      trigger_id: expect.any(String),
      response_url: expect.stringContaining('/actions/'),
      state: { values: {} },
    });
    expect(after).toMatchObject({ ts: message.ts, blocks: [], edits: 1 });
    await expect(slack.click(ann, message, 'approve')).resolves.toBeDefined(); // an old screen still has the button
    await expect(slack.click(ann, after, 'approve')).rejects.toThrow(/no such button; there are: none/);
  });

  it('gives no message and no channel to write to with a click on what only one person sees', async () => {
    const { slack, ops, ann } = await workspace();
    const bob = slack.addPerson({ name: 'bob' });
    const app = bot(slack);
    app.action('go', ({ ack }) => ack());
    await app.start();
    await app.client.chat.postEphemeral({
      channel: ops.id,
      user: ann.id,
      text: 'only you',
      blocks: [
        {
          type: 'actions',
          elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
        },
      ],
    });
    const message = await slack.waitForEphemeral(ann);

    const { payload } = await slack.click(ann, message, 'go');

    expect(payload.container).toMatchObject({ is_ephemeral: true });
    expect(payload).not.toHaveProperty('message');
    await expect(slack.click(bob, message, 'go')).rejects.toThrow('bob does not see this message');
    await expect(
      app.client.chat.update({ channel: ops.id, ts: message.ts, text: 'changed' }),
    ).rejects.toMatchObject({ data: { error: 'message_not_found' } });
  });

  it('opens a form, shows what is wrong with it, and closes it', async () => {
    const { slack, ops, ann } = await workspace();
    const app = bot(slack);
    app.command('/heapdump', async ({ ack, body, client }) => {
      await ack();
      await client.views.open({
        trigger_id: body.trigger_id,
        view: {
          type: 'modal',
          callback_id: 'deny',
          private_metadata: 'r1',
          title: { type: 'plain_text', text: 'Deny' },
          submit: { type: 'plain_text', text: 'Deny' },
          blocks: [
            {
              type: 'input',
              block_id: 'reason',
              label: { type: 'plain_text', text: 'Why?' },
              element: { type: 'plain_text_input', action_id: 'words', max_length: 10 },
            },
          ],
        },
      });
    });
    app.view('deny', async ({ ack, view }) => {
      const words = view.state.values.reason?.words?.value;
      if (words === 'no') await ack({ response_action: 'errors', errors: { reason: 'say more' } });
      else await ack();
    });
    await app.start();
    await slack.slash(ann, ops, '/heapdump', 'deny');
    const view = await slack.waitForView(ann);
    expect(view).toMatchObject({ title: 'Deny', callbackId: 'deny', privateMetadata: 'r1' });

    await expect(slack.submitView(ann, view, {})).rejects.toThrow('the form asks for reason');
    await expect(slack.submitView(ann, view, { reason: 'far too long' })).rejects.toThrow('10 characters');
    await slack.submitView(ann, view, { reason: 'no' });
    expect(slack.openViews(ann)[0]?.errors).toEqual({ reason: 'say more' });
    const delivery = await slack.submitView(ann, view, { words: 'busy' });

    expect(delivery.payload).toMatchObject({
      type: 'view_submission',
      view: {
        private_metadata: 'r1',
        state: { values: { reason: { words: { type: 'plain_text_input', value: 'busy' } } } },
      },
    });
    expect(slack.openViews(ann)).toEqual([]);
  });

  it('says that a form was closed only to a bot that asked to know', async () => {
    const { slack, ops, ann } = await workspace();
    const app = bot(slack);
    let notify = false;
    app.command('/heapdump', async ({ ack, body, client }) => {
      await ack();
      await client.views.open({
        trigger_id: body.trigger_id,
        view: {
          type: 'modal',
          callback_id: 'form',
          notify_on_close: notify,
          title: { type: 'plain_text', text: 'Form' },
          blocks: [{ type: 'divider' }],
        },
      });
    });
    app.view({ callback_id: 'form', type: 'view_closed' }, ({ ack }) => ack());
    await app.start();

    await slack.slash(ann, ops, '/heapdump', '');
    expect(await slack.closeView(ann, await slack.waitForView(ann))).toBeUndefined();
    notify = true;
    await slack.slash(ann, ops, '/heapdump', '');
    const delivery = await slack.closeView(ann, await slack.waitForView(ann));

    expect(delivery).toMatchObject({ kind: 'view_closed', late: false });
    expect(slack.openViews(ann)).toEqual([]);
  });

  it('carries a mention in a thread, with the words as Slack’s clients send them', async () => {
    const { slack, ops, ann } = await workspace();
    const app = bot(slack);
    const texts: string[] = [];
    app.event('app_mention', async ({ event, say }) => {
      texts.push(event.text);
      await say({ text: 'seen', thread_ts: event.thread_ts ?? event.ts });
    });
    await app.start();
    const topic = slack.say(ann, ops, 'the api is slow');

    const delivery = await slack.mention(ann, ops, 'dump a<b for @ann', { threadTs: topic.ts });
    await slack.waitForMessage((each) => each.text === 'seen');

    expect(texts).toEqual([`<@${slack.botUserId}> dump a&lt;b for <@${ann.id}>`]);
    expect(slack.messages(ops, { threadTs: topic.ts }).map((each) => each.fromBot)).toEqual([
      false,
      false,
      true,
    ]);
    expect(delivery.payload).toMatchObject({
      type: 'event_callback',
      event: { thread_ts: topic.ts, user: ann.id },
    });
  });
});
