/** Whom messages notify, and which links Slack reads. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { webApi } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import { PATIENTLY, slackForTests } from './slack-client.ts';

describe('pings and links in the stand-in Slack', () => {
  const { workspace, ends } = slackForTests();

  it('knows who would be notified: markup pings, escaped and plain text do not', async () => {
    const { slack, ops, ann, bot } = await workspace({ limits: { rate: 'off' } });
    const section = (type: 'mrkdwn' | 'plain_text', text: string) =>
      ({ type: 'section', text: { type, text } }) as const;
    const pings = async (
      text: string,
      blocks: NonNullable<webApi.ViewsPublishArguments['view']['blocks']> = [],
    ) => {
      await bot.chat.postMessage({ channel: ops.id, text, blocks });
      return slack.messages(ops).at(-1)?.pings;
    };

    expect(await pings('hello <!channel> and <@U012> of <!subteam^S07|@team>')).toEqual([
      'channel',
      'U012',
      'S07',
    ]);
    expect(await pings('hello &lt;!channel&gt;')).toEqual([]);
    expect(await pings('x', [section('mrkdwn', `for <@${ann.id}>`)])).toEqual([ann.id]);
    expect(await pings('x', [section('plain_text', 'for <!here> <@U012>')])).toEqual([]);
    expect(
      await pings('x', [
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_section',
              elements: [
                { type: 'text', text: '<!channel>' },
                { type: 'broadcast', range: 'everyone' },
              ],
            },
          ],
        },
      ]),
    ).toEqual(['everyone']);
    await bot.chat.postMessage({ channel: ops.id, text: 'ask @channel', link_names: true });
    expect(slack.messages(ops).at(-1)?.pings).toEqual(['channel']);
  });

  it('reads every link of a message unless both unfurl flags are false', async () => {
    const { slack, ops, ann, bot } = await workspace({ limits: { rate: 'off' } });
    const url = 'http://dumps.test/a?x=1&y=2';
    const fetched = () => slack.linkFetches.map((each) => each.url);
    const link = `<${url.replace('&', '&amp;')}|the dump>`;

    await bot.chat.postMessage({ channel: ops.id, text: link, unfurl_links: false, unfurl_media: false });
    expect(fetched()).toEqual([]);
    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: 'soon' });
    await bot.chat.postMessage({ channel: ops.id, text: link, unfurl_links: false });
    expect(fetched()).toEqual([url]);
    await bot.chat.update({ channel: ops.id, ts, text: link });
    expect(fetched()).toEqual([url, url]);
    await bot.chat.update({ channel: ops.id, ts, text: `${link} again` });
    expect(fetched()).toHaveLength(2);
    await bot.chat.postEphemeral({ channel: ops.id, user: ann.id, text: link });
    expect(fetched()).toHaveLength(3);
    slack.say(ann, ops, `look at ${url}`);
    expect(fetched()).toHaveLength(4);
    await bot.chat.postMessage({
      channel: ops.id,
      text: 'x',
      blocks: [
        {
          type: 'actions',
          elements: [
            { type: 'button', action_id: 'get', url, text: { type: 'plain_text', text: 'Download' } },
          ],
        },
      ],
    });
    expect(fetched()).toHaveLength(5);
  });

  it('can really fetch, as the robot that it plays', async () => {
    const seen: { agent: string | undefined; range: string | undefined; method: string | undefined }[] = [];
    const target = createServer((request, response) => {
      seen.push({
        agent: request.headers['user-agent'],
        range: request.headers.range,
        method: request.method,
      });
      response.end('page');
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    ends.push(async () => {
      target.closeAllConnections();
      target.close();
    });
    const { slack, ops, bot } = await workspace({ fetchLinks: true });

    await bot.chat.postMessage({
      channel: ops.id,
      text: `see http://127.0.0.1:${(target.address() as AddressInfo).port}/dump`,
    });

    await expect.poll(() => slack.linkFetches[0]?.status, PATIENTLY).toBe(200);
    expect(seen).toEqual([
      {
        agent: expect.stringContaining('Slackbot-LinkExpanding'),
        range: expect.any(String),
        method: 'GET',
      },
    ]);
  });
});
