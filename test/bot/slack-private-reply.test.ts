import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IncomingCommand } from '../../src/bot/chat/chat-platform.ts';
import { isSlacks } from '../../src/bot/chat/slack/private-reply.ts';
import { createSlackPlatform, type SlackPlatform } from '../../src/bot/chat/slack/slack-platform.ts';
import {
  type Channel,
  type Person,
  type SlackWorkspace,
  startSlack,
} from '../../src/demo/slack/slack-workspace.ts';
import { messages } from './slack-messages.ts';
import { plain, recordingLog, slackOptions } from './slack-world.ts';

describe('what one person alone reads in Slack', () => {
  let slack: SlackWorkspace;
  let platform: SlackPlatform;
  let ops: Channel;
  let ann: Person;
  let command: IncomingCommand;
  /** Added to the real time. */
  let later = 0;

  beforeEach(async () => {
    later = 0;
    const now = () => Date.now() + later;
    slack = await startSlack({ limits: { rate: 'off' }, now });
    ops = slack.addChannel('ops');
    ann = slack.addPerson({ name: 'ann' });
    platform = createSlackPlatform(slackOptions(slack), { log: recordingLog([]), now });
    const commands: IncomingCommand[] = [];
    await platform.start({
      async onCommand(each) {
        commands.push(each);
      },
      onAction: async () => ({ kind: 'nothing' }),
    });
    await slack.slash(ann, ops, '/heapdump', 'list');
    command = await vi.waitFor(() => {
      const [first] = commands;
      if (first === undefined) throw new Error('no command came');
      return first;
    });
  });

  afterEach(async () => {
    await platform.stop();
    await slack.stop();
  });

  const tell = (text: string) => platform.replyPrivately(command.privately, command.person, plain(text));
  const methods = () =>
    slack.calls.map(({ method }) => method).filter((method) => /response_url|chat\./.test(method));
  const whispers = () => slack.ephemerals(ann, ops).map(({ text }) => text);

  it('goes by the response_url five times, and by an ephemeral message after that', async () => {
    const texts = ['1', '2', '3', '4', '5', '6'];

    for (const text of texts) await tell(text);

    expect(whispers()).toEqual(texts);
    expect(methods().at(-1)).toBe('chat.postEphemeral');
    expect(slack.messages(ops)).toEqual([]);
  });

  it('tries no response_url that is half an hour old', async () => {
    later = 31 * 60_000;

    await tell('late');

    expect(whispers()).toEqual(['late']);
    expect(methods()).toEqual(['chat.postEphemeral']);
  });

  it('is written directly to who is not in the channel, or whose channel is gone', async () => {
    later = 31 * 60_000;
    ops.absent.add(ann.id);
    await tell('not there');
    ops.isArchived = true;
    await tell('nobody there');

    expect(slack.direct(ann).map(({ text }) => text)).toEqual(['not there', 'nobody there']);
  });

  it('comes at all when the response_url breaks', async () => {
    slack.faults.next('response_url', { status: 500 }, { reset: true });

    await tell('one');
    await tell('two');

    expect(whispers()).toEqual(['one', 'two']);
  });

  it('brings a link directly when the response_url is used up: ephemeral messages cannot forbid previews', async () => {
    later = 31 * 60_000;

    await platform.replyPrivately(command.privately, command.person, messages.result ?? plain(''));

    expect(whispers()).toEqual([]);
    expect(slack.direct(ann)[0]?.links).toHaveLength(1);
    expect(slack.linkFetches).toEqual([]);
  });

  it('follows no response_url that leads elsewhere', async () => {
    const visits: string[] = [];
    const elsewhere = createServer((request, response) => {
      visits.push(request.url ?? '');
      response.end('ok');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = elsewhere.address() as AddressInfo;
      const responseUrl = `http://127.0.0.1:${port}/steal`;
      const forged = JSON.stringify({ channel: ops.id, responseUrl, givenAt: Date.now() });

      await platform.replyPrivately(forged, command.person, plain('psst'));

      expect(visits).toEqual([]);
      expect(whispers()).toEqual(['psst']);
    } finally {
      elsewhere.closeAllConnections();
      elsewhere.close();
    }
  });

  it.each([
    ['https://hooks.slack.com/commands/T/1/x', true],
    ['https://hooks.slack.com.evil.example/x', false],
    ['http://hooks.slack.com/x', false],
    ['file:///x', false],
    ['nothing', false],
  ])('knows whether an address is Slack’s: %s', (url, expected) => {
    expect(isSlacks(url, undefined)).toBe(expected);
  });

  it('fails with a reason when even a direct message is refused', async () => {
    const failed = platform.replyPrivately(undefined, 'slack:U0NOBODY', plain('psst'));

    await expect(failed).rejects.toMatchObject({ name: 'ChatError', code: 'place-gone' });
    await expect(platform.replyPrivately(undefined, 'elsewhere:1', plain('psst'))).rejects.toMatchObject({
      code: 'place-gone',
    });
  });
});
