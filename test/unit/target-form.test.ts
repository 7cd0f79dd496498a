import { describe, expect, it } from 'vitest';
import type { FormSubmission } from '../../src/bot/chat/chat-platform.ts';
import { formView, mistakesByBlock, slackOptions } from '../../src/bot/chat/slack/form-view.ts';
import type { PersonInGroups, Rule } from '../../src/bot/policy.ts';
import { drawForm, type Remark } from '../../src/bot/target-form/draw-form.ts';
import { readMemo, writeMemo } from '../../src/bot/target-form/memo.ts';
import {
  matching,
  nameChoice,
  namespacesNamed,
  offeredClusters,
  offeredNamespaces,
  offeredPods,
  podChoice,
} from '../../src/bot/target-form/offers.ts';
import { readSubmission } from '../../src/bot/target-form/read-submission.ts';
import { en } from '../../src/bot/words/en.ts';
import { zhCn } from '../../src/bot/words/zh-cn.ts';
import { checkBlocks } from '../../src/demo/slack/check-blocks.ts';
import { checkSuggestions } from '../../src/demo/slack/check-suggestions.ts';
import type { ListedPod } from '../../src/worker/lookup-job.ts';

const rule = (more: Partial<Rule>): Rule => ({
  name: 'a rule',
  clusters: ['*'],
  namespaces: ['*'],
  pods: ['*'],
  request: ['slack:UANN'],
  review: 'none',
  download: [],
  cancel: [],
  allow: { podCpu: false, noDisk: 'never' },
  ...more,
});
const ann: PersonInGroups = { person: 'slack:UANN', groups: new Set() };
const bob: PersonInGroups = { person: 'slack:UBOB', groups: new Set(['slack:group:SDEV']) };
const pod = (name: string, more: Partial<ListedPod> = {}): ListedPod => ({
  name,
  state: 'running',
  containers: ['app'],
  ...more,
});
const LONG = `batch-${'x'.repeat(235)}-x2x4k`;

describe('what a person is offered', () => {
  const rules = [
    rule({ clusters: ['prod-*'], namespaces: ['shop', 'team-*', '!team-secret'], pods: ['api-*'] }),
    rule({ clusters: ['test'], request: ['slack:group:SDEV'] }),
  ];

  it('clusters, namespaces and pods that some rule lets them ask for', () => {
    expect(offeredClusters(rules, ann, ['prod-1', 'test', 'other'])).toEqual(['prod-1']);
    expect(offeredClusters(rules, bob, ['prod-1', 'test', 'other'])).toEqual(['test']);
    expect(offeredNamespaces(rules, ann, 'prod-1', ['shop', 'team-a', 'team-secret', 'kube-system'])).toEqual(
      ['shop', 'team-a'],
    );
    const place = { cluster: 'prod-1', namespace: 'shop' };
    expect(offeredPods(rules, ann, place, [pod('api-1'), pod('db-0')])).toEqual([pod('api-1')]);
  });

  it('nothing at all without a rule', () => {
    expect(offeredClusters([], ann, ['prod-1'])).toEqual([]);
    expect(offeredNamespaces(rules, bob, 'prod-1', ['shop'])).toEqual([]);
  });

  it('the namespaces that rules name as they are, where nobody may list them', () => {
    expect(namespacesNamed(rules)).toEqual(['shop']);
    expect(namespacesNamed([rule({ namespaces: ['b', 'a', 'b', '{c,d}', 'e?'] })])).toEqual(['a', 'b']);
  });

  it('what runs comes first, then what begins with the typed letters, a hundred at most', () => {
    const names = ['xapi', 'api-2', 'api-1'].map((name) => pod(name));
    const sick = pod('api-0', { state: 'pending' });
    const runs = ({ state }: ListedPod) => state === 'running';

    expect(matching([sick, ...names], 'api', ({ name }) => name, runs).map(({ name }) => name)).toEqual([
      'api-1',
      'api-2',
      'xapi',
      'api-0',
    ]);
    expect(matching(names, ' ＡＰＩ　2 ', ({ name }) => name)).toEqual([pod('api-2')]);
    const many = Array.from({ length: 500 }, (_, at) => `pod-${at}`);
    expect(matching(many, '', (name) => name)).toHaveLength(100);
  });

  it('with the state and the age of a pod, in the reader’s language', () => {
    const started = pod('api-1', { startedAt: 0 });

    expect(podChoice(started, en, 3 * 86_400_000)).toMatchObject({
      label: 'api-1',
      note: 'Running, for 3 d',
    });
    expect(podChoice(started, zhCn, 3 * 86_400_000).note).toBe('运行中，已 3 天');
    expect(podChoice(pod('api-1', { state: 'pending' }), en, 0).note).toBe('Pending');
  });

  it('names of any length, in Slack’s 75 characters, and one is never taken for another', () => {
    const twin = LONG.replace('x-x2x4k', 'y-x2x4k');
    const options = slackOptions([LONG, twin].map((name) => podChoice(pod(name), zhCn, 0)));

    expect(checkSuggestions({ options })).toEqual([]);
    expect(options[0]?.value).not.toBe(options[1]?.value);
    expect(options[0]?.text.text).toMatch(/^batch-x+….*-x2x4k$/);
  });
});

describe('the form', () => {
  const many = Array.from({ length: 200 }, (_, at) => `cluster-${at}-${'c'.repeat(50)}`);
  const remarks: Remark[] = [
    { kind: 'problem', problem: 'slow' },
    { kind: 'no-namespaces' },
    { kind: 'no-pods', namespace: 'n'.repeat(63) },
    { kind: 'incomplete', count: 1000 },
    { kind: 'named-only' },
  ];
  const memos = [
    {},
    { cluster: many[0] },
    { cluster: many[0], namespace: 'n'.repeat(63), pod: LONG },
    { cluster: many[0], namespace: 'n'.repeat(63), pod: LONG, typed: true },
  ];

  it.each([
    ['en', en],
    ['zh-CN', zhCn],
  ])('keeps to Slack’s limits in %s, whatever is in it', (_name, words) => {
    const containers = Array.from({ length: 150 }, (_, at) => `container-${at}`);
    for (const memo of memos)
      for (const remark of [undefined, ...remarks]) {
        const form = drawForm({ words, memo, clusters: many, pod: pod(LONG, { containers }), remark });
        const view = formView(form, {
          channel: 'C0123456789',
          responseUrl: `https://hooks.slack.com/${'x'.repeat(200)}`,
          givenAt: 1,
        });

        expect(checkBlocks(view.blocks, 'modal')).toEqual([]);
        expect(view.private_metadata?.length).toBeLessThan(3000);
        expect(
          [view.title.text, view.submit?.text, view.close?.text].every((text) => (text ?? '').length <= 24),
        ).toBe(true);
      }
  });

  it('remembers what was chosen, and takes nothing back that it did not write', () => {
    const memo = { cluster: 'east', namespace: 'prod', pod: 'api-1' };

    expect(readMemo(writeMemo(memo))).toEqual(memo);
    for (const text of ['', '[]', '{"cluster":"East"}', '{"pod":"a/b"}', '{"more":1}', 'x'.repeat(5000)])
      expect(readMemo(text)).toEqual({});
  });

  it('says a mistake at its field, or at the first where that is not on the screen', () => {
    const blocks = [
      { type: 'context', block_id: 'x' },
      { type: 'input', block_id: 'namespace a1' },
      { type: 'input', block_id: 'pod b2' },
    ];

    expect(mistakesByBlock(blocks, { pod: 'no' })).toEqual({ 'pod b2': 'no' });
    expect(mistakesByBlock(blocks, { cluster: 'no' })).toEqual({ 'namespace a1': 'no' });
  });
});

describe('a submitted form', () => {
  const submission = (memo: object, values: Record<string, string>): FormSubmission => ({
    id: 'V1',
    person: 'slack:UANN',
    language: 'en',
    memo: JSON.stringify(memo),
    values,
    place: 'C1',
    privately: '{}',
  });
  const lookups = {
    namespaces: () => Promise.reject(new Error('nobody expected this')),
    pods: async () => ({ ok: true as const, found: [pod(LONG)], complete: true }),
  };
  const read = (memo: object, values: Record<string, string>, clusters = ['east']) =>
    readSubmission(submission(memo, values), { clusters, lookups, words: en });
  const chosen = { cluster: 'east', namespace: 'prod', pod: 'api-1' };
  const again = en.targetForm.chooseAgain;

  it('is the command that the typed line would be', async () => {
    const values = { namespace: 'prod', pod: 'api-1', container: 'app', reason: ' it "grows" ' };

    expect(await read(chosen, values)).toEqual({
      command: {
        kind: 'dump',
        target: { cluster: 'east', namespace: 'prod', pod: 'api-1', container: 'app' },
        reason: 'it "grows"',
        transfer: { via: undefined, compress: undefined, noDisk: false },
      },
    });
  });

  it('without a container where none was chosen, or where it was offered for another pod', async () => {
    const containerOf = async (values: Record<string, string>) => {
      const result = await read(chosen, { namespace: 'prod', ...values });
      return 'command' in result ? result.command.target : result;
    };

    expect(await containerOf({ pod: 'api-1', container: '-' })).toMatchObject({ container: undefined });
    expect(await containerOf({ pod: 'api-2', container: 'app' })).toMatchObject({
      pod: 'api-2',
      container: undefined,
    });
  });

  it('asks again where the lists are not yet those of what was chosen last', async () => {
    expect(await read(chosen, { namespace: 'test', pod: 'api-1' })).toEqual({ mistakes: { pod: again } });
    expect(
      await read(chosen, { cluster: 'west', namespace: 'prod', pod: 'api-1' }, ['east', 'west']),
    ).toEqual({
      mistakes: { namespace: again },
    });
    expect(await read({}, { namespace: 'prod', pod: 'api-1' }, ['east', 'west'])).toEqual({
      mistakes: { cluster: again },
    });
    expect(await read(chosen, { namespace: 'prod', pod: '~nobody' })).toEqual({ mistakes: { pod: again } });
  });

  it('finds the pod whose name is longer than a choice’s value', async () => {
    const result = await read(chosen, { namespace: 'prod', pod: nameChoice(LONG).value });

    expect(result).toMatchObject({ command: { target: { pod: LONG } } });
  });

  it('with typed names is checked as the typed line is, full-width letters included', async () => {
    const typed = { cluster: 'east', typed: true };

    expect(await read(typed, { namespace: ' ｐｒｏｄ ', pod: 'api-1', container: '' })).toMatchObject({
      command: { target: { namespace: 'prod', pod: 'api-1', container: undefined } },
    });
    expect(await read(typed, { namespace: 'prod/x', pod: '', container: 'App' })).toEqual({
      mistakes: {
        namespace: en.usage['bad-namespace']('prod/x'),
        pod: en.usage['bad-pod'](''),
        container: en.usage['bad-container']('App'),
      },
    });
  });
});
