import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { CONTRACT_VERSION } from '../../src/worker/dump-job.ts';
import {
  type LookupOutcome,
  type LookupQuestion,
  lookupData,
  lookupOutcome,
  MOST_PODS,
} from '../../src/worker/lookup-job.ts';
import { processLookup } from '../../src/worker/process-lookup.ts';
import { type HttpAnswer, type ScriptedServer, startScriptedServer } from '../k8s/scripted-server.ts';

const log = createLogger({ name: 'test', level: 'silent', write: () => undefined });
const servers: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function answered(
  question: LookupQuestion,
  answer: (url: URL) => HttpAnswer | 'never',
  signal = new AbortController().signal,
): Promise<{ outcome: LookupOutcome; paths: string[] }> {
  const server = await startScriptedServer({ answer });
  servers.push(server);
  const data = lookupData.parse({ version: CONTRACT_VERSION, kind: 'lookup', cluster: 'east', question });
  const outcome = await processLookup({ data, cluster: server.cluster, signal, log });
  // It travels through Redis.
  return {
    outcome: lookupOutcome.parse(JSON.parse(JSON.stringify(outcome))),
    paths: server.requests.map(({ url }) => url.pathname),
  };
}

const list = (items: unknown[], next?: string): HttpAnswer => ({
  status: 200,
  body: JSON.stringify({ metadata: next === undefined ? {} : { continue: next }, items }),
});
const named = (name: string) => ({ metadata: { name } });
const forbidden: HttpAnswer = {
  status: 403,
  body: JSON.stringify({ kind: 'Status', status: 'Failure', message: 'pods is forbidden', code: 403 }),
};

describe('looking up what there is in a cluster', () => {
  it('gives the names of all namespaces, page by page, and none that cannot be one', async () => {
    const { outcome, paths } = await answered({ of: 'namespaces' }, (url) =>
      url.searchParams.has('continue')
        ? list([named('test'), named('Not/A/Name')])
        : list([named('prod')], 'more'),
    );

    expect(outcome).toMatchObject({ outcome: 'namespaces', namespaces: ['prod', 'test'], complete: true });
    expect(paths).toEqual(['/api/v1/namespaces', '/api/v1/namespaces']);
  });

  it('gives pods with state, start and containers, those that stay beside the application last', async () => {
    const { outcome, paths } = await answered({ of: 'pods', namespace: 'prod' }, () =>
      list([
        {
          metadata: { name: 'api-0' },
          spec: {
            containers: [{ name: 'app' }],
            initContainers: [{ name: 'mesh', restartPolicy: 'Always' }, { name: 'setup' }],
          },
          status: { phase: 'Running', startTime: '2026-01-02T03:04:05Z' },
        },
        {
          metadata: { name: 'api-1', deletionTimestamp: '2026-01-02T03:04:05Z' },
          status: { phase: 'Running' },
        },
        { metadata: { name: 'api-2' }, status: { phase: 'Succeeded' } },
        { metadata: { name: 'api-3' } },
        named('Not A Pod'),
      ]),
    );

    expect(outcome).toMatchObject({
      outcome: 'pods',
      complete: true,
      pods: [
        {
          name: 'api-0',
          state: 'running',
          startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
          containers: ['app', 'mesh'],
        },
        { name: 'api-1', state: 'ending', containers: [] },
        { name: 'api-2', state: 'succeeded' },
        { name: 'api-3', state: 'unknown' },
      ],
    });
    expect(paths).toEqual(['/api/v1/namespaces/prod/pods']);
  });

  it('says so where there are more pods than it gives', async () => {
    let count = 0;
    const { outcome } = await answered({ of: 'pods', namespace: 'prod' }, (url) => {
      const items = Array.from({ length: Number(url.searchParams.get('limit')) }, () =>
        named(`p-${count++}`),
      );
      return list(items, 'more');
    });

    if (outcome.outcome !== 'pods') throw new Error(outcome.outcome);
    expect(outcome.pods).toHaveLength(MOST_PODS);
    expect(outcome.complete).toBe(false);
  });

  it.each([
    ['that it is forbidden', () => forbidden, 'forbidden'],
    [
      'that the cluster is in trouble',
      (): HttpAnswer => ({ status: 503, body: 'no' }),
      'cluster-unreachable',
    ],
  ] as const)('says %s, as a named failure', async (_what, answer, code) => {
    expect((await answered({ of: 'namespaces' }, answer)).outcome).toMatchObject({ outcome: 'failed', code });
  });

  it('gives up when it is told to', async () => {
    const { outcome } = await answered({ of: 'namespaces' }, () => 'never', AbortSignal.timeout(100));

    expect(outcome).toMatchObject({ outcome: 'failed', code: 'cluster-unreachable' });
  });

  it('takes no question that is none', () => {
    const data = { version: CONTRACT_VERSION, kind: 'lookup', cluster: 'east' };
    for (const question of [
      { of: 'pods' },
      { of: 'pods', namespace: '../x' },
      { of: 'secrets' },
      { of: 'namespaces', more: 1 },
    ])
      expect(lookupData.safeParse({ ...data, question }).success).toBe(false);
  });
});
