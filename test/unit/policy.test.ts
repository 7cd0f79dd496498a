import { describe, expect, it } from 'vitest';
import type { PersonRef } from '../../src/bot/chat/message.ts';
import {
  covers,
  decide,
  groupsNamed,
  mayCancel,
  mayDownload,
  mayReview,
  maySee,
  type PersonInGroups,
  type Rule,
  termsOf,
} from '../../src/bot/policy.ts';
import { ALICE, BOB, CAROL, transfer, USUAL } from './a-request.ts';

const SRE = 'slack:group:S0SRE';
const DEVS = 'slack:group:S0DEVS';

const rule = (changes: Partial<Rule> = {}): Rule => ({
  name: 'prod',
  clusters: ['*'],
  namespaces: ['prod'],
  pods: ['*'],
  request: [DEVS],
  review: { by: [SRE], approvals: 1, selfApproval: false, expireAfterMs: 1_800_000 },
  download: ['requester', 'reviewers'],
  cancel: ['requester', 'reviewers'],
  allow: { podCpu: false, noDisk: 'never' },
  ...changes,
});
const target = { cluster: 'cn-1', namespace: 'prod', pod: 'api-0' };
const who = (person: PersonRef, ...groups: string[]): PersonInGroups => ({ person, groups: new Set(groups) });

describe('one human with accounts on two platforms', () => {
  const review = { by: ['everyone'], approvals: 1, selfApproval: false, expireAfterMs: 1_800_000 };
  const bob: PersonInGroups = { ...who(BOB), alsoKnownAs: ['dingtalk:0135', BOB] };

  it('may not review with one what they asked for with the other', () => {
    expect(mayReview(rule({ review }), 'dingtalk:0135', bob)).toBe('own-request');
    expect(mayReview(rule({ review }), 'dingtalk:0136', bob)).toBe('ok');
    expect(mayReview(rule({ review: { ...review, selfApproval: true } }), 'dingtalk:0135', bob)).toBe('ok');
  });
});

describe('who may ask for a dump', () => {
  it('is nobody where there is no rule', () => {
    expect(decide([], who(ALICE, DEVS), target)).toEqual({
      kind: 'deny',
      why: 'no-rule',
      rules: [],
      ask: [],
    });
    expect(decide([rule({ namespaces: ['dev'] })], who(ALICE, DEVS), target)).toMatchObject({
      why: 'no-rule',
    });
  });

  it('is whom a rule lists, as a person, by a group, or as everyone', () => {
    for (const request of [[ALICE], [DEVS], ['everyone'], [BOB, DEVS]])
      expect(decide([rule({ request })], who(ALICE, DEVS), target).kind).toBe('needs-review');
  });

  it('is not somebody who has the name of a listed person on another platform', () => {
    expect(decide([rule({ request: [ALICE] })], who('dingtalk:U0ALICE'), target).kind).toBe('deny');
  });

  it('is told to the person whom the covering rules do not list', () => {
    const rules = [
      rule({ name: 'a', request: [DEVS, BOB] }),
      rule({ name: 'b', request: [BOB] }),
      rule({ name: 'c', namespaces: ['dev'], request: [CAROL] }),
    ];

    expect(decide(rules, who(ALICE), target)).toEqual({
      kind: 'deny',
      why: 'not-listed',
      rules: ['a', 'b'],
      ask: [DEVS, BOB],
    });
  });

  it('is decided by the first rule that covers the target and lists the person', () => {
    const rules = [
      rule({ name: 'others', request: [BOB] }),
      rule({ name: 'reviewed', request: [ALICE] }),
      rule({ name: 'free', request: [ALICE], review: 'none' }),
    ];

    expect(decide(rules, who(ALICE), target)).toMatchObject({
      kind: 'needs-review',
      rule: { name: 'reviewed' },
    });
    expect(decide([...rules].reverse(), who(ALICE), target)).toMatchObject({
      kind: 'allow',
      rule: { name: 'free' },
    });
  });
});

describe('what a rule covers', () => {
  it('needs cluster, namespace and pod to match at once', () => {
    const narrow = rule({ clusters: ['cn-*'], namespaces: ['prod', 'stage-?'], pods: ['{api,web}-*'] });

    expect(covers(narrow, target)).toBe(true);
    expect(covers(narrow, { ...target, namespace: 'stage-2' })).toBe(true);
    expect(covers(narrow, { ...target, cluster: 'us-1' })).toBe(false);
    expect(covers(narrow, { ...target, namespace: 'production' })).toBe(false);
    expect(covers(narrow, { ...target, pod: 'db-0' })).toBe(false);
  });

  it('takes a glob for the whole name, dots in a pod’s name included', () => {
    expect(covers(rule({ pods: ['api'] }), { ...target, pod: 'api-0' })).toBe(false);
    expect(covers(rule({ pods: ['*'] }), { ...target, pod: 'api.v2.x' })).toBe(true);
  });

  it('leaves out what a glob with ! names, also where another glob matches it', () => {
    const all = rule({ namespaces: ['*', '!kube-*', '!prod'] });

    expect(covers(all, { ...target, namespace: 'dev' })).toBe(true);
    expect(covers(all, { ...target, namespace: 'kube-system' })).toBe(false);
    expect(covers(all, target)).toBe(false);
    expect(covers(rule({ namespaces: ['!kube-*', '!prod'] }), target)).toBe(false);
    expect(covers(rule({ namespaces: ['!kube-*'] }), target)).toBe(true);
  });
});

describe('the terms of a request', () => {
  const NOTHING_SAID = { via: undefined, compress: undefined, noDisk: false };

  it('are those of its rule, and the usual way out where nothing was said', () => {
    expect(termsOf(rule(), NOTHING_SAID, USUAL)).toEqual({
      kind: 'terms',
      terms: { rule: 'prod', approvalsNeeded: 1, expireAfterMs: 1_800_000, transfer: transfer() },
    });
    expect(termsOf(rule({ review: 'none' }), NOTHING_SAID, USUAL)).toMatchObject({
      terms: { approvalsNeeded: 0 },
    });
  });

  it('are refused with the rule that does not allow what was asked for', () => {
    const [strict, open] = [rule(), rule({ allow: { podCpu: true, noDisk: 'on-request' } })];
    const [packed, piped] = [
      { ...NOTHING_SAID, compress: 'pod' } as const,
      { ...NOTHING_SAID, noDisk: true },
    ];

    expect(termsOf(strict, packed, USUAL)).toEqual({ kind: 'deny', rule: strict, wish: '--compress pod' });
    expect(termsOf(strict, piped, USUAL)).toEqual({ kind: 'deny', rule: strict, wish: '--no-disk' });
    expect(termsOf(open, packed, USUAL).kind).toBe('terms');
    expect(termsOf(open, piped, USUAL).kind).toBe('terms');
  });
});

describe('who may decide on a request', () => {
  it('is whom the rule lets review, the requester apart', () => {
    expect(mayReview(rule(), ALICE, who(BOB, SRE))).toBe('ok');
    expect(mayReview(rule(), ALICE, who(CAROL, DEVS))).toBe('not-a-reviewer');
    expect(mayReview(rule(), ALICE, who(ALICE, SRE))).toBe('own-request');
    expect(mayReview(rule(), ALICE, who(ALICE))).toBe('not-a-reviewer');
  });

  it('is the requester too where the rule allows it and lists them', () => {
    const self = rule({ review: { by: [SRE], approvals: 1, selfApproval: true, expireAfterMs: 1 } });

    expect(mayReview(self, ALICE, who(ALICE, SRE))).toBe('ok');
    expect(mayReview(self, ALICE, who(ALICE))).toBe('not-a-reviewer');
  });

  it('is nobody where the rule asks for no review', () => {
    expect(mayReview(rule({ review: 'none' }), ALICE, who(BOB, SRE))).toBe('not-a-reviewer');
  });
});

describe('who may download and cancel', () => {
  it.each([
    ['download', mayDownload],
    ['cancel', mayCancel],
  ] as const)('%s: the requester and the reviewers, where the rule says so', (key, may) => {
    expect(may(rule(), ALICE, who(ALICE))).toBe(true);
    expect(may(rule(), ALICE, who(BOB, SRE))).toBe(true);
    expect(may(rule(), ALICE, who(CAROL, DEVS))).toBe(false);
    expect(may(rule({ [key]: ['reviewers'] }), ALICE, who(ALICE))).toBe(false);
    expect(may(rule({ [key]: ['requester'] }), ALICE, who(BOB, SRE))).toBe(false);
    expect(may(rule({ [key]: [CAROL] }), ALICE, who(CAROL))).toBe(true);
    expect(may(rule({ [key]: [] }), ALICE, who(ALICE, SRE))).toBe(false);
    expect(may(rule({ [key]: ['everyone'] }), ALICE, who(CAROL))).toBe(true);
  });

  it('takes nobody for a reviewer where the rule has none', () => {
    expect(mayDownload(rule({ review: 'none' }), ALICE, who(BOB, SRE))).toBe(false);
  });
});

describe('who may see that a request exists', () => {
  it('is whoever has a part in it or could have one', () => {
    const reviewerOnly = rule({ download: [], cancel: [] });

    expect(maySee(reviewerOnly, ALICE, who(ALICE))).toBe(true);
    expect(maySee(reviewerOnly, ALICE, who(BOB, SRE))).toBe(true);
    expect(maySee(reviewerOnly, ALICE, who(CAROL, DEVS))).toBe(true);
    expect(maySee(rule({ download: [CAROL] }), ALICE, who(CAROL))).toBe(true);
    expect(maySee(rule({ cancel: [CAROL] }), ALICE, who(CAROL))).toBe(true);
    expect(maySee(rule(), ALICE, who(CAROL))).toBe(false);
    expect(maySee(rule({ review: 'none' }), ALICE, who(BOB, SRE))).toBe(false);
  });
});

describe('the groups that a platform has to look up', () => {
  it('are those that the rules name, each once', () => {
    const rules = [
      rule({ download: ['requester', 'slack:group:S0AUDIT'], cancel: [SRE, 'slack:group:S0STOP'] }),
      rule({ review: 'none', request: ['everyone', DEVS] }),
    ];

    expect(groupsNamed(rules).sort()).toEqual(
      ['slack:group:S0AUDIT', DEVS, SRE, 'slack:group:S0STOP'].sort(),
    );
  });
});
