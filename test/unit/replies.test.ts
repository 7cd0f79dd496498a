import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/bot/command.ts';
import { approve, type DumpRequest, ended, MoveError, refused } from '../../src/bot/dump-request.ts';
import {
  helpReply,
  linkReply,
  listReply,
  moveReply,
  notice,
  policyReply,
  preflightReply,
  refusal,
  statusReply,
  unavailable,
  usageReply,
  wishReply,
} from '../../src/bot/messages/replies.ts';
import { en } from '../../src/bot/words/en.ts';
import { zhCn } from '../../src/bot/words/zh-cn.ts';
import {
  ALICE,
  aCompletion,
  aFailure,
  aPackedCompletion,
  BOB,
  NOW,
  pending,
  proposed,
  running,
} from './a-request.ts';
import { actionsOf, HOSTILE, placesOf, readAloud, textsOf } from './message-texts.ts';

const completed = (id: string): DumpRequest => ({
  ...running({ id }),
  ...ended(running({ id }), 1, aCompletion(), NOW),
});
const target = { cluster: 'cn-1', namespace: 'prod', pod: 'api-0' };

describe('the help', () => {
  it('shows lines that work when they are typed', () => {
    for (const words of [en]) {
      const lines = textsOf(helpReply(words, '/heapdump'))
        .filter(({ place }) => place === 'line/code')
        .map(({ text }) => text);

      expect(lines.length).toBeGreaterThan(3);
      for (const line of lines) {
        const typed = line
          .replace('/heapdump ', '')
          .replace(/ \[.*\]/, '')
          .replace(/\bid\b/, 'abcd1234');
        expect(parseCommand(typed), line).toMatchObject({ ok: true });
      }
    }
  });

  it('uses the command by its own name', () => {
    expect(readAloud(helpReply(zhCn, '/hd'))).not.toContain('/heapdump');
  });
});

describe('the answer to a mistake', () => {
  it('says what is wrong and shows a line that would work', () => {
    const message = usageReply(en, { ok: false, of: 'dump', problem: 'bad-pod', what: 'API_0' }, '/heapdump');

    expect(readAloud(message)).toContain('"API_0" cannot be the name of a pod');
    const example = textsOf(message).find(({ place }) => place === 'line/code')?.text ?? '';
    expect(parseCommand(example.replace('/heapdump ', '')).ok).toBe(true);
  });

  it.each([
    ['list a b', 'list prod'],
    ['list PROD', 'list prod'],
    ['status', 'list'],
    ['cancel abcdefgh now', 'list'],
    ['prod/api-0 --via pigeon', 'prod/order-service-7d9f8-x2x4k --via relay'],
    ['prod/api-0 --via', 'prod/order-service-7d9f8-x2x4k --via relay'],
    ['prod/api-0 --compress zip', 'prod/order-service-7d9f8-x2x4k --compress worker'],
    ['prod/api-0 --compress', 'prod/order-service-7d9f8-x2x4k --compress worker'],
    ['prod/api-0 --no-disk=yes', 'prod/order-service-7d9f8-x2x4k --no-disk'],
    ['prod/api-0 --no-disk --via direct', 'prod/order-service-7d9f8-x2x4k --no-disk'],
    ['prod/api-0 -c', 'prod/order-service-7d9f8-x2x4k'],
    ['prod/api-0 "', 'prod/order-service-7d9f8-x2x4k'],
  ])('shows for %j a line of what was meant: %s', (typed, line) => {
    const parsed = parseCommand(typed);
    if (parsed.ok) throw new Error('It was taken');
    const shown = textsOf(usageReply(en, parsed, '/hd')).find(({ place }) => place === 'line/code')?.text;

    expect(shown).toBe(`/hd ${line}`);
    expect(parseCommand(line).ok).toBe(true);
  });

  it('keeps what was typed a text', () => {
    const mistake = { ok: false, of: 'dump', problem: 'too-many-words', what: HOSTILE } as const;

    expect(placesOf(usageReply(en, mistake, '/heapdump'), HOSTILE)).toEqual(['line/text']);
  });
});

describe('a refusal by the rules', () => {
  it('says that no rule covers the pod, and that one can be added', () => {
    const verdict = { kind: 'deny', why: 'no-rule', rules: [], ask: [] } as const;
    const read = readAloud(policyReply(en, verdict, target));

    expect(read).toContain('No rule covers cn-1/prod/api-0');
    expect(read).toContain(en.replies.noRuleRemedy);
  });

  it('says whom to turn to where others may ask', () => {
    const verdict = {
      kind: 'deny',
      why: 'not-listed',
      rules: ['prod', 'all'],
      ask: ['slack:group:S0DEVS', BOB, 'everyone'],
    } as const;
    const message = policyReply(en, verdict, target);

    expect(readAloud(message)).toContain('prod, all covers');
    expect(placesOf(message, 'slack:group:S0DEVS')).toEqual(['line/group']);
    expect(placesOf(message, BOB)).toEqual(['line/person']);
    expect(placesOf(message, 'everyone')).toEqual(['line/text']);
  });

  it('of an option names the rule, the option, and whom to turn to, in both languages', () => {
    const rule = {
      name: 'production',
      clusters: ['*'],
      namespaces: ['prod'],
      pods: ['*'],
      request: ['everyone'],
      review: { by: ['slack:group:S0SRE'], approvals: 1, selfApproval: false, expireAfterMs: 1 },
      download: [],
      cancel: [],
      allow: { podCpu: false, noDisk: 'never' },
    } as const;
    for (const words of [en, zhCn]) {
      const message = wishReply(words, { kind: 'deny', rule, wish: '--no-disk' });

      expect(readAloud(message)).toContain(words.replies.notAllowed('production', '--no-disk'));
      expect(readAloud(message)).toContain(words.replies.notAllowedRemedy);
      expect(placesOf(message, 'slack:group:S0SRE')).toEqual(['line/group']);
      expect([message.tone, message.buttons.length]).toEqual(['bad', 0]);
    }
    const unreviewed = wishReply(en, { kind: 'deny', rule: { ...rule, review: 'none' }, wish: '--no-disk' });
    expect(readAloud(unreviewed)).not.toContain(en.replies.reviewersAre);
  });

  it('is bad news with nothing to click', () => {
    for (const message of [refusal(en, en.replies.notYours), unavailable(en)])
      expect([message.tone, message.buttons.length]).toEqual(['bad', 0]);
    expect(notice('a', 'b').tone).toBe('neutral');
  });
});

describe('the answer to a pod that cannot be dumped', () => {
  it('says why, that nothing was touched, and keeps what the pod said a quote', () => {
    const failure = aFailure({ code: 'no-jvm', detail: HOSTILE, retry: 'new-approval', step: 'find-pod' });
    const message = preflightReply(en, refused(proposed(), failure, NOW), failure);

    expect(readAloud(message)).toContain(en.failures['no-jvm'].what);
    expect(readAloud(message)).toContain(en.result.notPaused);
    expect(placesOf(message, HOSTILE)).toEqual(['quote']);
    expect(actionsOf(message)).toEqual(['retry']);
  });

  it('offers no retry where none would help', () => {
    const failure = aFailure({ retry: 'none' });

    expect(actionsOf(preflightReply(en, refused(proposed(), failure, NOW), failure))).toEqual([]);
  });
});

describe('the answer to a click that comes too late', () => {
  it('says where the request stands, in the reader’s words', () => {
    const done = completed('abcd1234');

    for (const [words, state] of [
      [en, 'completed'],
      [zhCn, '已完成'],
    ] as const) {
      const error = (() => {
        try {
          return approve(done, BOB, NOW);
        } catch (thrown) {
          return thrown;
        }
      })();
      if (!(error instanceof MoveError)) throw new Error('The move was made');

      expect(readAloud(moveReply(words, error))).toContain('abcd1234');
      expect(readAloud(moveReply(words, error))).toContain(state);
    }
  });
});

describe('the status of a request', () => {
  it('says what it is about, who asked, where it stands and since when', () => {
    const message = statusReply(en, pending());

    expect(readAloud(message)).toContain('waiting for review');
    expect(placesOf(message, ALICE)).toEqual(['field/person']);
    expect(placesOf(message, String(NOW + 1000))).toEqual(['field/time']);
    expect(actionsOf(message)).toEqual([]);
  });

  it('has the size and a button for a link once there is a dump, and never a link', () => {
    const message = statusReply(en, completed('abcd1234'));

    expect(readAloud(message)).toContain('2.90 GB');
    expect(actionsOf(message)).toEqual(['new-link']);
    expect(message.blocks.some(({ kind }) => kind === 'download')).toBe(false);
  });

  it('says which way the dump took, and where it is compressed both sizes', () => {
    const packed = statusReply(en, ended(running(), 1, aPackedCompletion(), NOW) ?? running());

    expect(readAloud(packed)).toContain('612 MB as .hprof.gz, 2.40 GB unpacked');
    expect(readAloud(packed)).toContain(en.result.ways.both);
    expect(readAloud(statusReply(en, completed('abcd1234')))).toContain(en.result.ways.relay);
    expect(readAloud(statusReply(en, running()))).not.toContain(en.card.transfer);
  });

  it('says why it failed', () => {
    const message = statusReply(en, ended(running(), 1, aFailure(), NOW) ?? running());

    expect(readAloud(message)).toContain(en.failures['exec-broken'].what);
  });
});

describe('the list', () => {
  it('says so when it is empty', () => {
    expect(readAloud(listReply(en, []))).toContain(en.replies.listEmpty);
  });

  it('says that there are more, with a line that shows fewer', () => {
    const message = listReply(en, [pending()], '/heapdump list prod');

    expect(readAloud(message)).toContain(
      'There are older ones. Name a namespace to see fewer: /heapdump list prod',
    );
    expect(readAloud(listReply(en, [pending()]))).not.toContain('older ones');
  });

  it('offers no link to what is not in the bucket any more, and says so', () => {
    const message = listReply(en, [{ ...completed('abcd1234'), goneAt: NOW }]);

    expect(readAloud(message)).toContain('not in the bucket any more');
    expect(message.buttons).toEqual([]);
  });

  it('has a line for each request, and a button for each dump, as far as there is room', () => {
    const requests = [
      pending({ id: 'aaaa0000' }),
      ...Array.from({ length: 8 }, (_, at) => completed(`bbbb000${at}`)),
    ];
    const message = listReply(en, requests);

    for (const { id } of requests) expect(readAloud(message)).toContain(id);
    expect(message.buttons.map(({ requestId }) => requestId)).toEqual(
      [0, 1, 2, 3, 4].map((at) => `bbbb000${at}`),
    );
    expect(new Set(message.buttons.map(({ label }) => label)).size).toBe(5);
    expect(readAloud(message)).toContain(' completed, 2.90 GB, ');
  });

  it('does not repeat reasons, which the reader of a list may not be meant to see', () => {
    expect(readAloud(listReply(en, [pending({ reason: HOSTILE })]))).not.toContain(HOSTILE);
  });
});

describe('a link for one person', () => {
  it('is a download with its end, and has nothing to click beside', () => {
    const link = { url: 'https://dumps.example/x?signature=s3cret', expiresAt: NOW + 60_000 };
    const message = linkReply(en, completed('abcd1234'), link);

    expect(placesOf(message, 's3cret')).toEqual(['download url']);
    expect(placesOf(message, String(NOW + 60_000))).toEqual(['line/time']);
    expect(actionsOf(message)).toEqual([]);
    expect(readAloud(message)).not.toContain('unpack');
  });

  it('says that a compressed dump needs no unpacking', () => {
    const link = { url: 'https://dumps.example/x', expiresAt: NOW };
    const packed = ended(running(), 1, aPackedCompletion(), NOW) ?? running();

    expect(readAloud(linkReply(en, packed, link))).toContain('no need to unpack');
  });
});
