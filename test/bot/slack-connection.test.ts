import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { IncomingCommand } from '../../src/bot/chat/chat-platform.ts';
import {
  createSlackPlatform,
  type SlackOptions,
  type SlackPlatform,
} from '../../src/bot/chat/slack/slack-platform.ts';
import {
  type Channel,
  DEFAULT_SCOPES,
  type Person,
  type SlackWorkspace,
  startSlack,
  type SlackOptions as WorkspaceOptions,
} from '../../src/demo/slack/slack-workspace.ts';
import { type LogLine, recordingLog, slackOptions } from './slack-world.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };

describe('the bot’s connection to Slack', () => {
  let slack: SlackWorkspace;
  let platform: SlackPlatform;
  let ops: Channel;
  let ann: Person;
  let commands: IncomingCommand[];
  let logged: LogLine[];

  afterEach(async () => {
    await platform.stop();
    await slack.stop();
  });

  async function prepare(more: Partial<SlackOptions> = {}, workspace: WorkspaceOptions = {}): Promise<void> {
    commands = [];
    logged = [];
    slack = await startSlack({ limits: { rate: 'off' }, ...workspace });
    ops = slack.addChannel('ops');
    ann = slack.addPerson({ name: 'ann' });
    platform = createSlackPlatform(slackOptions(slack, more), { log: recordingLog(logged), now: Date.now });
  }
  const start = () =>
    platform.start({
      async onCommand(command) {
        commands.push(command);
      },
      onAction: async () => ({ kind: 'nothing' }),
    });
  const hears = async () => {
    const before = commands.length;
    const { ackedAt } = await slack.slash(ann, ops, '/heapdump', 'list');
    await vi.waitFor(() => expect(commands.length).toBe(before + 1), PATIENCE);
    expect(ackedAt).toBeDefined();
  };
  const opened = () => slack.calls.filter(({ method }) => method === 'apps.connections.open').length;

  describe('over WebSockets', () => {
    it.each(['refresh_requested', 'warning', 'link_disabled'])(
      'comes back when Slack says %s, without its package’s five seconds',
      async (reason) => {
        await prepare();
        await start();

        slack.faults.disconnectSockets(reason);

        await vi.waitFor(() => expect(opened()).toBe(2), PATIENCE);
        await vi.waitFor(() => expect(slack.connections()).toBe(1), PATIENCE);
        await hears();
      },
    );

    it('outlives connections that are cut again and again, and connecting that fails in every way', async () => {
      await prepare();
      await start();
      slack.faults.next(
        'apps.connections.open',
        { status: 500 },
        { reset: true },
        { retryAfter: 1 },
        { slackError: 'internal_error' },
      );

      slack.faults.cutSockets();
      await vi.waitFor(() => expect(opened()).toBe(6), PATIENCE);
      await vi.waitFor(() => expect(slack.connections()).toBe(1), PATIENCE);
      slack.faults.cutSockets();
      await vi.waitFor(() => expect(opened()).toBe(7), PATIENCE);
      await vi.waitFor(() => expect(slack.connections()).toBe(1), PATIENCE);

      await hears();
    });

    it('keeps asking when Slack refuses a socket that it gave before', async () => {
      await prepare();
      await start();
      slack.faults.next('apps.connections.open', { slackError: 'invalid_auth' });
      expect(platform.isConnected()).toBe(true);

      slack.faults.cutSockets();

      await vi.waitFor(() => expect(platform.isConnected()).toBe(false), PATIENCE);
      await vi.waitFor(() => expect(opened()).toBe(3), PATIENCE);
      await vi.waitFor(() => expect(platform.isConnected()).toBe(true), PATIENCE);
      expect(slack.connections()).toBe(1);
      expect(logged.some(({ level, message }) => level === 'error' && message.includes('refuses'))).toBe(
        true,
      );
    });

    it('sends the app token for sockets and the bot token for all else', async () => {
      await prepare();

      await start();

      // The stand-in refuses a token of the wrong kind.
      expect(slack.calls.map(({ method, error }) => [method, error])).toEqual([
        ['auth.test', undefined],
        ['apps.connections.open', undefined],
      ]);
    });

    it('opens the next connection while a peer that says goodbye never closes the old one', async () => {
      await prepare();
      const peer = await startSilentPeer(slack);
      const elsewhere = createSlackPlatform(slackOptions(slack, { apiUrl: peer.apiUrl }), {
        log: recordingLog(logged),
        now: Date.now,
      });
      try {
        await elsewhere.start({
          onCommand: async () => undefined,
          onAction: async () => ({ kind: 'nothing' }),
        });

        peer.sayGoodbyeAndFallSilent();

        await vi.waitFor(() => expect(peer.events).toContain('connection 2'), PATIENCE);
        // Else it is the package that gives the old one up, after seconds without a socket, and says so.
        const details = logged.map(({ fields }) => JSON.stringify(fields));
        expect(details.filter((detail) => /pong|handshake/.test(detail))).toEqual([]);
      } finally {
        await elsewhere.stop();
        await peer.stop();
      }
    });

    it('stops without waiting for a Slack that does not answer', async () => {
      await prepare();
      await start();
      slack.faults.next('apps.connections.open', { delayMs: 8000 });
      slack.faults.cutSockets();
      await vi.waitFor(() => expect(slack.faults.left()).toBe(0), PATIENCE);

      await platform.stop();

      // The call that hangs is recorded when it is answered.
      expect(opened()).toBe(1);
    });

    it('leaves no connection behind when it stops', async () => {
      await prepare();
      await start();

      await platform.stop();

      await vi.waitFor(() => expect(slack.connections()).toBe(0), PATIENCE);
      expect(opened()).toBe(1);
    });
  });

  describe('at the start', () => {
    it.each([
      ['a bot token that Slack does not know', { botToken: 'xoxb-wrong' }],
      ['an app token that Slack does not know', { appToken: 'xapp-wrong' }],
    ])('refuses %s', async (_what, options) => {
      await prepare(options);

      await expect(start()).rejects.toMatchObject({ name: 'ChatError', code: 'refused' });
    });

    it('names the scopes that it needs and does not have', async () => {
      await prepare({}, { scopes: DEFAULT_SCOPES.filter((scope) => !/commands|users:read/.test(scope)) });

      await expect(start()).rejects.toThrow('Slack bot token lacks scopes: commands, users:read');
    });

    it('starts without scopes that it can do without, and says what is lost', async () => {
      await prepare({}, { scopes: DEFAULT_SCOPES.filter((scope) => scope !== 'usergroups:read') });

      await start();

      expect(logged).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          fields: expect.objectContaining({ scope: 'usergroups:read' }),
        }),
      );
    });

    it('waits for a Slack that is down', async () => {
      await prepare();
      slack.faults.next('auth.test', { status: 503 }, { reset: true });
      slack.faults.next('apps.connections.open', { status: 503 });

      await start();

      await hears();
    });

    it('wants what its mode needs', async () => {
      await prepare();
      const without = { ...slackOptions(slack), appToken: undefined, signingSecret: undefined };
      const deps = { log: recordingLog([]), now: Date.now };

      expect(() => createSlackPlatform({ ...without, mode: 'socket' }, deps)).toThrow('app token');
      expect(() => createSlackPlatform({ ...without, mode: 'http' }, deps)).toThrow('signing secret');
    });
  });

  describe('over signed HTTP', () => {
    const body = () =>
      new URLSearchParams({
        command: '/heapdump',
        text: 'list',
        user_id: ann.id,
        channel_id: ops.id,
        team_id: slack.teamId,
        trigger_id: '1.2.3',
        response_url: `${slack.apiUrl}nothing`,
      }).toString();

    async function send(options: {
      readonly secret?: string;
      readonly ageSeconds?: number;
      readonly timestamp?: string;
      readonly path?: string;
      readonly method?: string;
    }): Promise<number> {
      const timestamp =
        options.timestamp ?? String(Math.floor(Date.now() / 1000) - (options.ageSeconds ?? 0));
      const secret = options.secret ?? slack.signingSecret;
      const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body()}`).digest('hex');
      const url = new URL(options.path ?? '', platform.requestUrl());
      const response = await fetch(url, {
        method: options.method ?? 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${signature}`,
        },
        ...(options.method === 'GET' ? {} : { body: body() }),
      });
      await response.arrayBuffer();
      return response.status;
    }

    it('takes what Slack signed lately, and nothing else', async () => {
      await prepare({ mode: 'http' });
      await start();

      expect(await send({})).toBe(200);
      await vi.waitFor(() => expect(commands).toHaveLength(1), PATIENCE);
      expect(await send({ secret: 'a guess' })).toBe(401);
      expect(await send({ ageSeconds: 400 })).toBe(401);
      expect(await send({ ageSeconds: -400 })).toBe(401);
      expect(await send({ timestamp: 'NaN' })).toBe(401);
      expect(await send({ timestamp: '' })).toBe(401);
      expect(await send({ path: '/elsewhere' })).toBe(404);
      expect(await send({ method: 'GET' })).toBe(404);
      expect(commands).toHaveLength(1);
    });

    it('refuses a request without any signature', async () => {
      await prepare({ mode: 'http' });
      await start();

      const response = await fetch(platform.requestUrl() ?? '', { method: 'POST', body: body() });

      expect(response.status).toBe(401);
    });

    it('needs no app token, and fails to start where its port is taken', async () => {
      await prepare({ mode: 'http', appToken: undefined });
      await start();
      const port = Number(new URL(platform.requestUrl() ?? '').port);
      const second = createSlackPlatform(
        slackOptions(slack, { mode: 'http', http: { port, host: '127.0.0.1', path: '/slack/events' } }),
        { log: recordingLog([]), now: Date.now },
      );

      const starting = second.start({
        onCommand: async () => undefined,
        onAction: async () => ({ kind: 'nothing' }),
      });

      await expect(starting).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await second.stop();
    });
  });
});

/** Slack as far as a connection goes, on sockets that can stop to read: a close is then never answered. */
async function startSilentPeer({ botUserId, teamId }: SlackWorkspace) {
  const events: string[] = [];
  const sockets: { client: WebSocket; raw: Socket }[] = [];
  const webSockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const answer = request.url?.endsWith('auth.test')
      ? { user_id: botUserId, bot_id: 'B012', team_id: teamId }
      : { url: `ws://127.0.0.1:${port}/link` };
    response.end(JSON.stringify({ ok: true, ...answer }));
  });
  server.on('upgrade', (request, raw: Socket, head) => {
    webSockets.handleUpgrade(request, raw, head, (client) => {
      sockets.push({ client, raw });
      events.push(`connection ${sockets.length}`);
      client.on('error', () => client.terminate());
      client.send(JSON.stringify({ type: 'hello' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    events,
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    sayGoodbyeAndFallSilent() {
      for (const { client, raw } of sockets) {
        client.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
        raw.pause();
      }
    },
    async stop() {
      for (const { client } of sockets) client.terminate();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
