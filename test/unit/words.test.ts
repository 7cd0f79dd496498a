import { describe, expect, it } from 'vitest';
import { REQUEST_STATES } from '../../src/bot/dump-request.ts';
import { en } from '../../src/bot/words/en.ts';
import { zhCn } from '../../src/bot/words/zh-cn.ts';
import { FAILURE_CODES, STEPS } from '../../src/worker/dump-job.ts';

const LANGUAGES = [
  ['en', en],
  ['zh-CN', zhCn],
] as const;
/** Numbers with units take numbers; units.test.ts looks at them. */
const NUMBERS = new Set(['bytes', 'duration']);
/** 'none' offers nothing, so nothing is said of it. */
const SAYS_NOTHING = new Set(['result.retryHints.none']);

type Sentence = readonly [path: string, said: string, argumentsSaid: string];

/** Each sentence by its path; those with arguments are said with ⟨0⟩, ⟨1⟩, … in their places. */
function sentencesOf(words: object, path: readonly string[] = []): Sentence[] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]): Sentence[] => {
    const here = [...path, key];
    if (path.length === 0 && NUMBERS.has(key)) return [];
    if (typeof value === 'string') return [[here.join('.'), value, '']];
    if (typeof value === 'function') {
      const said: unknown = value('⟨0⟩', '⟨1⟩', '⟨2⟩', '⟨3⟩');
      const text = Array.isArray(said) ? said.flat().join(' ') : String(said);
      return [[here.join('.'), text, [...new Set(text.match(/⟨\d⟩/g) ?? [])].sort().join('')]];
    }
    return typeof value === 'object' && value !== null ? sentencesOf(value, here) : [];
  });
}

describe('the two languages', () => {
  it('have the same keys, all the way down', () => {
    const paths = (words: object) => sentencesOf(words).map(([path]) => path);

    expect(paths(zhCn).sort()).toEqual(paths(en).sort());
    expect(paths(en).length).toBeGreaterThan(200);
  });

  it('say the same facts: a name or a number that one has, the other has too', () => {
    const facts = (words: object) =>
      Object.fromEntries(sentencesOf(words).map(([path, , said]) => [path, said]));

    expect(facts(zhCn)).toEqual(facts(en));
  });

  it.each(LANGUAGES)('%s leaves no sentence empty or with a hole in it', (_name, words) => {
    for (const [path, said] of sentencesOf(words)) {
      if (SAYS_NOTHING.has(path)) continue;
      expect(said.trim(), path).not.toBe('');
      expect(said, path).not.toMatch(/undefined|null|NaN|\[object|TODO/);
    }
  });

  it.each(LANGUAGES)('%s has words for every failure, step and state', (_name, words) => {
    expect(Object.keys(words.failures).sort()).toEqual([...FAILURE_CODES].sort());
    expect(Object.keys(words.steps).sort()).toEqual([...STEPS].sort());
    expect(Object.keys(words.states).sort()).toEqual([...REQUEST_STATES].sort());
  });

  it.each(LANGUAGES)('%s tells each failure from every other', (_name, words) => {
    const what = Object.values(words.failures).map((failure) => failure.what);

    expect(new Set(what).size).toBe(what.length);
  });

  it.each(LANGUAGES)('%s says what it was not given in another way', (_name, words) => {
    expect(words.card.heapValue('⟨0⟩', undefined)).not.toMatch(/undefined/);
    expect(words.card.diskValue(undefined, '⟨1⟩', '⟨2⟩')).not.toMatch(/undefined/);
    expect(words.progress.transfer('⟨0⟩', '⟨1⟩', undefined, undefined)).not.toMatch(/undefined/);
    expect(words.usage['empty-target']('')).not.toMatch(/""|“”/);
  });
});

describe('Chinese', () => {
  /** Names of things, commands and units: they are the same in Chinese texts on Kubernetes. */
  const NAMES = new Set(
    [
      'Pod Pods pod pods JVM JDK Java OSS MAT Eclipse Memory Analyzer SHA CRC MD5 worker emptyDir shell sh exec tmp',
      'kubectl get describe create jcmd jmap jattach sha256sum coreutils busybox Debian Alpine pid bucket endpoint',
      'XX HeapDumpOnOutOfMemoryError DisableAttachMechanism File Open Heap Dump Leak Suspects invite',
      'list status cancel reason c s',
      'via auto direct relay compress none no disk hprof gz curl gzip cksum md5sum sha1sum CPU',
    ].flatMap((line) => line.split(' ')),
  );

  it('has no English left in it', () => {
    for (const [path, said] of sentencesOf(zhCn)) {
      for (const word of said.match(/[A-Za-z][A-Za-z0-9]*/g) ?? [])
        expect(NAMES.has(word), `${path}: ${said} (${word})`).toBe(true);
    }
  });

  it('is Chinese wherever the English is not a mere name', () => {
    const english = new Map(sentencesOf(en).map(([path, said]) => [path, said]));
    for (const [path, said] of sentencesOf(zhCn)) {
      if (/\p{Script=Han}/u.test(said) || SAYS_NOTHING.has(path)) continue;
      const bare = said.replace(/⟨\d⟩/g, '').trim();
      expect(!/\p{L}/u.test(bare) || english.get(path) === said, `${path}: ${said}`).toBe(true);
    }
  });

  it('puts no comma, colon or bracket of English into a Chinese sentence', () => {
    for (const [path, said] of sentencesOf(zhCn))
      expect(said, path).not.toMatch(/\p{Script=Han}[,:;!?()]|[,:;!?()]\p{Script=Han}/u);
  });
});
