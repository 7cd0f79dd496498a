import { describe, expect, it } from 'vitest';
import { cancel, type DumpRequest, deny, ended, expire } from '../../src/bot/dump-request.ts';
import { resultMessage } from '../../src/bot/messages/result-message.ts';
import { en } from '../../src/bot/words/en.ts';
import { zhCn } from '../../src/bot/words/zh-cn.ts';
import { type DumpOutcome, FAILURE_CODES } from '../../src/worker/dump-job.ts';
import {
  ALICE,
  aCompletion,
  aFailure,
  aPackedCompletion,
  approved,
  BOB,
  NOW,
  pending,
  proposed,
  queued,
  running,
} from './a-request.ts';
import { actionsOf, HOSTILE, placesOf, readAloud } from './message-texts.ts';

const link = { url: 'https://dumps.example/x.hprof?signature=s3cret', expiresAt: NOW + 86_400_000 };

const endedWith = (outcome: DumpOutcome): DumpRequest => {
  const request = ended(running(), 1, outcome, NOW);
  if (request === undefined) throw new Error('A running request could not end');
  return request;
};
const resultOf = (request: DumpRequest | undefined, words = en, withLink?: typeof link) => {
  const message = request === undefined ? undefined : resultMessage(request, words, withLink);
  if (message === undefined) throw new Error('No result');
  return message;
};

describe('the result of a request', () => {
  it('is not told before there is one', () => {
    for (const request of [proposed(), pending(), approved(), queued(), running()])
      expect(resultMessage(request, en, link)).toBeUndefined();
  });

  it.each<[string, DumpRequest | undefined]>([
    ['completed', endedWith(aCompletion())],
    ['failed', endedWith(aFailure())],
    ['cancelled', cancel(pending(), ALICE, NOW)],
    ['denied', deny(pending(), BOB, undefined, NOW)],
    ['expired', expire(pending(), NOW + 9e9)],
  ])('names the requester, the request and the pod when it is %s', (_state, request) => {
    const message = resultOf(request);

    expect(placesOf(message, ALICE)).toEqual(['line/person']);
    expect(readAloud(message)).toContain('Request abcd1234');
    expect(message.title).toContain('order-service-7d9f8-x2x4k');
  });
});

describe('a completed dump', () => {
  it('comes with a link, its end, and what is needed to check the file', () => {
    const message = resultOf(endedWith(aCompletion()), en, link);

    expect(message.tone).toBe('good');
    expect(placesOf(message, 's3cret')).toEqual(['download url']);
    expect(placesOf(message, String(link.expiresAt))).toEqual(['field/time']);
    expect(placesOf(message, 'a'.repeat(64))).toEqual(['field/code']);
    expect(readAloud(message)).toContain('2.90 GB');
    expect(readAloud(message)).toContain('4.2 s');
    expect(actionsOf(message)).toEqual(['new-link']);
  });

  it('without a link in the thread: it says how to get one, and shows none', () => {
    const message = resultOf(endedWith(aCompletion()));

    expect(message.blocks.some(({ kind }) => kind === 'download')).toBe(false);
    expect(readAloud(message)).toContain(en.result.linkPrivate);
    expect(readAloud(message)).not.toContain(en.result.linkEnds);
    expect(actionsOf(message)).toEqual(['new-link']);
  });

  it('that is stored compressed: says both sizes and both checksums, and that MAT needs no unpacking', () => {
    const message = resultOf(endedWith(aPackedCompletion()));

    expect(readAloud(message)).toContain(
      '612 MB as .hprof.gz, 2.40 GB unpacked; MAT opens it as it is: no need to unpack',
    );
    // sha256sum of what was downloaded gives the first.
    expect(readAloud(message)).toContain(
      `SHA-256 | ${'a'.repeat(64)} | SHA-256, unpacked | ${'b'.repeat(64)}`,
    );
  });

  it('that is stored as it is: has one checksum and says nothing of packing', () => {
    const read = readAloud(resultOf(endedWith(aCompletion())));

    expect(read.split('a'.repeat(64))).toHaveLength(2);
    expect(read).not.toContain(en.result.dumpSha256);
    expect(read).not.toContain('unpack');
  });

  it('does not tell the thread which way it took', () => {
    for (const via of ['direct', 'relay', 'both'] as const)
      expect(readAloud(resultOf(endedWith(aPackedCompletion({ via }))))).not.toContain(en.result.ways[via]);
  });

  it('says what was proved, and no more than that', () => {
    const message = resultOf(endedWith(aCompletion({ proofs: ['hprof-walk', 'pod-checksum', 'read-back'] })));

    expect(readAloud(message)).toContain(en.result.proofs['hprof-walk']);
    expect(readAloud(message)).toContain('the pod’s own checksum of every part, read back from the store');
    expect(readAloud(message)).not.toContain(en.result.proofs.crc64);
  });

  it('says what could not be removed from the container', () => {
    const left = ['/tmp/.heapdump-abcd1234', '/tmp/.attach_pid7'];

    const said = readAloud(resultOf(endedWith(aCompletion({ left }))));
    expect(said).toContain('These could not be removed from the container:');
    // With a space between them: two paths in a row would read as one.
    expect(said).toContain(left.join(' |   | '));
    expect(placesOf(resultOf(endedWith(aCompletion({ left }))), '.attach_pid7')).toEqual(['line/code']);
  });

  it('does not make up a pause that nobody measured', () => {
    const { pauseMs: _unknown, ...unmeasured } = aCompletion();

    expect(readAloud(resultOf(endedWith(unmeasured)))).not.toContain(en.result.pause);
  });
});

describe('a failed dump', () => {
  it.each(FAILURE_CODES)('says what happened and what to do, in both languages: %s', (code) => {
    for (const words of [en, zhCn]) {
      const read = readAloud(resultOf(endedWith(aFailure({ code })), words));

      expect(read).toContain(words.failures[code].what);
      for (const part of words.failures[code].remedy.split('`')) expect(read).toContain(part);
      expect(read).not.toContain('undefined');
    }
  });

  it('sets what is to be typed apart', () => {
    const { blocks } = resultOf(endedWith(aFailure({ code: 'no-jdk-tools' })), zhCn);

    expect(blocks).toContainEqual({
      kind: 'line',
      line: [
        { kind: 'text', text: '请使用 JDK 镜像，或在镜像里安装小巧的 ' },
        { kind: 'code', text: 'jattach' },
        { kind: 'text', text: ' 包（Debian、Alpine 都有）。' },
      ],
    });
  });

  it('says at which step, and keeps a hostile detail a quote', () => {
    const message = resultOf(endedWith(aFailure({ detail: HOSTILE, step: 'transfer' })));

    expect(readAloud(message)).toContain(`At: ${en.steps.transfer}`);
    expect(placesOf(message, HOSTILE)).toEqual(['quote']);
  });

  it('has no empty quote where there is nothing to add', () => {
    const message = resultOf(endedWith(aFailure({ detail: '' })));

    expect(message.blocks.some(({ kind }) => kind === 'quote')).toBe(false);
  });

  it.each([
    ['resume', ['retry'], en.result.retryHints.resume],
    ['new-approval', ['retry'], en.result.retryHints['new-approval']],
    ['none', [], undefined],
  ] as const)('offers a retry where one is of use, and says what it would do: %s', (retry, actions, hint) => {
    const message = resultOf(endedWith(aFailure({ retry, left: ['/tmp/x'] })));

    expect(actionsOf(message)).toEqual(actions);
    if (hint !== undefined) expect(readAloud(message)).toContain(hint);
    expect(readAloud(message)).toContain('/tmp/x');
  });
});

describe('a request that came to nothing', () => {
  it('says that the application was not touched, where that is so', () => {
    for (const request of [
      cancel(pending(), ALICE, NOW),
      deny(pending(), BOB, undefined, NOW),
      expire(pending(), NOW + 9e9),
    ])
      expect(readAloud(resultOf(request))).toContain(en.result.notPaused);
  });

  it('does not say so when it was cancelled while a job of it was at work', () => {
    const outcome: DumpOutcome = { outcome: 'cancelled', version: 1, step: 'transfer', left: ['/tmp/x'] };
    const read = readAloud(resultOf(endedWith(outcome)));

    expect(read).not.toContain(en.result.notPaused);
    expect(read).toContain('/tmp/x');
  });

  it('says who denied it and why; the reason stays a quote', () => {
    const message = resultOf(deny(pending(), BOB, HOSTILE, NOW));

    expect(placesOf(message, HOSTILE)).toEqual(['quote']);
    expect(placesOf(message, BOB)).toEqual(['line/person']);
  });

  it('leaves nothing to click', () => {
    expect(actionsOf(resultOf(deny(pending(), BOB, undefined, NOW)))).toEqual([]);
  });
});
