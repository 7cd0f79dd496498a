import { describe, expect, it } from 'vitest';
import { cardVariables } from '../../src/bot/chat/dingtalk/card-variables.ts';
import { escapeMarkdown } from '../../src/bot/chat/dingtalk/escape-markdown.ts';
import { nameMention, type Reader, renderMessage, timeText } from '../../src/bot/chat/dingtalk/markdown.ts';
import { cardStage, wordsStage } from '../../src/bot/chat/dingtalk/progress-stage.ts';
import { marksOf, newsSince, wordsText } from '../../src/bot/chat/dingtalk/words-text.ts';
import type { Message } from '../../src/bot/chat/message.ts';
import { linksIn } from '../../src/demo/dingtalk/markdown.ts';
import { markdownToText } from '../../src/demo/dingtalk/message-to-text.ts';
import { asSeen } from './dingtalk-world.ts';
import { messages } from './slack-messages.ts';

const reader: Reader = {
  language: 'zh-CN',
  timeZone: 'Asia/Shanghai',
  mention: (person) => nameMention(person, new Map([['dingtalk:0135', '张三']])),
};
const textOf = (message: Message, chat: 'group' | 'single' = 'group') =>
  wordsText(renderMessage(message, reader), message.buttons, { language: 'zh-CN', topic: 'abcd1234', chat });

describe('a text of a person or a pod in markdown', () => {
  it.each([
    '[click me](https://evil.example)',
    '![x](https://evil.example/track.png)',
    '[同意](dtmd://dingtalkclient/sendMessage?content=approve%20abcd1234)',
    '<font color=red>danger</font> <b> &lt;b&gt; & &#64;all',
    '**bold** __it__ ~~gone~~ `code` ```fence```',
    '# heading',
    '> quote',
    '- item',
    '+ item',
    '1. item',
    '1) item',
    '=====',
    '---',
    '| a | b |',
    '\\[escaped\\](x) \\',
    '@all @0135 ＠所有人',
    'http://evil.example dingtalk://x www.evil.example',
  ])('is shown as it was written: %j', (text) => {
    const escaped = escapeMarkdown(text);

    expect(linksIn(escaped)).toEqual([]);
    expect(asSeen(markdownToText(escaped))).toBe(text);
    // Clients look for these in any text, with or without markup.
    expect(escaped).not.toMatch(/\w:\/\/|[@＠][\p{L}\d]|www\.\w/u);
  });

  it('cannot begin a line of ours, nor turn the direction of what follows', () => {
    const shown = renderMessage(
      {
        tone: 'neutral',
        title: 't',
        blocks: [{ kind: 'line', line: [{ kind: 'text', text: 'pod\n# Approved by the boss\u202e' }] }],
        buttons: [],
      },
      reader,
    );

    expect(shown.paragraphs).toEqual(['pod # Approved by the boss']);
  });

  it('is left readable where there is nothing to fear', () => {
    expect(escapeMarkdown('prod/order-service-7d9f8-x2x4k (pid 1): 1.2 of 4.0 GiB, 80 MiB/s!')).toBe(
      'prod/order-service-7d9f8-x2x4k (pid 1): 1.2 of 4.0 GiB, 80 MiB/s!',
    );
  });
});

describe('a message in words', () => {
  it('has the request in its title, and what to type in the place of buttons', () => {
    const { title, text } = textOf(card());

    expect(title).toBe('申请 abcd1234 · ⏳ 堆转储 api');
    expect(text).toContain('#### 申请 abcd1234 · ⏳ 堆转储 api');
    expect(text).toContain('请发送给机器人： 同意 abcd1234 · 拒绝 abcd1234');
    expect(linksIn(text)).toEqual([]);
  });

  it('has links in a chat of two that send the words as whoever taps', () => {
    const { text } = textOf(card(), 'single');

    expect(linksIn(text)).toEqual([
      {
        label: '批准 [x]',
        url: `dtmd://dingtalkclient/sendMessage?content=${encodeURIComponent('同意 abcd1234')}`,
      },
      {
        label: '拒绝',
        url: `dtmd://dingtalkclient/sendMessage?content=${encodeURIComponent('拒绝 abcd1234')}`,
      },
    ]);
  });

  it('shows people by name and times in the zone of the organisation', () => {
    const { paragraphs } = renderMessage(card(), reader);

    expect(paragraphs.join('\n')).toContain('@张三');
    expect(paragraphs.join('\n')).toContain(timeText(Date.UTC(2026, 10, 24, 16, 30), reader));
    expect(timeText(Date.UTC(2026, 10, 24, 16, 30), reader)).toMatch(/11月25日.*00:30.*GMT\+8/);
    expect(timeText(Date.UTC(2026, 10, 24, 16, 30), { language: 'en', timeZone: 'UTC' })).toMatch(
      /Nov 24.*16:30.*GMT/,
    );
  });

  it('keeps a download link whole, whatever stands in its address', () => {
    const url = 'https://oss.example/a(1).hprof?x-oss-signature=a%2Fb&x=<y>';
    const { paragraphs } = renderMessage(
      { tone: 'good', title: 't', blocks: [{ kind: 'download', url, label: '下载](x' }], buttons: [] },
      reader,
    );

    expect(linksIn(paragraphs[0] ?? '')).toEqual([
      { label: '下载](x', url: 'https://oss.example/a%281%29.hprof?x-oss-signature=a%2Fb&x=%3cy%3e' },
    ]);
  });

  it.each(Object.entries(messages))('fits into what the robot may send: %s', (_name, message) => {
    const long = 'йcharacters\\*"'.repeat(3000);
    const { title, text } = textOf({
      ...message,
      title: long,
      blocks: [
        ...message.blocks,
        { kind: 'quote', text: long },
        { kind: 'line', line: [{ kind: 'text', text: long }] },
      ],
    });

    expect(Buffer.byteLength(JSON.stringify({ title, text }))).toBeLessThan(15_000);
  });

  it('says only what is new, where a message changes that cannot be edited', () => {
    const before = renderMessage(card(), reader);
    const said = marksOf(before, card().buttons);
    const approved: Message = {
      ...card(),
      blocks: [...card().blocks, { kind: 'note', line: [{ kind: 'text', text: '已由李四批准' }] }],
      buttons: [],
    };

    expect(newsSince(said, renderMessage(approved, reader), [])?.rendered.paragraphs).toEqual([
      '已由李四批准',
    ]);
    expect(newsSince(said, before, [])).toBeUndefined();
  });
});

describe('the variables of a card', () => {
  it('are strings alone, and say nothing of the request to the client of whoever presses', () => {
    const variables = cardVariables(card(), renderMessage(card(), reader));

    expect(Object.values(variables).every((value) => typeof value === 'string')).toBe(true);
    expect(variables.title).toBe('⏳ 堆转储 api');
    expect(variables.buttons).not.toContain('abcd1234');
    expect(JSON.parse(variables.buttons ?? '')).toMatchObject([
      { text: '批准 [x]', color: 'blue', event: { params: { actionId: 'approve' } } },
      { text: '拒绝', color: 'red', event: { params: { actionId: 'deny' } } },
    ]);
  });

  it('leave the progress alone where a message has none', () => {
    expect(cardVariables(card(), renderMessage(card(), reader))).not.toHaveProperty('progress');
    expect(cardVariables(progress({}), renderMessage(progress({}), reader)).progress).toContain('▶️ 传输');
  });
});

describe('how far a dump has come', () => {
  it('is shown on a card by step and by quarter, since each change counts against the quota of the month', () => {
    const stage = (fraction: number) => cardStage(progress({ fraction, note: `${fraction}` }), 'coarse');

    expect(new Set([0, 0.1, 0.2].map(stage)).size).toBe(1);
    expect(new Set([0.2, 0.3, 0.6, 0.8].map(stage)).size).toBe(4);
    expect(cardStage(progress({ fraction: 0.1 }), 'fine')).toBeUndefined();
  });

  it('is shown on a card when a step ends, and when the small print changes', () => {
    const before = cardStage(progress({}), 'coarse');
    const withNote = { ...progress({}), blocks: [...progress({}).blocks, note('第 2 次尝试')] };

    expect(cardStage(progress({ state: 'finished' }), 'coarse')).not.toBe(before);
    expect(cardStage(withNote, 'coarse')).not.toBe(before);
  });

  it('is said in words when it begins, at a milestone and at half of a step, and its end by the result alone', () => {
    const stages = [
      wordsStage(progress({ dumped: 'running' })),
      wordsStage(progress({ fraction: 0.1 })),
      wordsStage(progress({ fraction: 0.49 })),
      wordsStage(progress({ fraction: 0.5 })),
      wordsStage(progress({ fraction: 0.9 })),
      wordsStage({ ...progress({ state: 'finished' }), tone: 'good' }),
    ];

    expect(stages).toEqual(['0', '1', '1', '1h', '1h', undefined]);
  });
});

const note = (text: string) => ({ kind: 'note', line: [{ kind: 'text', text }] }) as const;

const card = (): Message => ({
  tone: 'waiting',
  title: '堆转储 api',
  blocks: [
    { kind: 'fields', fields: [{ label: '申请人', value: [{ kind: 'person', person: 'dingtalk:0135' }] }] },
    { kind: 'line', line: [{ kind: 'time', at: Date.UTC(2026, 10, 24, 16, 30) }] },
  ],
  buttons: [
    { action: 'approve', requestId: 'abcd1234', label: '批准 [x]', style: 'primary' },
    { action: 'deny', requestId: 'abcd1234', label: '拒绝', style: 'danger' },
  ],
});

const progress = (transfer: {
  readonly fraction?: number;
  readonly note?: string;
  readonly state?: 'running' | 'finished';
  readonly dumped?: 'running' | 'finished';
}): Message => {
  const { dumped = 'finished', state = 'running', ...rest } = transfer;
  return {
    tone: 'neutral',
    title: '正在转储 api',
    blocks: [
      {
        kind: 'checklist',
        items: [
          { state: dumped, label: '转储', milestone: true },
          dumped === 'running' ? { state: 'waiting', label: '传输' } : { state, label: '传输', ...rest },
        ],
      },
    ],
    buttons: [],
  };
};
