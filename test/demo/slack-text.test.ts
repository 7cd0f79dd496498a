/** How a message of the stand-in Slack looks in a terminal. */
import { describe, expect, it } from 'vitest';
import { markupToText, messageToText } from '../../src/demo/slack/message-to-text.ts';
import { ANSI } from '../../src/demo/slack/paint.ts';
import type { MessageEvent } from '../../src/demo/slack/slack-workspace.ts';
import { slackForTests } from './slack-client.ts';

describe('a message as text', () => {
  const { workspace } = slackForTests();

  it('shows headers, fields in columns, small print and buttons', async () => {
    const { slack, ops, ann, bot } = await workspace();
    await bot.chat.postMessage({
      channel: ops.id,
      text: 'Heap dump asked for',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Heap dump asked for' } },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: `<@${ann.id}> asks for a dump of \`prod/a&lt;b\`` },
        },
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: '*Heap*\n3.2 GB' },
            { type: 'mrkdwn', text: '*Pause, about*\n12 s\nor more' },
          ],
        },
        { type: 'context', elements: [{ type: 'mrkdwn', text: 'ends <!date^1800000000^{time}|at noon>' }] },
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              action_id: 'approve',
              style: 'primary',
              text: { type: 'plain_text', text: 'Approve' },
            },
            {
              type: 'button',
              action_id: 'deny',
              style: 'danger',
              text: { type: 'plain_text', text: 'Deny' },
            },
          ],
        },
      ],
    });
    const [message] = slack.messages(ops);

    expect(message && messageToText(message, slack.nameOf).split('\n')).toEqual([
      'Heap dump asked for',
      '───────────────────',
      '@ann asks for a dump of `prod/a<b`',
      '  Heap          3.2 GB',
      '  Pause, about  12 s',
      '                or more',
      '  ends at noon',
      '[Approve] [Deny]',
    ]);
  });

  it('lines Chinese up with Latin letters', async () => {
    const { slack, ops, bot } = await workspace();
    await bot.chat.postMessage({
      channel: ops.id,
      text: 'x',
      blocks: [
        {
          type: 'section',
          fields: [
            { type: 'plain_text', text: '堆\n3 GB' },
            { type: 'plain_text', text: 'Heap\n4 GB' },
          ],
        },
      ],
    });
    const [message] = slack.messages(ops);

    expect(message && messageToText(message)).toBe('  堆    3 GB\n  Heap  4 GB');
  });

  it('sets attachments off with a bar, and falls back to the text', async () => {
    const { slack, ops, bot } = await workspace();
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'one\ntwo' } }] as never;
    await bot.chat.postMessage({ channel: ops.id, text: 'plain &amp; simple' });
    await bot.chat.postMessage({ channel: ops.id, text: 'x', attachments: [{ color: '#f00', blocks }] });

    expect(slack.messages(ops).map((each) => messageToText(each))).toEqual([
      'plain & simple',
      '│ one\n│ two',
    ]);
  });

  it('shows rich text: names, times, lists, quotes, code and emoji', async () => {
    const { slack, ops, ann, bot } = await workspace();
    await bot.chat.postMessage({
      channel: ops.id,
      text: 'x',
      blocks: [
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_section',
              elements: [
                { type: 'emoji', name: 'warning', unicode: '26a0-fe0f' },
                { type: 'text', text: ' *Dump* of ', style: { bold: true } },
                { type: 'text', text: 'prod/api', style: { code: true } },
                { type: 'text', text: ' for ' },
                { type: 'user', user_id: ann.id },
                { type: 'text', text: '\nuntil ' },
                { type: 'date', timestamp: 1_800_000_000, format: '{time}', fallback: 'noon' },
              ],
            },
            { type: 'rich_text_quote', elements: [{ type: 'text', text: 'one\ntwo' }] },
            {
              type: 'rich_text_list',
              style: 'ordered',
              elements: [
                {
                  type: 'rich_text_section',
                  elements: [{ type: 'link', url: 'https://x.test', text: 'dump' }],
                },
                { type: 'rich_text_section', elements: [{ type: 'emoji', name: 'wave' }] },
              ],
            },
          ],
        },
      ],
    });
    const [message] = slack.messages(ops);

    expect(message && messageToText(message, slack.nameOf).split('\n')).toEqual([
      '⚠️ *Dump* of `prod/api` for @ann',
      'until noon',
      '> one',
      '> two',
      '1. dump (https://x.test)',
      '2. :wave:',
    ]);
  });

  it('can be coloured, and stays in columns', async () => {
    const { slack, ops, bot } = await workspace();
    await bot.chat.postMessage({
      channel: ops.id,
      text: 'x',
      blocks: [
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: '*Pod*\n`a*b*c`' },
            { type: 'mrkdwn', text: 'Heap\n2*3*4' },
          ],
        },
        {
          type: 'actions',
          elements: [
            { type: 'button', action_id: 'a', style: 'danger', text: { type: 'plain_text', text: 'Deny' } },
          ],
        },
      ],
    });
    const [message] = slack.messages(ops);
    const esc = '\u001b';

    expect(message && messageToText(message, slack.nameOf, ANSI).split('\n')).toEqual([
      `  ${esc}[1mPod${esc}[0m   ${esc}[36ma*b*c${esc}[0m`,
      '  Heap  2*3*4',
      `${esc}[1;97;41m Deny ${esc}[0m`,
    ]);
  });

  it('undoes markup without taking escaped text for it', () => {
    const nameOf = (id: string) => ({ U1: 'ann', C1: 'ops', S1: 'reviewers' })[id];

    expect(markupToText('<@U1> <@U2> <#C1|> <!channel> <!subteam^S1>', nameOf)).toBe(
      '@ann @U2 #ops @channel @reviewers',
    );
    expect(markupToText('<https://x.test/?a=1&amp;b=2|the dump> <https://y.test>')).toBe(
      'the dump (https://x.test/?a=1&b=2) https://y.test',
    );
    expect(markupToText('&lt;!channel&gt; &amp;lt;')).toBe('<!channel> &lt;');
  });

  it('tells a listener what is posted, changed, whispered and deleted', async () => {
    const { slack, ops, ann, bot } = await workspace();
    const seen: string[] = [];
    const tell = ({ kind, message, before }: MessageEvent) =>
      seen.push(`${kind}: ${before === undefined ? '' : `${before.text} → `}${message.text}`);
    const end = slack.onMessage(tell);

    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: 'one' });
    await bot.chat.update({ channel: ops.id, ts, text: 'two' });
    await bot.chat.postEphemeral({ channel: ops.id, user: ann.id, text: 'psst' });
    await bot.chat.delete({ channel: ops.id, ts });
    end();
    await bot.chat.postMessage({ channel: ops.id, text: 'three' });

    expect(seen).toEqual(['posted: one', 'updated: one → two', 'ephemeral: psst', 'deleted: two → two']);
  });

  it('says what there was instead when an awaited message does not come', async () => {
    const { slack, ops, bot } = await workspace();
    await bot.chat.postMessage({ channel: ops.id, text: 'something else' });

    await expect(slack.waitForMessage((each) => each.text === 'the thing', 10)).rejects.toThrow(
      'No message as awaited within 10 ms. There is:\n- something else',
    );
  });
});
