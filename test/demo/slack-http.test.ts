/** The stand-in Slack workspace posting to a request URL, with the real Bolt's HTTPReceiver. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import type { SlackWorkspace } from '../../src/demo/slack/slack-workspace.ts';
import { PATIENTLY, slackForTests } from './slack-client.ts';

describe('the stand-in Slack over HTTP', () => {
  const { workspace, ends } = slackForTests();

  async function bot(slack: SlackWorkspace, signingSecret: string) {
    const receiver = new HTTPReceiver({ signingSecret, port: 0, logLevel: LogLevel.ERROR });
    const app = new App({
      token: slack.botToken,
      receiver,
      logLevel: LogLevel.ERROR,
      clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
    });
    const server = await app.start(0);
    ends.push(() => app.stop());
    const { port } = server.address() as AddressInfo;
    return { app, url: `http://127.0.0.1:${port}/slack/events` };
  }

  it('is taken for Slack by Bolt: challenge, command, click, form and event', async () => {
    const { slack, ops, ann } = await workspace();
    const { app, url } = await bot(slack, slack.signingSecret);
    app.command('/heapdump', async ({ ack, body, client }) => {
      await ack({ response_type: 'ephemeral', text: `looking at ${body.text}` });
      await client.views.open({
        trigger_id: body.trigger_id,
        view: {
          type: 'modal',
          callback_id: 'form',
          title: { type: 'plain_text', text: 'Form' },
          submit: { type: 'plain_text', text: 'OK' },
          blocks: [
            {
              type: 'input',
              block_id: 'why',
              label: { type: 'plain_text', text: 'Why?' },
              element: { type: 'plain_text_input', action_id: 'words' },
            },
          ],
        },
      });
    });
    app.view('form', async ({ ack, body, client }) => {
      await ack();
      await client.chat.postMessage({
        channel: ops.id,
        text: `form of ${body.user.id}`,
        blocks: [
          {
            type: 'actions',
            elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
          },
        ],
      });
    });
    app.action('go', async ({ ack, respond }) => {
      await ack();
      await respond({ replace_original: false, response_type: 'in_channel', text: 'gone' });
    });
    app.event('app_mention', ({ say }) => say('here').then(() => undefined));
    await slack.connectHttp(url);

    await slack.slash(ann, ops, '/heapdump', '堆 & <b>');
    await slack.submitView(ann, await slack.waitForView(ann), { why: 'because' });
    const form = await slack.waitForMessage((each) => each.text.startsWith('form of'));
    await slack.click(ann, form, 'go');
    await slack.waitForMessage((each) => each.text === 'gone');
    await slack.mention(ann, ops, 'hello');
    await slack.waitForMessage((each) => each.text === 'here');

    expect(slack.ephemerals(ann, ops).map((each) => each.text)).toEqual(['looking at 堆 & <b>']);
    expect(slack.deliveries.map(({ kind, late, personSaw }) => ({ kind, late, personSaw }))).toEqual(
      ['slash_commands', 'view_submission', 'block_actions', 'event'].map((kind) => ({
        kind,
        late: false,
        personSaw: undefined,
      })),
    );
  });

  it('is not let in with another signing secret', async () => {
    const { slack, ops, ann } = await workspace();
    const { app, url } = await bot(slack, 'another-secret');
    app.command('/heapdump', ({ ack }) => ack('let in'));

    await expect(slack.connectHttp(url)).rejects.toThrow('did not answer the challenge: HTTP 401');
    const delivery = await slack.slash(ann, ops, '/heapdump', '');

    expect(delivery).toMatchObject({ personSaw: 'dispatch_failed', ackedAt: undefined });
    expect(slack.ephemerals(ann)).toEqual([]);
  });

  it('signs with its own clock, so that a bot can refuse what is old', async () => {
    const { slack, ops, ann } = await workspace({ now: () => Date.now() - 10 * 60_000 });
    const { app, url } = await bot(slack, slack.signingSecret);
    app.command('/heapdump', ({ ack }) => ack());

    await expect(slack.connectHttp(url)).rejects.toThrow('HTTP 401');
    expect((await slack.slash(ann, ops, '/heapdump', '')).personSaw).toBe('dispatch_failed');
  });

  it('posts an event again with number and reason after an error, three times at most', async () => {
    const { slack, ops, ann } = await workspace({ limits: { eventRetryDelaysMs: [0, 1, 1] } });
    const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { challenge } = JSON.parse(body) as { challenge?: string };
      if (challenge === undefined) seen.push({ headers: request.headers, body });
      response.writeHead(challenge === undefined ? 500 : 200).end(challenge);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    await slack.connectHttp(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

    const delivery = await slack.mention(ann, ops, 'hello');
    await expect.poll(() => seen.length, PATIENTLY).toBe(4);

    expect(
      seen.map(({ headers }) => [headers['x-slack-retry-num'], headers['x-slack-retry-reason']]),
    ).toEqual([
      [undefined, undefined],
      ['1', 'http_error'],
      ['2', 'http_error'],
      ['3', 'http_error'],
    ]);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
    await expect.poll(() => delivery.retries, PATIENTLY).toBe(3);
  });
});
