import { describe, expect, it } from 'vitest';
import { createLookups } from '../../src/bot/lookups.ts';
import { CONTRACT_VERSION, type FailureCode, plainFailure } from '../../src/worker/dump-job.ts';
import type { LookupOutcome, LookupQuestion } from '../../src/worker/lookup-job.ts';

const namespaces = (...names: string[]): LookupOutcome => ({
  outcome: 'namespaces',
  version: CONTRACT_VERSION,
  namespaces: names,
  complete: true,
});

/** A cluster that answers when it is told to, and a clock that stands still. */
function scripted(answers: Promise<LookupOutcome>[]) {
  const asked: [cluster: string, question: LookupQuestion][] = [];
  let nowMs = 1_000_000;
  const lookups = createLookups({
    lookUp: (cluster, question) => {
      asked.push([cluster, question]);
      return answers.shift() ?? Promise.reject(new Error('nobody expected another question'));
    },
    now: () => nowMs,
    patienceMs: 50,
  });
  return { lookups, asked, pass: (ms: number) => (nowMs += ms) };
}

const found = (...names: string[]) => ({ ok: true, found: names, complete: true });

describe('what a cluster was asked', () => {
  it('is asked once, however many letters are typed while it answers', async () => {
    let answer = (_: LookupOutcome): void => undefined;
    const { lookups, asked } = scripted([new Promise((resolve) => (answer = resolve))]);

    const typed = [lookups.namespaces('east'), lookups.namespaces('east'), lookups.namespaces('east')];
    answer(namespaces('prod'));

    expect(await Promise.all(typed)).toEqual([found('prod'), found('prod'), found('prod')]);
    expect(asked).toEqual([['east', { of: 'namespaces' }]]);
  });

  it('is known for ten seconds, then asked anew', async () => {
    const { lookups, asked, pass } = scripted([
      Promise.resolve(namespaces('old')),
      Promise.resolve(namespaces('new')),
    ]);
    await lookups.namespaces('east');
    pass(9_999);
    expect(await lookups.namespaces('east')).toEqual(found('old'));
    pass(1);

    expect(await lookups.namespaces('east')).toEqual(found('new'));
    expect(asked).toHaveLength(2);
  });

  it('is another question for another cluster or namespace', async () => {
    const pods: LookupOutcome = { outcome: 'pods', version: CONTRACT_VERSION, pods: [], complete: true };
    const { lookups, asked } = scripted([pods, pods, pods].map((each) => Promise.resolve(each)));

    await lookups.pods('east', 'prod');
    await lookups.pods('east', 'test');
    await lookups.pods('west', 'prod');

    expect(asked).toHaveLength(3);
  });

  it('is called slow when it takes longer than a person waits, and serves the next letter when it comes', async () => {
    let answer = (_: LookupOutcome): void => undefined;
    const { lookups, asked } = scripted([new Promise((resolve) => (answer = resolve))]);

    expect(await lookups.namespaces('east')).toEqual({ ok: false, problem: 'slow' });
    answer(namespaces('prod'));

    expect(await lookups.namespaces('east')).toEqual(found('prod'));
    expect(asked).toHaveLength(1);
  });

  it('that it failed is known for two seconds only', async () => {
    const { lookups, pass } = scripted([
      Promise.resolve(plainFailure('no-worker', 'resume')),
      Promise.resolve(namespaces('prod')),
    ]);
    expect(await lookups.namespaces('east')).toEqual({ ok: false, problem: 'no-worker' });
    pass(1_999);
    expect(await lookups.namespaces('east')).toEqual({ ok: false, problem: 'no-worker' });
    pass(1);

    expect(await lookups.namespaces('east')).toEqual(found('prod'));
  });

  it.each<[FailureCode, string]>([
    ['forbidden', 'forbidden'],
    ['no-worker', 'no-worker'],
    ['bad-job', 'old-worker'],
    ['cluster-unreachable', 'failed'],
    ['internal', 'failed'],
  ])('and failed with %s is told as %s', async (code, problem) => {
    const { lookups } = scripted([Promise.resolve(plainFailure(code, 'none'))]);

    expect(await lookups.pods('east', 'prod')).toEqual({ ok: false, problem });
  });

  it('a question that was answered with something else, or broke, has failed', async () => {
    const { lookups } = scripted([Promise.resolve(namespaces('prod')), Promise.reject(new Error('broken'))]);

    expect(await lookups.pods('east', 'prod')).toEqual({ ok: false, problem: 'failed' });
    expect(await lookups.pods('east', 'test')).toEqual({ ok: false, problem: 'failed' });
  });
});
