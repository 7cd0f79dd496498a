import { describe, expect, it } from 'vitest';
import {
  CONTRACT_VERSION,
  type DumpData,
  dnsLabel,
  dumpData,
  dumpJobId,
  dumpOutcome,
  FAILURE_CODES,
  looksQueueName,
  podName,
  preflightData,
  preflightJobId,
  preflightOutcome,
  progress,
  queueName,
} from '../../src/worker/dump-job.ts';
import { aCompletion, aFailure, aPackedCompletion, aPreflight, transfer } from './a-request.ts';

const aDump = (): DumpData => ({
  version: CONTRACT_VERSION,
  kind: 'dump',
  requestId: 'abcd1234',
  target: { cluster: 'cn-1', namespace: 'prod', pod: 'api-0', container: 'app' },
  podUid: 'uid-1',
  workload: 'api',
  jvm: { pid: 7, startTime: 1, mainClass: 'Main', uid: 0 },
  objectPrefix: 'shop/api/prod',
  transfer: transfer(),
  requestedBy: 'slack:U0ALICE',
  approvedBy: ['slack:U0BOB'],
  asked: {
    at: 1,
    reason: 'why',
    rule: 'prod',
    approvalsNeeded: 1,
    approvals: [{ by: 'slack:U0BOB', at: 2 }],
  },
  checkpoint: { stepMs: {} },
});
const aLook = () => ({
  version: CONTRACT_VERSION,
  kind: 'preflight',
  requestId: 'abcd1234',
  target: { cluster: 'cn-1', namespace: 'prod', pod: 'api-0' },
  noDisk: 'never',
});
const aProgress = () => ({ version: 1, attempt: 1, step: 'transfer', stepStartedAt: 1, stepMs: {} });

const everything = [
  ['a dump job', dumpData, aDump()],
  ['a look', preflightData, aLook()],
  ['progress', progress, aProgress()],
  ['a completed outcome', dumpOutcome, aCompletion()],
  ['an outcome that is stored compressed', dumpOutcome, aPackedCompletion()],
  ['a failed outcome', dumpOutcome, aFailure()],
  ['a cancelled outcome', dumpOutcome, { outcome: 'cancelled', version: 1, left: [] }],
  ['what a look found', preflightOutcome, { outcome: 'ready', version: 1, preflight: aPreflight() }],
  ['a look that failed', preflightOutcome, aFailure()],
] as const;

describe.each(everything)('%s', (_name, schema, good) => {
  it('is taken as it stands', () => {
    expect(schema.parse(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  it('is refused in a version that the reader does not know, and in none', () => {
    const { version: _none, ...without } = good;

    for (const other of [
      { ...good, version: 2 },
      { ...good, version: 0 },
      { ...good, version: '1' },
      without,
    ])
      expect(schema.safeParse(other).success).toBe(false);
  });

  it('is refused with a key that the reader does not know', () => {
    expect(schema.safeParse({ ...good, command: 'rm -rf /' }).success).toBe(false);
  });

  it('is refused where it is no object', () => {
    for (const other of [null, undefined, '', 'dump', 1, [], [good]])
      expect(schema.safeParse(other).success).toBe(false);
  });
});

describe('a target', () => {
  const withTarget = (changes: Record<string, unknown>) =>
    dumpData.safeParse({ ...aDump(), target: { ...aDump().target, ...changes } }).success;

  it.each([
    ['namespace', 'Prod'],
    ['namespace', 'prod.eu'],
    ['namespace', ''],
    ['namespace', 'x'.repeat(64)],
    ['namespace', 'prod\n'],
    ['container', '-app'],
    ['container', 'app-'],
    ['container', 'app;id'],
    ['container', undefined],
    ['cluster', 'cn:1'],
    ['cluster', '../cn'],
    ['pod', 'api_0'],
    ['pod', 'api..0'],
    ['pod', '.api'],
    ['pod', 'api.'],
    ['pod', 'a-.b'],
    ['pod', 'a'.repeat(254)],
    ['pod', 'api/../x'],
    ['pod', 'api 0'],
    ['pod', 'ａpi'],
    ['node', 'n1'],
  ])('whose %s is %j is refused', (key, value) => {
    expect(withTarget({})).toBe(true);
    expect(withTarget({ [key]: value })).toBe(false);
  });

  it('may have the longest names that Kubernetes gives', () => {
    expect(dnsLabel.safeParse('x'.repeat(63)).success).toBe(true);
    expect(podName.safeParse(`${'x'.repeat(120)}.${'y'.repeat(132)}`).success).toBe(true);
    expect(podName.safeParse('0').success).toBe(true);
  });

  it('is refused fast where a name is made to be slow to check', () => {
    // A pattern that tries every way to split would not end within the test's time.
    expect(podName.safeParse(`${'a-'.repeat(126)}!`).success).toBe(false);
    expect(podName.safeParse(`${'a.'.repeat(126)}!`).success).toBe(false);
  });
});

describe('numbers in the contract', () => {
  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '7', null])('are never %j', (odd) => {
    expect(dumpData.safeParse({ ...aDump(), jvm: { ...aDump().jvm, pid: odd } }).success).toBe(false);
    expect(dumpOutcome.safeParse(aCompletion({ sizeBytes: odd as number })).success).toBe(false);
  });

  it('name no process 0', () => {
    expect(dumpData.safeParse({ ...aDump(), jvm: { ...aDump().jvm, pid: 0 } }).success).toBe(false);
  });
});

describe('names in Redis', () => {
  it('hold no colon and are no bare number, which BullMQ forbids', () => {
    for (const name of [
      queueName('cn-1'),
      looksQueueName('cn-1'),
      dumpJobId('12345678', 1),
      preflightJobId('12345678', 1),
    ])
      expect(name).toMatch(/^[a-z][^:]*$|^\d+-[^:]*$/);
  });

  it('are different for dumps and looks, for each cluster, run and look', () => {
    const names = [
      ...['a', 'b'].flatMap((cluster) => [queueName(cluster), looksQueueName(cluster)]),
      ...[1, 2].flatMap((count) => [dumpJobId('abcd1234', count), preflightJobId('abcd1234', count)]),
    ];

    expect(new Set(names).size).toBe(names.length);
  });
});

describe('failure codes', () => {
  it('are each there once', () => {
    expect(new Set(FAILURE_CODES).size).toBe(FAILURE_CODES.length);
  });
});
