import { describe, expect, it } from 'vitest';
import type { HomePage } from '../../src/bot/chat/home-page.ts';
import type { Message } from '../../src/bot/chat/message.ts';
import { homeView } from '../../src/bot/chat/slack/home-view.ts';
import { ended } from '../../src/bot/dump-request.ts';
import { homePage, outsiderPage } from '../../src/bot/messages/home-page.ts';
import { en } from '../../src/bot/words/en.ts';
import { zhCn } from '../../src/bot/words/zh-cn.ts';
import { isObject, objectsIn } from '../../src/demo/slack/block.ts';
import { checkBlocks } from '../../src/demo/slack/check-blocks.ts';
import { aCompletion, aPreflight, BOB, CAROL, NOW, pending, running, USUAL } from '../unit/a-request.ts';
import { HOSTILE, readAloud } from '../unit/message-texts.ts';

const OPTIONS = { command: '/heapdump', usual: USUAL };
const done = (id: string) => ended(running({ id }), 1, aCompletion(), NOW + 60_000) ?? running({ id });
const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `abcd${String(at).padStart(4, '0')}`);
const full = (reviews: number, dumps: number): HomePage =>
  homePage(
    {
      forReview: ids(reviews).map((id) =>
        pending(
          { id, reason: HOSTILE.repeat(8), approvalsNeeded: 2 },
          {
            noDisk: true,
            memoryLimitBytes: 100,
            memoryUsedBytes: 99,
            otherJvms: Array(9).fill({ ...aPreflight().jvm, mainClass: 'x'.repeat(300) }),
          },
        ),
      ),
      dumps: ids(dumps).map((id) => ({ request: done(id), mayDownload: true })),
      older: 'abcd0001',
      isOlderPage: false,
    },
    en,
    OPTIONS,
  );

const buttonsOf = (page: HomePage) =>
  [...objectsIn(homeView(page).blocks)]
    .filter(({ type }) => type === 'button')
    .map((button) => button.action_id);

describe('a home page', () => {
  it('of the fullest kind is within all of Slack’s limits, with room for the last dump', () => {
    const { blocks } = homeView(full(9, 12));

    expect(checkBlocks(blocks, 'home')).toEqual([]);
    expect(blocks.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(blocks)).toContain('abcd0011');
    expect(JSON.stringify(blocks)).toContain('5 more wait');
  });

  it('of more than Slack takes is cut at whole entries, and says how many are left out', () => {
    const entry: Message = { tone: 'good', title: 'entry', blocks: [], buttons: [] };
    const page: HomePage = {
      title: 'Page',
      sections: [
        { title: 'First', entries: Array(80).fill(entry) },
        { title: 'Second', entries: Array(80).fill(entry), note: 'the note' },
      ],
      older: { label: 'Older', behind: 'x' },
    };
    const { blocks } = homeView(page);
    const text = JSON.stringify(blocks);

    expect(checkBlocks(blocks, 'home')).toEqual([]);
    expect(blocks.length).toBeLessThanOrEqual(100);
    expect(text).toMatch(/… \+\d+/);
    expect(text).toContain('Second');
    expect(blocks.at(-1)).toMatchObject({ type: 'actions' });
  });

  it('shows for review the very card, without the button to take it back', () => {
    const page = full(1, 0);

    expect(readAloud(page.sections[0]?.entries[0] ?? ({} as Message))).toContain(
      'stands still until the last byte',
    );
    expect(buttonsOf(page)).toEqual(['approve', 'deny', 'home-older']);
  });

  it('names of a dump its size, who asked and who approved', () => {
    const twice = {
      ...done('abcd1234'),
      approvals: [
        { by: BOB, at: NOW },
        { by: CAROL, at: NOW },
      ],
    } as const;
    const page = homePage(
      {
        forReview: [],
        dumps: [{ request: { ...twice, approvals: [...twice.approvals] }, mayDownload: false }],
        older: undefined,
        isOlderPage: false,
      },
      en,
      OPTIONS,
    );
    const [entry] = page.sections[0]?.entries ?? [];
    const read = entry === undefined ? '' : readAloud(entry).replaceAll(/\s*\|\s*/g, ' ');

    expect(read).toContain('prod/order-service-7d9f8-x2x4k');
    expect(read).toContain(
      'completed · 2.90 GB · asked by slack:U0ALICE · approved by slack:U0BOB , slack:U0CAROL',
    );
    expect(entry?.buttons).toEqual([]);
  });

  it('says of what is gone, or unsigned, that it is so', () => {
    const request = { ...done('abcd1234'), goneAt: NOW, restored: { at: NOW, signed: false } };
    const page = homePage(
      { forReview: [], dumps: [{ request, mayDownload: true }], older: undefined, isOlderPage: true },
      zhCn,
      OPTIONS,
    );
    const [entry] = page.sections[0]?.entries ?? [];

    expect(entry === undefined ? '' : readAloud(entry)).toContain('存储桶中已不存在、恢复所得，未签名');
    expect(entry?.buttons).toEqual([]);
    expect(buttonsOf(page)).toEqual(['home-newest']);
  });

  it('shows a guest nothing but that', () => {
    const { blocks } = homeView(outsiderPage(en));

    expect(blocks.map(({ type }) => type)).toEqual(['header', 'context']);
    expect(JSON.stringify(blocks)).toContain(en.replies.outsider);
  });

  it('keeps what people wrote a text', () => {
    const { blocks } = homeView(full(1, 1));
    const markup = [...objectsIn(blocks)].filter((part) => isObject(part) && part.type === 'mrkdwn');

    expect(markup.length).toBeGreaterThan(0);
    for (const { text } of markup) expect(String(text)).toMatch(/^<(@U\w+|!date\^[^<>]*)>$/);
  });
});
