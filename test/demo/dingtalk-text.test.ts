/** What people read: DingTalk's markdown as text. */
import { describe, expect, it } from 'vitest';
import { markdownToText } from '../../src/demo/dingtalk/dingtalk.ts';
import { linksIn } from '../../src/demo/dingtalk/markdown.ts';
import { ANSI } from '../../src/demo/slack/paint.ts';

describe('DingTalk’s markdown as people read it', () => {
  it.each([
    ['breaks lines at two spaces and between paragraphs alone', 'a\nb  \nc\n\nd', 'a b\nc\n\nd'],
    [
      'shows headings, quotes and lists on lines of their own',
      '# t\ntext\n> q\n- x\n1. y',
      't\ntext\n│ q\n• x\n1. y',
    ],
    ['shows the address of a link', '[page](https://example.com/a?b=c)', 'page (https://example.com/a?b=c)'],
    [
      'shows what a link would send',
      '[同意](dtmd://dingtalkclient/sendMessage?content=%E5%90%8C%E6%84%8F%20ABC)',
      '[同意] → “同意 ABC”',
    ],
    ['takes styles away', '**a** *b* __c__ _d_ ~~e~~ <font color="#f00">f</font>', 'a b c d e f'],
    ['leaves underscores within words', 'heap_dump_tool __x', 'heap_dump_tool __x'],
    ['undoes escapes', String.raw`\*a\* \[b\](c) \<d\> \_e\_ \\`, '*a* [b](c) <d> _e_ \\'],
    ['takes HTML for HTML and entities for characters', '<b>x</b> &lt;y&gt; &amp;', 'x <y> &'],
    ['shows code as it is', '`a * b * c` ``x`y``', '`a * b * c` `x`y`'],
    ['hides what has no width', '@\u2060all', '@all'],
    ['names images', '![chart](@media)', '[image: chart]'],
    ['shows a link whose words are styled', '[**a**](https://example.com)', 'a (https://example.com)'],
  ])('%s', (_what, markdown, text) => {
    expect(markdownToText(markdown)).toBe(text);
  });

  it('makes links of bare addresses as well, unless they are broken up', () => {
    expect(
      linksIn('**see https://example.com/x** and https:\u2060//example.com and [x](https://b.example)'),
    ).toEqual([
      { label: 'https://example.com/x', url: 'https://example.com/x' },
      { label: 'x', url: 'https://b.example' },
    ]);
    expect(linksIn('`https://example.com` \\[x](https://example.com)')).toEqual([
      { label: 'https://example.com', url: 'https://example.com' },
    ]);
  });

  it('is painted for terminals', () => {
    expect(markdownToText('## **t**\n`c` **b**', ANSI)).toContain(ANSI.bold('b'));
    expect(markdownToText('`c`', ANSI)).toBe(ANSI.code('c'));
  });
});
