/** Block Kit's rules, as the stand-in Slack enforces them: lengths, counts and shapes. */
import type { webApi } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import { checkBlocks } from '../../src/demo/slack/check-blocks.ts';
import { slackForTests } from './slack-client.ts';

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const button = (more: object = {}) => ({ type: 'button', action_id: 'go', text: plain('Go'), ...more });
const actions = (...elements: unknown[]) => ({ type: 'actions', elements });
const input = (element: object) => ({ type: 'input', label: plain('Why?'), element });
const times = <Thing>(count: number, thing: (index: number) => Thing) =>
  Array.from({ length: count }, (_, index) => thing(index));
const chars = (count: number) => 'x'.repeat(count);

describe('blocks in the stand-in Slack', () => {
  const { workspace } = slackForTests();

  it('takes a message that uses every block to its limit', () => {
    const confirm = {
      title: plain(chars(100)),
      text: mrkdwn(chars(300)),
      confirm: plain(chars(30)),
      deny: plain(chars(30)),
    };
    const blocks = [
      { type: 'header', text: plain(chars(150)), block_id: chars(255) },
      { type: 'section', text: { ...mrkdwn(chars(3000)), verbatim: true } },
      { type: 'section', fields: times(10, () => mrkdwn(chars(2000))), accessory: button() },
      {
        type: 'context',
        elements: [mrkdwn('a'), { type: 'image', image_url: 'https://x.test/i.png', alt_text: 'i' }],
      },
      { type: 'context', elements: times(10, () => plain('note')) },
      actions(
        ...times(24, (index) => button({ action_id: `go${index}` })),
        button({
          text: plain(chars(75)),
          value: chars(2000),
          url: `https://x.test/${chars(2985)}`,
          confirm,
          style: 'danger',
        }),
      ),
      { type: 'divider' },
      { type: 'image', image_url: 'https://x.test/i.png', alt_text: 'chart', title: plain('Chart') },
      { type: 'markdown', text: chars(12_000) },
      {
        type: 'rich_text',
        elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'hi' }] }],
      },
      { type: 'section', text: plain('pick'), accessory: select(100) },
      ...times(39, () => ({ type: 'divider' })),
    ];

    expect(blocks).toHaveLength(50);
    expect(checkBlocks(blocks, 'message')).toEqual([]);
  });

  it.each([
    ['51 blocks', times(51, () => ({ type: 'divider' })), 'no more than 50 items allowed', ''],
    [
      'a section of 3001',
      [{ type: 'section', text: mrkdwn(chars(3001)) }],
      'must be less than 3001 characters',
      '/0/text/text',
    ],
    [
      'an empty section',
      [{ type: 'section', text: plain('') }],
      'must be more than 0 characters',
      '/0/text/text',
    ],
    ['no text at all', [{ type: 'section' }], 'missing required field: text', '/0'],
    [
      '11 fields',
      [{ type: 'section', fields: times(11, () => mrkdwn('f')) }],
      'no more than 10 items allowed',
      '/0/fields',
    ],
    [
      'a field of 2001',
      [{ type: 'section', fields: [mrkdwn(chars(2001))] }],
      'must be less than 2001 characters',
      '/0/fields/0/text',
    ],
    [
      'a header of 151',
      [{ type: 'header', text: plain(chars(151)) }],
      'must be less than 151 characters',
      '/0/text/text',
    ],
    [
      'a header in markup',
      [{ type: 'header', text: mrkdwn('x') }],
      'unsupported type: mrkdwn',
      '/0/text/type',
    ],
    [
      '11 notes',
      [{ type: 'context', elements: times(11, () => plain('n')) }],
      'no more than 10 items allowed',
      '/0/elements',
    ],
    [
      '26 buttons',
      [actions(...times(26, (index) => button({ action_id: `${index}` })))],
      'no more than 25 items allowed',
      '/0/elements',
    ],
    [
      'one action id twice',
      [actions(button(), button())],
      'action_id go already exists',
      '/0/elements/1/action_id',
    ],
    [
      'an action id of 256',
      [actions(button({ action_id: chars(256) }))],
      'must be less than 256 characters',
      '/0/elements/0/action_id',
    ],
    [
      'a label of 76',
      [actions(button({ text: plain(chars(76)) }))],
      'must be less than 76 characters',
      '/0/elements/0/text/text',
    ],
    [
      'a value of 2001',
      [actions(button({ value: chars(2001) }))],
      'must be less than 2001 characters',
      '/0/elements/0/value',
    ],
    [
      'a url of 3001',
      [actions(button({ url: chars(3001) }))],
      'must be less than 3001 characters',
      '/0/elements/0/url',
    ],
    [
      'an unknown style',
      [actions(button({ style: 'default' }))],
      'unsupported value: default',
      '/0/elements/0/style',
    ],
    [
      'a confirmation without words',
      [actions(button({ confirm: { title: plain('t') } }))],
      'missing required field: text',
      '/0/elements/0/confirm',
    ],
    [
      'a confirmation title of 101',
      [
        actions(
          button({
            confirm: { title: plain(chars(101)), text: plain('x'), confirm: plain('y'), deny: plain('n') },
          }),
        ),
      ],
      'must be less than 101 characters',
      '/0/elements/0/confirm/title/text',
    ],
    ['a field of our own', [{ type: 'divider', color: 'red' }], 'invalid additional property: color', '/0'],
    [
      'verbatim plain text',
      [{ type: 'section', text: { ...plain('x'), verbatim: true } }],
      'invalid additional property: verbatim',
      '/0/text',
    ],
    ['an unknown block', [{ type: 'banner' }], 'unsupported type: banner', '/0/type'],
    [
      'one block id twice',
      [
        { type: 'divider', block_id: 'a' },
        { type: 'divider', block_id: 'a' },
      ],
      'block_id a already exists',
      '/1/block_id',
    ],
    [
      'a block id of 256',
      [{ type: 'divider', block_id: chars(256) }],
      'must be less than 256 characters',
      '/0/block_id',
    ],
    [
      '101 options',
      [{ type: 'section', text: plain('x'), accessory: select(101) }],
      'no more than 100 items allowed',
      '/0/accessory/options',
    ],
    [
      'an image without words',
      [{ type: 'image', image_url: 'https://x.test/i.png' }],
      'missing required field: alt_text',
      '/0',
    ],
    [
      'a text field outside a form',
      [actions({ type: 'plain_text_input', action_id: 'a' })],
      'unsupported type: plain_text_input',
      '/0/elements/0/type',
    ],
    ['no list', { type: 'divider' }, 'must provide an array', ''],
    ['no block', ['text'], 'must be an object', '/0'],
    [
      'rich text without words',
      [rich({ type: 'text', text: '' })],
      'must be more than 0 characters',
      '/0/elements/0/elements/0/text',
    ],
    [
      'an unknown rich element',
      [rich({ type: 'mention' })],
      'unsupported type: mention',
      '/0/elements/0/elements/0/type',
    ],
    [
      'a rich element of our own',
      [rich({ type: 'text', text: 'x', color: 'red' })],
      'invalid additional property: color',
      '/0/elements/0/elements/0',
    ],
    [
      'a date without a format',
      [rich({ type: 'date', timestamp: 1 })],
      'missing required field: format',
      '/0/elements/0/elements/0',
    ],
    [
      'a date in fractions',
      [rich({ type: 'date', timestamp: 1.5, format: '{time}' })],
      'must be an integer',
      '/0/elements/0/elements/0/timestamp',
    ],
    [
      'an empty paragraph',
      [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [] }] }],
      'must have at least 1 item',
      '/0/elements/0/elements',
    ],
    [
      'a list without a style',
      [
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_list',
              elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'x' }] }],
            },
          ],
        },
      ],
      'unsupported value: undefined',
      '/0/elements/0/style',
    ],
  ])('refuses %s and points at it', (_what, blocks, complaint, pointer) => {
    expect(checkBlocks(blocks, 'message')).toContain(`${complaint} [json-pointer:/blocks${pointer}]`);
  });

  it('takes 100 blocks and text fields in forms, within their own limits', () => {
    expect(
      checkBlocks(
        times(100, () => ({ type: 'divider' })),
        'modal',
      ),
    ).toEqual([]);
    expect(checkBlocks([input({ type: 'plain_text_input', max_length: 3000 })], 'modal')).toEqual([]);
    expect(checkBlocks([input({ type: 'plain_text_input', max_length: 3001 })], 'modal')).toEqual([
      'must be between 1 and 3000 [json-pointer:/blocks/0/element/max_length]',
    ]);
    expect(checkBlocks([input(button())], 'modal')).toEqual([
      'unsupported type: button [json-pointer:/blocks/0/element/type]',
    ]);
    expect(checkBlocks([{ type: 'markdown', text: 'x' }], 'modal')).toEqual([
      'unsupported type: markdown [json-pointer:/blocks/0/type]',
    ]);
  });

  it('answers a bad message with invalid_blocks and pointers, and shows nothing of it', async () => {
    const { slack, ops, bot } = await workspace();
    const bad = [{ type: 'section', text: mrkdwn(chars(3001)) }] as Blocks;

    await expect(bot.chat.postMessage({ channel: ops.id, text: 'x', blocks: bad })).rejects.toMatchObject({
      code: 'slack_webapi_platform_error',
      data: {
        error: 'invalid_blocks',
        response_metadata: {
          messages: ['[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]'],
        },
      },
    });
    await expect(
      bot.chat.postMessage({ channel: ops.id, text: 'x', attachments: [{ blocks: bad }] }),
    ).rejects.toMatchObject({ data: { error: 'invalid_attachments' } });
    expect(slack.messages(ops)).toEqual([]);
  });

  it('refuses blocks that together hold too much text', async () => {
    const { ops, bot } = await workspace();
    const blocks = times(4, () => ({ type: 'section', text: plain(chars(2600)) })) as Blocks;

    await expect(bot.chat.postMessage({ channel: ops.id, text: 'x', blocks })).rejects.toMatchObject({
      data: { error: 'msg_blocks_too_long' },
    });
  });

  it('answers a bad form with invalid_arguments and pointers', async () => {
    const { slack, ops, ann, bot } = await workspace();
    const { payload } = await slack.slash(ann, ops, '/heapdump', '');
    const view = {
      type: 'modal',
      title: plain(chars(25)),
      callback_id: 'form',
      private_metadata: chars(3001),
      blocks: [input({ type: 'plain_text_input', action_id: 'a' })],
    } as webApi.ViewsOpenArguments['view'];

    const answer = bot.views.open({ trigger_id: String(payload.trigger_id), view });

    await expect(answer).rejects.toMatchObject({
      data: {
        error: 'invalid_arguments',
        response_metadata: {
          messages: [
            '[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]',
            '[ERROR] must be less than 25 characters [json-pointer:/view/title/text]',
            '[ERROR] `submit` is required when an `input` block is within blocks array [json-pointer:/view]',
          ],
        },
      },
    });
  });
});

type Blocks = NonNullable<webApi.ViewsPublishArguments['view']['blocks']>;

function select(options: number): object {
  return {
    type: 'static_select',
    action_id: 'pick',
    options: times(options, (index) => ({ text: plain(`pod ${index}`), value: `${index}` })),
  };
}

function rich(element: object): object {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [element] }] };
}
