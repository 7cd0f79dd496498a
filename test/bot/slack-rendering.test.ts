import { describe, expect, it } from 'vitest';
import type { Block, Inline, Message } from '../../src/bot/chat/message.ts';
import { renderMessage } from '../../src/bot/chat/slack/blocks.ts';
import { checkBlocks, textLengthOf } from '../../src/demo/slack/check-blocks.ts';
import { pingsOf } from '../../src/demo/slack/pings-and-links.ts';
import { messages } from './slack-messages.ts';

const text = (value: string): Inline => ({ kind: 'text', text: value });
const message = (...blocks: Block[]): Message => ({ tone: 'neutral', title: 'Title', blocks, buttons: [] });

describe('messages as Block Kit', () => {
  it.each(Object.entries(messages))('look as before: %s', async (name, each) => {
    const rendered = renderMessage(each);

    const lines = [`text: ${rendered.text}`, ...rendered.blocks.map((block) => JSON.stringify(block))];
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/slack-${name}.txt`);
    expect(checkBlocks(rendered.blocks, 'message')).toEqual([]);
  });

  it('keep within every limit of Slack, however long each part is and however many there are', () => {
    const long = '&<\u{1f469}\u200d\u{1f680}>'.repeat(4000);
    const blocks: Block[] = Array.from(
      { length: 80 },
      () =>
        [
          {
            kind: 'line',
            line: [text(long), { kind: 'code', text: long }, { kind: 'person', person: 'slack:U012ABC' }],
          },
          { kind: 'quote', text: long },
          { kind: 'fields', fields: [{ label: long, value: [text(long)] }] },
          { kind: 'checklist', items: [{ state: 'running', label: long, note: long }] },
          {
            kind: 'note',
            line: Array.from({ length: 30 }, () => [text(long), { kind: 'time', at: 0 } as const]).flat(),
          },
          { kind: 'note', line: [text(long)] },
        ] satisfies Block[],
    ).flat();
    const button = { action: 'new-link', requestId: long, label: long, style: 'danger' } as const;
    const confirm = { title: long, text: long, yes: long, no: long };

    const rendered = renderMessage({
      tone: 'bad',
      title: long,
      blocks,
      buttons: Array.from({ length: 40 }, () => ({ ...button, confirm })),
    });

    expect(checkBlocks(rendered.blocks, 'message')).toEqual([]);
    // 9,597 characters were taken by the real Slack.
    expect(textLengthOf(rendered.blocks)).toBeLessThanOrEqual(9_597);
    expect(rendered.text.length).toBeLessThanOrEqual(4000);
  });

  it('are cut between characters and never within an entity', () => {
    const family = '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}';
    for (let before = 280; before < 320; before += 1) {
      const { text: fallback } = renderMessage({
        ...message(),
        title: `${'x'.repeat(before)}${family}&${family}&`,
      });

      expect(fallback).toMatch(/^x+(👩‍👩‍👧(&amp;)?)*…?$/u);
    }
  });

  it('never shorten a download link, whatever else is in the message', () => {
    const url = `https://oss.example/${'k'.repeat(2800)}?signature=s`;

    const rendered = renderMessage(
      message({ kind: 'quote', text: 'q'.repeat(9000) }, { kind: 'download', url, label: 'Download' }),
    );

    expect(JSON.stringify(rendered.blocks)).toContain(JSON.stringify(url));
    expect(textLengthOf(rendered.blocks) + url.length).toBeLessThanOrEqual(9_597);
  });

  it('take nothing that people and pods wrote for a mention, and show invisible characters to nobody', () => {
    const nasty = 'api\u202egnp.exe\u0007\u001b[31m <!channel> <@U012ABC>';
    const rendered = renderMessage({
      tone: 'bad',
      title: nasty,
      blocks: [
        { kind: 'line', line: [text(nasty), { kind: 'code', text: nasty }] },
        { kind: 'note', line: [text(nasty), { kind: 'time', at: 0 }, { kind: 'code', text: nasty }] },
        {
          kind: 'line',
          line: [
            { kind: 'person', person: 'slack:U1> <!channel' },
            { kind: 'group', group: 'sre' },
          ],
        },
        { kind: 'note', line: [{ kind: 'person', person: 'slack:U1> <!channel' }] },
      ],
      buttons: [{ action: 'retry', requestId: 'r', label: nasty }],
    });

    expect(pingsOf({ ...rendered, attachments: [], linkNames: false })).toEqual([]);
    expect(JSON.stringify(rendered)).not.toMatch(/\u202e|\\u0007|\\u001b/);
  });

  it('keep a name with a line break in it on its line', () => {
    const rendered = renderMessage(message({ kind: 'line', line: [text('api\nApproved by everyone')] }));

    expect(JSON.stringify(rendered.blocks)).toContain('api Approved by everyone');
  });

  it('give each button of the same action an id of its own', () => {
    const rendered = renderMessage({
      ...message(),
      buttons: ['a', 'b', 'c'].map((id) => ({ action: 'new-link', requestId: id, label: id })),
    });

    const actions = rendered.blocks.find(({ type }) => type === 'actions');
    expect(actions).toMatchObject({
      elements: [
        { action_id: 'new-link', value: 'a' },
        { action_id: 'new-link:2', value: 'b' },
        { action_id: 'new-link:3', value: 'c' },
      ],
    });
  });

  it('leave out what is empty, which Slack would refuse', () => {
    const rendered = renderMessage({
      ...message(
        { kind: 'line', line: [] },
        { kind: 'line', line: [text('')] },
        { kind: 'quote', text: ' \n' },
        { kind: 'note', line: [text('')] },
        { kind: 'fields', fields: [] },
        { kind: 'checklist', items: [] },
      ),
      title: '',
    });

    expect(rendered.text).not.toBe('');
    expect(checkBlocks(rendered.blocks, 'message')).toEqual([]);
    expect(JSON.stringify(rendered.blocks)).not.toContain('""');
  });
});
