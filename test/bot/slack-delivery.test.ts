import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Message } from '../../src/bot/chat/message.ts';
import { createPosting } from '../../src/bot/chat/slack/posting.ts';
import { createSlackPlatform, type SlackPlatform } from '../../src/bot/chat/slack/slack-platform.ts';
import { createWebCalls } from '../../src/bot/chat/slack/web-calls.ts';
import {
  type Channel,
  type SlackOptions,
  type SlackWorkspace,
  startSlack,
} from '../../src/demo/slack/slack-workspace.ts';
import { messages } from './slack-messages.ts';
import { type LogLine, plain, recordingLog, slackOptions } from './slack-world.ts';

const ONCE = { key: 'r1/card/0', mayExist: false };
const AGAIN = { key: 'r1/card/0', mayExist: true };
const progress = (done: number): Message => ({
  tone: 'neutral',
  title: `progress ${done}`,
  blocks: [{ kind: 'checklist', items: [{ state: 'running', label: `${done} %` }] }],
  buttons: [],
});

describe('the bot speaks in Slack', () => {
  let slack: SlackWorkspace;
  let platform: SlackPlatform;
  let ops: Channel;
  const logged: LogLine[] = [];

  afterEach(async () => {
    await platform.stop();
    await slack.stop();
    logged.length = 0;
  });

  async function begin(options: SlackOptions = {}): Promise<void> {
    slack = await startSlack({ limits: { rate: 'off' }, ...options });
    ops = slack.addChannel('ops');
    platform = createSlackPlatform(slackOptions(slack), { log: recordingLog(logged), now: Date.now });
    await platform.start({ onCommand: async () => undefined, onAction: async () => ({ kind: 'nothing' }) });
  }
  const calls = (method: string) => slack.calls.filter((call) => call.method === method);
  const texts = () => slack.messages(ops).map(({ text }) => text);

  describe('when it posts', () => {
    it('says no word twice when an answer is lost or Slack breaks: it asks once and tells', async () => {
      await begin();
      slack.faults.next(
        'chat.postMessage',
        { dropResponseAfterDoing: true },
        { status: 500 },
        { slackError: 'internal_error' },
      );

      for (let tries = 1; tries <= 3; tries += 1) {
        await expect(platform.post(ops.id, plain('card'), ONCE)).rejects.toMatchObject({
          code: 'unreachable',
        });
        expect(calls('chat.postMessage')).toHaveLength(tries);
      }
    });

    it('never looks for a message that cannot be there', async () => {
      await begin();

      await platform.post(ops.id, plain('card'), ONCE);

      expect(calls('conversations.history')).toEqual([]);
    });

    it.each([
      ['a scope is missing', { scopes: ['commands', 'chat:write', 'app_mentions:read', 'users:read'] }, 0, 1],
      ['Slack does not answer', {}, 4, 4],
    ])(
      'posts all the same when it cannot look because %s, and logs it',
      async (_why, options, broken, asked) => {
        await begin(options);
        slack.faults.next(
          'conversations.history',
          ...Array.from({ length: broken }, () => ({ status: 503 })),
        );

        await platform.post(ops.id, plain('card'), AGAIN);

        expect(texts()).toEqual(['card']);
        expect(calls('conversations.history')).toHaveLength(asked);
        expect(logged.some(({ message }) => message.includes('cannot see whether'))).toBe(true);
      },
    );

    it('finds its message on a later page', async () => {
      await begin();
      await platform.post(ops.id, plain('long ago'), ONCE);
      const ann = slack.addPerson({ name: 'ann' });
      for (let n = 0; n < 250; n += 1) slack.say(ann, ops, `chatter ${n}`);

      await platform.post(ops.id, plain('long ago'), AGAIN);

      expect(texts().filter((text) => text === 'long ago')).toHaveLength(1);
      expect(calls('conversations.history')).toHaveLength(2);
    });

    it('looks in the thread alone while that is there', async () => {
      await begin();
      const card = await platform.post(ops.id, plain('card'), { key: 'card', mayExist: false });

      await platform.post(platform.threadOf(card), plain('result'), AGAIN);

      expect(texts()).toEqual(['card', 'result']);
      expect([calls('conversations.replies').length, calls('conversations.history').length]).toEqual([1, 0]);
    });

    it('finds in the channel what it posted for a thread that was gone', async () => {
      await begin();
      const ref = await platform.post(ops.id, plain('card'), { key: 'card', mayExist: false });
      const card = slack.messages(ops)[0];
      if (card !== undefined) slack.deleteMessage(card);
      await platform.post(platform.threadOf(ref), plain('result'), ONCE);

      const found = await platform.post(platform.threadOf(ref), plain('result'), AGAIN);

      expect(texts()).toEqual(['result']);
      expect(platform.threadOf(found)).toBe(`${ops.id}/${slack.messages(ops)[0]?.ts}`);
    });

    it('waits out a limit that Slack names, in the order of what was said, and holds nothing else up', async () => {
      await begin();
      const ann = slack.addPerson({ name: 'ann' });
      slack.faults.next('chat.postMessage', { retryAfter: 2 });
      const order: string[] = [];

      await Promise.all([
        platform.post(ops.id, plain('one'), { key: '1', mayExist: false }).then(() => order.push('one')),
        platform.post(ops.id, plain('two'), { key: '2', mayExist: false }).then(() => order.push('two')),
        platform.standing(`slack:${ann.id}`).then(() => order.push('standing')),
      ]);

      expect(order).toEqual(['standing', 'one', 'two']);
      expect(texts()).toEqual(['one', 'two']);
      const [refused, posted] = calls('chat.postMessage');
      expect((posted?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(1990);
    });

    it('tells how long to wait when Slack wants a long pause', async () => {
      await begin();
      slack.faults.next('chat.postMessage', { retryAfter: 600 });

      const refused = platform.post(ops.id, plain('one'), ONCE);

      await expect(refused).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 600_000 });
    });

    it.each([
      ['is_archived', 'place-gone'],
      ['not_in_channel', 'place-gone'],
      ['channel_not_found', 'place-gone'],
      ['token_revoked', 'refused'],
      ['missing_scope', 'refused'],
      ['msg_blocks_too_long', 'too-long'],
      ['ratelimited', 'rate-limited'],
    ])('tells %s as %s', async (slackError, code) => {
      await begin();
      slack.faults.next('chat.postMessage', ...Array.from({ length: 4 }, () => ({ slackError })));

      await expect(platform.post(ops.id, plain('one'), ONCE)).rejects.toMatchObject({
        name: 'ChatError',
        code,
      });
    });

    it('knows what was never a place or a message of Slack', async () => {
      await begin();

      await expect(platform.post('cid123', plain('x'), ONCE)).rejects.toMatchObject({ code: 'place-gone' });
      await expect(platform.update('C012ABC', plain('x'))).rejects.toMatchObject({ code: 'message-gone' });
      expect(calls('chat.postMessage')).toEqual([]);
    });
  });

  describe('when it changes messages', () => {
    it('sends what is newest only, at most once a second in a channel, and tells when it is shown', async () => {
      await begin();
      const ref = await platform.post(ops.id, progress(0), ONCE);

      await Promise.all(Array.from({ length: 30 }, (_, n) => platform.update(ref, progress(n + 1))));
      await platform.update(ref, progress(100));

      expect(texts()).toEqual(['progress 100']);
      const times = calls('chat.update').map(({ at }) => at);
      expect(times.length).toBe(3);
      for (const [index, at] of times.slice(1).entries()) {
        expect(at - (times[index] ?? 0)).toBeGreaterThanOrEqual(990);
      }
    });

    it('shows cards before progress where both wait', async () => {
      await begin();
      const bar = await platform.post(ops.id, progress(0), { key: 'a', mayExist: false });
      const card = await platform.post(ops.id, plain('card'), { key: 'b', mayExist: false });
      await platform.update(bar, progress(1));

      await Promise.all([
        platform.update(bar, progress(2)),
        platform.update(card, messages['request-card'] ?? plain('')),
      ]);

      expect(calls('chat.update').map(({ args }) => args.text)).toEqual([
        'progress 1',
        messages['request-card']?.title,
        'progress 2',
      ]);
    });

    it('takes back what still waits for its turn, once something newer is to be said', async () => {
      await begin();
      const ref = await platform.post(ops.id, progress(0), ONCE);
      await platform.update(ref, progress(1));
      const newer = new AbortController();
      const waiting = platform.update(ref, progress(2), newer.signal);
      newer.abort();

      await expect(waiting).rejects.toMatchObject({ code: 'overtaken' });
      await expect(platform.update(ref, progress(3), newer.signal)).rejects.toMatchObject({
        code: 'overtaken',
      });
      await platform.update(ref, progress(4));
      expect(calls('chat.update').map(({ args }) => args.text)).toEqual(['progress 1', 'progress 4']);
    });

    it('does not take back what others wait for as well, nor what is on its way', async () => {
      await begin();
      const ref = await platform.post(ops.id, progress(0), ONCE);
      const newer = new AbortController();
      const onItsWay = platform.update(ref, progress(1), newer.signal);
      newer.abort();
      await onItsWay;
      const another = new AbortController();
      const [both, taken] = [
        platform.update(ref, progress(2)),
        platform.update(ref, progress(2), another.signal),
      ];
      another.abort();

      await expect(taken).rejects.toMatchObject({ code: 'overtaken' });
      await both;
      expect(texts()).toEqual(['progress 2']);
    });

    it('stays below what Slack allows in a minute for all channels together', async () => {
      await begin({ limits: { rate: { postBurst: 100 } } });
      const rooms = Array.from({ length: 8 }, (_, n) => slack.addChannel(`room-${n}`));
      const refs = await Promise.all(rooms.map(({ id }) => platform.post(id, progress(0), ONCE)));

      await Promise.all(refs.map((ref) => platform.update(ref, progress(1))));

      const times = calls('chat.update').map(({ at }) => at);
      expect(times).toHaveLength(8);
      // Five at once, and three more one after the other.
      expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(2 * 1400);
      expect(slack.calls.filter(({ status }) => status === 429)).toEqual([]);
    });

    it('shows the last state after Slack asked for a pause, broke and lost an answer', async () => {
      await begin();
      const ref = await platform.post(ops.id, plain('before'), ONCE);
      slack.faults.next('chat.update', { retryAfter: 1 }, { status: 500 }, { dropResponseAfterDoing: true });

      await platform.update(ref, plain('after'));

      expect(texts()).toEqual(['after']);
      expect(calls('chat.update')).toHaveLength(4);
    });

    it.each([
      ['message_not_found', 'message-gone'],
      ['cant_update_message', 'message-gone'],
      ['is_inactive', 'place-gone'],
    ])('tells %s as %s', async (slackError, code) => {
      await begin();
      const ref = await platform.post(ops.id, plain('before'), ONCE);
      slack.faults.next('chat.update', { slackError });

      await expect(platform.update(ref, plain('after'))).rejects.toMatchObject({ code });
    });

    it('posts a link anew instead of editing it in, once, and takes the buttons from what stood there', async () => {
      await begin();
      const result = messages.result ?? plain('');
      const ref = await platform.post(ops.id, messages['request-card'] ?? plain(''), ONCE);
      slack.faults.next('chat.postMessage', { dropResponseAfterDoing: true });

      await expect(platform.update(ref, result)).rejects.toMatchObject({ code: 'unreachable' });
      const newRef = await platform.update(ref, result);

      expect(newRef).not.toBe(ref);
      const [before, after, ...more] = slack.messages(ops);
      expect(more).toEqual([]);
      expect([before?.links, after?.links.length]).toEqual([[], 1]);
      expect(JSON.stringify(before?.blocks)).not.toContain('"button"');
      expect(slack.linkFetches).toEqual([]);
    });

    it('shows the last state of everything before it stops', async () => {
      await begin();
      const ref = await platform.post(ops.id, progress(0), ONCE);
      await platform.update(ref, progress(1));
      const showing = platform.update(ref, progress(2));

      await platform.stop();

      expect(texts()).toEqual(['progress 2']);
      await showing;
    });
  });

  it('believes no other author who claims the key of a message', async () => {
    await begin();
    const metadata = { event_type: 'heapdump_bot', event_payload: { key: ONCE.key } };
    const server = createServer((request, response) => {
      const answer = request.url?.includes('history')
        ? {
            messages: [
              { ts: '1700000000.000001', user: 'U0FORGER', metadata },
              { ts: '1700000000.000002', metadata },
            ],
          }
        : { channel: ops.id, ts: '1700000000.000100' };
      response.end(JSON.stringify({ ok: true, ...answer }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const web = createWebCalls({
        token: 'xoxb-1',
        apiUrl: `http://127.0.0.1:${port}/api/`,
        log: recordingLog(logged),
      });
      const here = createPosting({ web, botUserId: () => slack.botUserId, log: recordingLog(logged) });
      const nobody = createPosting({ web, botUserId: () => undefined, log: recordingLog(logged) });

      expect(await here.find({ channel: ops.id }, ONCE.key)).toBeUndefined();
      expect(await nobody.find({ channel: ops.id }, ONCE.key)).toBeUndefined();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('tries a post again that never reached Slack', async () => {
    await begin();
    const port = await freePort();
    const platformThere = createSlackPlatform(
      slackOptions(slack, { apiUrl: `http://127.0.0.1:${port}/api/` }),
      { log: recordingLog(logged), now: Date.now },
    );
    const posted: string[] = [];
    const server = createServer((request, response) => {
      posted.push(request.url ?? '');
      response.end(JSON.stringify({ ok: true, channel: ops.id, ts: '1700000000.000100' }));
    });
    try {
      const posting = platformThere.post(ops.id, plain('card'), ONCE);
      await vi.waitFor(() =>
        expect(logged.some(({ message }) => message.includes('tried again'))).toBe(true),
      );
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

      expect(await posting).toBe(`${ops.id}/1700000000.000100`);
      expect(posted).toEqual(['/api/chat.postMessage']);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
