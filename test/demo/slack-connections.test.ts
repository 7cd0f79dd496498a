/** Events that come again, and connections that come and go: the stand-in Slack with the real Bolt. */
import { App, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type SlackWorkspace, startSlack } from '../../src/demo/slack/slack-workspace.ts';
import { PATIENTLY, slackForTests } from './slack-client.ts';

describe('connections of the stand-in Slack', () => {
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

  it('brings an event again until it is acknowledged, with the same event id', async () => {
    const { slack, ops, ann } = await workspace({
      limits: { eventRetryDelaysMs: new Array<number>(1000).fill(20) },
    });
    const app = bot(slack);
    const seen: { id: string; retry: unknown }[] = [];
    app.event('app_mention', async ({ body, context }) => {
      seen.push({ id: body.event_id, retry: context.retryNum });
    });

    const delivery = await slack.mention(ann, ops, 'hello'); // nobody is connected yet
    expect(delivery.ackedAt).toBeUndefined();
    await app.start();
    await expect.poll(() => delivery.ackedAt, PATIENTLY).toBeDefined();
    const again = await slack.redeliver(delivery);
    await expect.poll(() => seen.length, PATIENTLY).toBe(2);

    expect(delivery.retries).toBeGreaterThanOrEqual(1);
    expect(again.retries).toBe(delivery.retries + 1);
    expect(seen).toEqual([
      { id: delivery.payload.event_id, retry: delivery.retries },
      { id: delivery.payload.event_id, retry: again.retries },
    ]);
  });

  it('repeats a command with the same trigger id in another envelope', async () => {
    const { slack, ops, ann } = await workspace();
    const app = bot(slack);
    const triggers: string[] = [];
    app.command('/heapdump', async ({ ack, body }) => {
      await ack();
      triggers.push(body.trigger_id);
    });
    await app.start();

    const first = await slack.slash(ann, ops, '/heapdump', 'x');
    const second = await slack.redeliver(first);

    expect(second.retries).toBe(1);
    await expect
      .poll(() => triggers, PATIENTLY)
      .toEqual([first.payload.trigger_id, first.payload.trigger_id]);
  });

  it('hands payloads to any of several connections', async () => {
    const { slack, ops, ann } = await workspace();
    const counts = [0, 0];
    for (const index of [0, 1]) {
      const app = bot(slack);
      app.command('/heapdump', async ({ ack }) => {
        await ack();
        counts[index] = (counts[index] ?? 0) + 1;
      });
      await app.start();
    }

    await slack.slash(ann, ops, '/heapdump', '1');
    await slack.slash(ann, ops, '/heapdump', '2');

    expect(slack.connections()).toBe(2);
    expect(counts).toEqual([1, 1]);
  });

  /** A client of our own, where Bolt would hide what happens. */
  async function connectTo(url: string): Promise<{ socket: WebSocket; first: Promise<string> }> {
    const socket = new WebSocket(url);
    ends.push(async () => socket.terminate());
    const first = new Promise<string>((resolve) => {
      socket.once('message', (frame) => resolve(String(frame)));
      socket.once('error', (error) => resolve(error.message));
    });
    return { socket, first };
  }

  async function openUrl(slack: SlackWorkspace): Promise<string> {
    const answer = await fetch(`${slack.apiUrl}apps.connections.open`, {
      method: 'POST',
      headers: { authorization: `Bearer ${slack.appToken}` },
    });
    return ((await answer.json()) as { url: string }).url;
  }

  it('turns away more connections than an app token may have', async () => {
    const { slack } = await workspace({ limits: { connections: 1 } });

    const first = await connectTo(await openUrl(slack));
    const hello: unknown = JSON.parse(await first.first);
    const second = await connectTo(await openUrl(slack));
    const refusal: unknown = JSON.parse(await second.first);

    expect(hello).toMatchObject({ type: 'hello', num_connections: 1 });
    expect(refusal).toMatchObject({ type: 'disconnect', reason: 'too_many_websockets' });
  });

  it('opens a WebSocket once for each ticket', async () => {
    const { slack } = await workspace();
    const url = await openUrl(slack);

    const first = await connectTo(url);
    const second = await connectTo(url);

    expect(await first.first).toContain('hello');
    expect(await second.first).toContain('401');
  });

  it('answers pings and takes no harm from frames that are no acknowledgement', async () => {
    const { slack } = await workspace();
    const { socket, first } = await connectTo(await openUrl(slack));
    await first;

    socket.send('not json');
    socket.send('{"envelope_id":"unknown"}');
    const pong = new Promise<string>((resolve) => socket.once('pong', (bytes) => resolve(String(bytes))));
    socket.ping('are you there');

    expect(await pong).toBe('are you there');
    expect(slack.connections()).toBe(1);
  });

  it('can lose its connections, and Bolt comes back by itself', async () => {
    const { slack, ops, ann } = await workspace();
    // Bolt waits a `clientPingTimeout` before it comes back: 5 s unless told otherwise.
    const app = new App({
      token: slack.botToken,
      logLevel: LogLevel.ERROR,
      clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
      receiver: new SocketModeReceiver({
        appToken: slack.appToken,
        logLevel: LogLevel.ERROR,
        installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } } },
        clientPingTimeout: 600,
      }),
    });
    ends.push(() => app.stop());
    app.command('/heapdump', ({ ack }) => ack());
    await app.start();
    expect(slack.connections()).toBe(1);

    const reconnected = (times: number) =>
      slack.calls.filter((call) => call.method === 'apps.connections.open').length === times &&
      slack.connections() === 1;

    slack.faults.disconnectSockets('refresh_requested');
    await expect.poll(() => reconnected(2), PATIENTLY).toBe(true);
    slack.faults.cutSockets();
    await expect.poll(() => reconnected(3), PATIENTLY).toBe(true);

    expect((await slack.slash(ann, ops, '/heapdump', '')).late).toBe(false);
  });

  it('sends nothing that the app may not receive', async () => {
    const { slack, ops, ann } = await workspace({ scopes: ['chat:write'] });
    const quiet = slack.addChannel('quiet', { botIsIn: false });

    await expect(slack.slash(ann, ops, '/heapdump', '')).rejects.toThrow('lacks the scope commands');
    await expect(slack.mention(ann, ops, 'hi')).rejects.toThrow('lacks the scope app_mentions:read');
    const other = await startSlack();
    ends.push(() => other.stop());
    await expect(other.mention(ann, quiet, 'hi')).rejects.toThrow('the bot is not in #quiet');
  });

  it('sends a command as it was typed, or with names as ids where the app asks for that', async () => {
    const { slack, ops, ann } = await workspace();
    const typed = 'pod<1> for @ann in #ops see https://x.test/?a=1&b=2 @nobody';

    const plain = await slack.slash(ann, ops, '/heapdump', typed);
    const escaped = await slack.slash(ann, ops, '/heapdump', typed, { shouldEscape: true });

    expect(plain.payload.text).toBe(typed);
    expect(escaped.payload.text).toBe(
      `pod&lt;1&gt; for <@${ann.id}|ann> in <#${ops.id}|ops> see <https://x.test/?a=1&amp;b=2> @nobody`,
    );
  });
});
