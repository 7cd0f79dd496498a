import { describe, expect, it } from 'vitest';
import {
  approve,
  cancel,
  type DumpRequest,
  deny,
  ended,
  expire,
  refused,
} from '../../src/bot/dump-request.ts';
import { requestCard } from '../../src/bot/messages/request-card.ts';
import { en } from '../../src/bot/words/en.ts';
import { zhCn } from '../../src/bot/words/zh-cn.ts';
import {
  ALICE,
  aCompletion,
  aFailure,
  approved,
  BOB,
  CAROL,
  NOW,
  pending,
  proposed,
  queued,
  running,
  transfer,
  USUAL,
} from './a-request.ts';
import { actionsOf, HOSTILE, placesOf, readAloud } from './message-texts.ts';

const SRE = 'slack:group:S0SRE';
const cardOf = (request: DumpRequest | undefined, words = en) => {
  if (request === undefined) throw new Error('No such move');
  return requestCard(request, words, [SRE, BOB], USUAL);
};

describe('the card of a request', () => {
  it('tells the reviewer who asks, for what, why, and what it will cost', () => {
    const read = readAloud(cardOf(pending()));

    for (const fact of [
      ALICE,
      'prod-1/prod/order-service-7d9f8-x2x4k',
      'app',
      'com.example.Orders',
      'pid 7',
      'memory grows since noon',
      '1.50 GB of 4.00 GB',
      'about 1.0 s to 12 s',
      'up to 6.32 GB of 20.0 GB free in /tmp',
      en.card.warning(),
      'Request abcd1234',
    ])
      expect(read).toContain(fact);
  });

  it('names the reviewers as mentions, and the time when it ends', () => {
    const card = cardOf(pending());

    expect(placesOf(card, SRE)).toEqual(['line/group']);
    expect(placesOf(card, BOB)).toEqual(['line/person']);
    expect(placesOf(card, String(NOW + 30 * 60_000))).toEqual(['line/time']);
  });

  it('says so where no reason was given, and where sizes are unknown', () => {
    const unknown = {
      heapUsedBytes: undefined,
      heapMaxBytes: undefined,
      predictedPeakDiskBytes: undefined,
      predictedPauseMs: undefined,
    };
    const read = readAloud(cardOf(pending({ reason: undefined }, unknown as never)));

    expect(read).toContain(en.card.noReason);
    expect(read).toContain(en.card.pauseUnknown);
    expect(read).toContain('size unknown of 20.0 GB free in /tmp');
    expect(read).not.toContain(en.card.heap);
    expect(read).not.toMatch(/NaN|undefined/);
  });

  it('warns where memory is tight and where other JVMs run beside it', () => {
    const other = { pid: 9, startTime: 1, mainClass: 'Other', uid: 0 };
    const tight = { memoryLimitBytes: 1_000_000_000, memoryUsedBytes: 950_000_000 };

    expect(readAloud(cardOf(pending({}, tight)))).toContain('uses 950 MB of its 1.00 GB');
    expect(readAloud(cardOf(pending({}, { ...tight, memoryUsedBytes: 800_000_000 })))).not.toContain(
      'of its',
    );
    expect(readAloud(cardOf(pending({}, { otherJvms: [other] })))).toContain('1 more Java process runs');
    expect(readAloud(cardOf(pending({}, { otherJvms: [other, other] })))).toContain('pid 7');
  });

  it('asks before an approval is sent that pauses the application', () => {
    const [approveButton] = cardOf(pending()).buttons;

    expect(approveButton?.confirm?.text).toContain('order-service-7d9f8-x2x4k');
  });

  it('counts approvals where more than one is needed, and names who gave them', () => {
    const card = cardOf(approve(pending({ approvalsNeeded: 2 }), BOB, NOW + 77));

    expect(readAloud(card)).toContain('1 of 2 approvals');
    expect(placesOf(card, String(NOW + 77))).toEqual(['line/time']);
    expect(actionsOf(card)).toEqual(['approve', 'deny', 'cancel']);
  });
});

describe('the card of a dump without disk', () => {
  const piped = (more = {}) =>
    pending({ transfer: transfer({ noDisk: 'always' }) }, { noDisk: true, predictedSizeBytes: 6e9, ...more });

  it('says what it costs: a pause as long as the transfer, and a dump that a broken connection loses', () => {
    for (const words of [en, zhCn]) {
      const read = readAloud(cardOf(piped(), words));

      expect(read).toContain(words.card.noDiskWarning);
      expect(read).toContain(words.card.warning());
      // 6 GB at 150 MB/s and at 40 MB/s.
      expect(read).toContain(words.card.noDiskPause(words.duration(40_000), words.duration(150_000)));
      expect(read).toContain(words.card.noDisk);
      expect(read).not.toContain('/tmp');
    }
  });

  it('makes up no time where the size is unknown', () => {
    const read = readAloud(cardOf(piped({ predictedSizeBytes: undefined })));

    expect(read).toContain(en.card.noDiskPauseUnknown);
    expect(read).not.toMatch(/NaN|undefined/);
  });

  it('says it once more before the approval is sent', () => {
    const [button] = cardOf(piped()).buttons;

    expect(button?.confirm?.text).toBe(en.card.confirmNoDisk('order-service-7d9f8-x2x4k'));
  });

  it('is the card of any other dump where a disk has room after all', () => {
    const request = pending({ transfer: transfer({ noDisk: 'if-needed' }) });

    expect(cardOf(request)).toEqual(cardOf(pending()));
  });
});

describe('the way out that was asked for', () => {
  it('is on the card where it is not the usual one', () => {
    const asked = pending({ transfer: transfer({ via: 'relay', compress: 'none' }) });

    expect(readAloud(cardOf(asked))).toContain(`Transfer | ${en.card.via.relay}, ${en.card.compress.none}`);
    expect(readAloud(cardOf(pending()))).not.toContain('Transfer');
    expect(readAloud(requestCard(asked, en, [], { via: 'relay', compress: 'none' }))).not.toContain(
      'Transfer',
    );
  });

  it('names none but the pipe for a dump without disk', () => {
    const terms = transfer({ via: 'direct', compress: 'pod', noDisk: 'if-needed', podCpu: true });
    const read = readAloud(cardOf(pending({ transfer: terms }, { noDisk: true })));

    expect(read).not.toContain(en.card.via.direct);
    expect(read).not.toContain(en.card.compress.pod);
  });
});

describe('the buttons of a card', () => {
  const asked = cancel(running(), ALICE, NOW);
  it.each<[string, DumpRequest | undefined, string[], string]>([
    ['waits for a decision', pending(), ['approve', 'deny', 'cancel'], 'waiting'],
    ['is approved', approved(), ['cancel'], 'neutral'],
    ['is queued', queued(), ['cancel'], 'neutral'],
    ['is running', running(), ['cancel'], 'neutral'],
    ['is asked to end', asked, [], 'neutral'],
    ['is completed', ended(running(), 1, aCompletion(), NOW), [], 'good'],
    ['has failed', ended(running(), 1, aFailure(), NOW), [], 'bad'],
    ['is denied', deny(pending(), BOB, undefined, NOW), [], 'bad'],
    ['has expired', expire(pending(), NOW + 9e9), [], 'bad'],
    ['is cancelled', cancel(pending(), ALICE, NOW), [], 'bad'],
    ['needed no review', pending({ approvalsNeeded: 0 }), ['cancel'], 'neutral'],
  ])('fit a request that %s: a decision takes its own buttons away', (_what, request, actions, tone) => {
    const card = cardOf(request);

    expect(actionsOf(card)).toEqual(actions);
    expect(card.tone).toBe(tone);
    expect(card.buttons.every(({ requestId }) => requestId === 'abcd1234')).toBe(true);
  });
});

describe('a decided card', () => {
  it('says who decided, and when', () => {
    expect(readAloud(cardOf(approved()))).toContain(`Approved by  | ${BOB}`);
    expect(readAloud(cardOf(deny(pending(), CAROL, 'at noon', NOW)))).toContain(`Denied by  | ${CAROL}`);
    expect(readAloud(cardOf(cancel(pending(), ALICE, NOW)))).toContain(`Cancelled by  | ${ALICE}`);
    expect(readAloud(cardOf(cancel(running(), ALICE, NOW)))).toContain(`Cancel asked for by  | ${ALICE}`);
    expect(readAloud(cardOf(expire(pending(), NOW + 9e9)))).toContain(en.card.expiredUndecided);
    expect(readAloud(cardOf(pending({ approvalsNeeded: 0 })))).toContain(en.card.noReviewNeeded);
  });

  it('no longer says that it waits for a reviewer', () => {
    for (const request of [
      approved(),
      running(),
      deny(pending(), BOB, undefined, NOW),
      cancel(pending(), ALICE, NOW),
      refused(proposed(), aFailure(), NOW),
    ])
      expect(readAloud(cardOf(request))).not.toContain(en.card.waitsFor);
  });
});

describe('what people and pods wrote', () => {
  it('stays text: a hostile reason is a quote and nothing else, in both languages', () => {
    for (const words of [en, zhCn]) {
      const card = cardOf(deny(pending({ reason: HOSTILE }), BOB, `no ${HOSTILE}`, NOW), words);

      expect(placesOf(card, HOSTILE)).toEqual(['quote']);
      expect(placesOf(card, `no ${HOSTILE}`)).toEqual(['quote']);
    }
  });

  it('stays text: a main class and a directory with markup in them', () => {
    const jvm = { pid: 7, startTime: 1, mainClass: HOSTILE, uid: 0 };

    expect(placesOf(cardOf(pending({}, { jvm })), HOSTILE)).toEqual(['field/code']);
    expect(placesOf(cardOf(pending({}, { dumpDir: HOSTILE })), HOSTILE)).toEqual(['field/text']);
  });
});
