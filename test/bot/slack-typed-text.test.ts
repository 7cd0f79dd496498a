import { describe, expect, it } from 'vitest';
import { afterMention, typedText } from '../../src/bot/chat/slack/typed-text.ts';

describe('what Slack made of a command becomes what the person typed', () => {
  it.each([
    ['prod/api --reason "a &lt; b &amp;&amp; c"', 'prod/api --reason "a < b && c"'],
    ['&amp;lt; stays as typed', '&lt; stays as typed'],
    ['prod/<http://api.example.com|api.example.com>', 'prod/api.example.com'],
    ['<http://10.0.0.1:8080/x?a=1&amp;b=2>', 'http://10.0.0.1:8080/x?a=1&b=2'],
    ['<mailto:ann@example.com|ann@example.com> <mailto:bob@example.com>', 'ann@example.com bob@example.com'],
    ['for <@U012ABC|ann> in <#C012ABC|ops>', 'for @ann in #ops'],
    ['for <@U012ABC> in <#C012ABC|>', 'for @U012ABC in #C012ABC'],
    ['<!here> and <!subteam^S012ABC|@sre>', '@here and @sre'],
    ['prod/api --reason “it leaks”', 'prod/api --reason "it leaks"'],
    ['‘a’ prod/api', "'a' prod/api"],
    ['prod/api\u00a0\u00a0list\u200b ', 'prod/api  list'],
    ['prod/api —reason leak', 'prod/api --reason leak'],
    ['prod/api-7f9c 5 – 6', 'prod/api-7f9c 5 – 6'],
    ['   ', ''],
  ])('%s', (slacks, typed) => {
    expect(typedText(slacks)).toBe(typed);
  });

  it.each([
    ['<@U0BOT> prod/api', ' prod/api'],
    ['<@U0BOT|heapdump> list', ' list'],
    ['hey <@U0BOT> list for <@U0BOT>', ' list for <@U0BOT>'],
    ['no mention', 'no mention'],
  ])('after the mention: %s', (text, rest) => {
    expect(afterMention(text, 'U0BOT')).toBe(rest);
  });
});
