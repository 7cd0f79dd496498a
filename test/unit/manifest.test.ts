import { describe, expect, it } from 'vitest';
import type { DumpCompleted } from '../../src/worker/dump-job.ts';
import {
  buildManifest,
  dumpKeyOf,
  MANIFEST_BYTES,
  type Manifest,
  manifestKeyOf,
  readManifest,
  writeManifest,
} from '../../src/worker/manifest.ts';
import { aDumpJob } from './a-dump-job.ts';
import { aCompletion, aPackedCompletion, NOW } from './a-request.ts';

const KEY = 'a manifest key of thirty-two characters';
const OLD_KEY = 'the key of last year, also long enough';
const LIES_AT = manifestKeyOf(aCompletion().objectKey);

function aManifest(outcome: DumpCompleted = aCompletion()): Manifest {
  const manifest = buildManifest(aDumpJob(), outcome, NOW);
  if (manifest === undefined) throw new Error('no manifest was built');
  return manifest;
}

const read = (text: string, keys: readonly string[] = [KEY], liesAt = LIES_AT) =>
  readManifest(text, liesAt, keys, NOW);
const changed = (text: string, change: (content: Record<string, unknown>) => unknown): string =>
  JSON.stringify(change(JSON.parse(text) as Record<string, unknown>));
const signed = (): string => writeManifest(aManifest(), [KEY]);

describe('a manifest', () => {
  it.each([aCompletion(), aPackedCompletion()])(
    'says what was asked for, decided, dumped and proved',
    (outcome) => {
      const manifest = aManifest(outcome);
      const again = read(writeManifest(manifest, [KEY]), [KEY], manifestKeyOf(outcome.objectKey));

      expect(again).toEqual({ kind: 'manifest', trust: 'signed', manifest });
      expect(manifest).toMatchObject({
        completedAt: '2026-11-24T15:15:00.000Z',
        request: {
          id: 'abcd1234',
          requestedBy: 'slack:U0ALICE',
          requestedAt: '2026-11-24T15:14:00.000Z',
          reason: 'memory grows',
          approvals: [{ by: 'slack:U0BOB', at: '2026-11-24T15:14:30.000Z' }],
        },
        podUid: '7b3f3b6e-0000-4000-8000-000000000001',
        jvm: { mainClass: 'com.example.Orders' },
        outcome,
      });
    },
  );

  it('holds neither the key that signed it nor an address', () => {
    expect(signed()).not.toContain(KEY);
    expect(signed()).not.toMatch(/:\/\//);
  });

  it('is built of no job that does not say who asked for what', () => {
    const { asked: _unknown, ...older } = aDumpJob();

    expect(buildManifest(older, aCompletion(), NOW)).toBeUndefined();
  });

  it('is known by its name', () => {
    expect(dumpKeyOf('a/b.hprof.json')).toBe('a/b.hprof');
    expect(dumpKeyOf('a/b.hprof.gz.json')).toBe('a/b.hprof.gz');
    for (const other of ['a/b.hprof', 'a/b.json', 'a/b.hprof.json.json', '.json'])
      expect(dumpKeyOf(other), other).toBeUndefined();
  });
});

describe('a signature', () => {
  it('holds whatever the spaces and the order of the names', () => {
    const shuffled = changed(signed(), (content) => Object.fromEntries(Object.entries(content).reverse()));

    expect(read(shuffled)).toMatchObject({ kind: 'manifest', trust: 'signed' });
  });

  it('does not hold with any character of what is said changed', () => {
    const text = JSON.stringify(JSON.parse(signed()));
    const taken: string[] = [];
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === '1' ? '2' : '1';
      const outcome = read(text.slice(0, at) + other + text.slice(at + 1));
      if (outcome.kind === 'manifest')
        taken.push(`${at}: ${text.slice(Math.max(0, at - 20), at + 20)} ${outcome.trust}`);
    }

    expect(text.length).toBeGreaterThan(1000);
    expect(taken).toEqual([]);
  });

  it.each<[string, (content: Record<string, unknown>) => unknown]>([
    [
      'another requester',
      (content) => ({ ...content, request: { ...(content.request as object), requestedBy: 'slack:U0EVE' } }),
    ],
    ['one more field', (content) => ({ ...content, download: ['everyone'] })],
    ['one field less', ({ podUid: _, ...content }) => content],
    ['a signature of no sense', (content) => ({ ...content, signature: 'trust me' })],
  ])('does not hold with %s', (_what, change) => {
    expect(read(changed(signed(), change))).toMatchObject({ kind: 'problem', problem: 'tampered' });
  });

  it('of an older key holds as long as that key is among ours', () => {
    const old = writeManifest(aManifest(), [OLD_KEY]);

    expect(read(old, [KEY, OLD_KEY])).toMatchObject({ kind: 'manifest', trust: 'signed' });
    expect(read(old, [KEY])).toMatchObject({ kind: 'problem', problem: 'foreign-key' });
  });

  it('that is missing, or that nobody here can check, vouches for nothing', () => {
    expect(read(writeManifest(aManifest(), []))).toMatchObject({ kind: 'manifest', trust: 'unsigned' });
    expect(read(signed(), [])).toMatchObject({ kind: 'manifest', trust: 'unsigned' });
    const stripped = changed(signed(), ({ signature: _, ...content }) => content);
    expect(read(stripped)).toMatchObject({ kind: 'manifest', trust: 'unsigned' });
  });
});

describe('what is no manifest of ours is named, not guessed at', () => {
  it.each<[string, string, string]>([
    ['text', 'hello', 'not-a-manifest'],
    ['a list', '[]', 'not-a-manifest'],
    ['JSON of somebody else', '{"name":"x","version":1}', 'not-a-manifest'],
    ['more than there is to say', `"${'x'.repeat(MANIFEST_BYTES)}"`, 'too-large'],
    ['a newer version', changed(signed(), (content) => ({ ...content, version: 2 })), 'newer-version'],
  ])('%s', (_what, text, problem) => {
    expect(read(text)).toMatchObject({ kind: 'problem', problem });
  });

  it('one that lies beside another dump than its own', () => {
    const elsewhere = manifestKeyOf('shop/order-service/prod/another.hprof');

    expect(read(signed(), [KEY], elsewhere)).toMatchObject({ kind: 'problem', problem: 'wrong-place' });
  });

  it('one whose outcome names another object than it does', () => {
    const text = writeManifest({ ...aManifest(), outcome: aCompletion({ objectKey: 'other.hprof' }) }, [KEY]);

    expect(read(text)).toMatchObject({ kind: 'problem', problem: 'wrong-place' });
  });

  it.each<[string, Partial<Manifest>, string]>([
    ['a pod that cannot be', { target: { ...aManifest().target, pod: '../x' } }, 'target.pod'],
    [
      'a namespace that cannot be',
      { target: { ...aManifest().target, namespace: 'Prod' } },
      'target.namespace',
    ],
    ['a time that has not come', { completedAt: '2099-01-01T00:00:00.000Z' }, 'completedAt'],
    ['an end before its beginning', { completedAt: '2020-01-01T00:00:00.000Z' }, 'completedAt'],
  ])('one with %s', (_what, change, detail) => {
    expect(read(writeManifest({ ...aManifest(), ...change }, [KEY]))).toEqual({
      kind: 'problem',
      problem: 'malformed',
      detail,
    });
  });

  it('one that is nested without end', () => {
    const deep = `{"format":"heapdump-bot/manifest","version":1,"x":${'['.repeat(60_000)}${']'.repeat(60_000)},"signature":${JSON.stringify((JSON.parse(signed()) as { signature: unknown }).signature)}}`;

    expect(read(deep)).toMatchObject({ kind: 'problem', problem: 'tampered' });
  });
});
