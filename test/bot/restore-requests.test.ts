import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RestoreStep, restoreRequests } from '../../src/bot/restore-requests.ts';
import { buildManifest, type Manifest, manifestKeyOf, writeManifest } from '../../src/worker/manifest.ts';
import { aPart } from '../contract/a-part.ts';
import { aDumpJob } from '../unit/a-dump-job.ts';
import { ALICE, aCompletion, NOW } from '../unit/a-request.ts';
import { crc64Of, type StartedStore, startedStore, storeOn } from '../worker/started-store.ts';
import { auditTrail, storeBench } from './store-bench.ts';

const KEY = 'a manifest key of thirty-two characters';
const DUMP = Buffer.from('JAVA PROFILE 1.0.2, and so on');
const { signal } = new AbortController();
const RULES = [
  { name: 'strict', clusters: ['*'], namespaces: ['prod'], pods: ['*'] },
  { name: 'lax', clusters: ['*'], namespaces: ['*'], pods: ['*'] },
];

const bench = storeBench();
let started: StartedStore;
beforeEach(async () => {
  started = await startedStore();
});
afterEach(() => started.stop());

/** Puts a dump into the bucket as a worker does. @returns what a worker would write beside it */
async function dumped(id = 'abcd1234', target = 'prod-1/prod/order-service-7d9f8-x2x4k'): Promise<Manifest> {
  const { store } = started;
  const objectKey = `shop/order-service/prod/order-service-${id}.hprof`;
  const uploadId = await store.beginUpload({ objectKey, metadata: { 'request-id': id, target } }, signal);
  const part = await store.uploadPart(objectKey, uploadId, await aPart(1, DUMP), signal);
  await store.completeUpload(objectKey, uploadId, [part], signal);
  const outcome = aCompletion({ objectKey, sizeBytes: DUMP.length, crc64: await crc64Of(DUMP) });
  const manifest = buildManifest({ ...aDumpJob(), requestId: id }, outcome, NOW);
  if (manifest === undefined) throw new Error('no manifest was built');
  return manifest;
}

const lay = (manifest: Manifest, text: string, at = manifestKeyOf(manifest.objectKey)): Promise<void> =>
  started.store.put({ objectKey: at, body: Buffer.from(text), contentType: 'application/json' }, signal);
const signed = (manifest: Manifest): string => writeManifest(manifest, [KEY]);

async function restored(
  options: { dryRun?: boolean; keys?: string[]; prefix?: string } = {},
): Promise<RestoreStep[]> {
  const deps = {
    bucket: storeOn(started),
    store: bench.store,
    manifestKeys: options.keys ?? [KEY],
    rules: RULES,
    now: () => NOW,
  };
  const wish = { prefix: options.prefix ?? '', dryRun: options.dryRun ?? false };
  const steps: RestoreStep[] = [];
  for await (const step of restoreRequests(deps, wish, signal)) steps.push(step);
  return steps;
}

describe('a manifest whose dump is there', () => {
  it('becomes a request again, with its place in time and an entry in the audit record', async () => {
    const manifest = await dumped();
    await lay(manifest, signed(manifest));

    expect(await restored()).toMatchObject([
      { kind: 'restored', request: { id: 'abcd1234', restored: { signed: true } } },
    ]);

    const [request] = await bench.store.newest(10);
    expect(request).toMatchObject({
      state: 'completed',
      requester: ALICE,
      reason: 'memory grows',
      closed: true,
    });
    expect(request?.outcome).toEqual({ ...manifest.outcome, bucket: started.oss.bucket });
    expect(await auditTrail(bench)).toMatchObject([{ event: 'restored', by: 'bot', requestId: 'abcd1234' }]);
  });

  it('never goes over a request that is there', async () => {
    const manifest = await dumped();
    await lay(manifest, signed(manifest));
    await restored();
    const before = await bench.store.get('abcd1234');

    expect(await restored()).toMatchObject([{ kind: 'already-there' }]);
    expect(await bench.store.get('abcd1234')).toEqual(before);
    expect(await auditTrail(bench)).toHaveLength(1);
  });

  it('is only counted in a dry run', async () => {
    const manifest = await dumped();
    await lay(manifest, signed(manifest));

    expect(await restored({ dryRun: true })).toMatchObject([{ kind: 'restored' }]);
    expect(await bench.store.newest(10)).toEqual([]);
    expect(await auditTrail(bench)).toEqual([]);
  });

  it('is one of many, and each is restored', async () => {
    const ids = Array.from({ length: 20 }, (_, at) => `abcd${String(at).padStart(4, '0')}`);
    for (const id of ids) {
      const manifest = await dumped(id);
      await lay(manifest, signed(manifest));
    }

    const steps = await restored();

    expect(steps.map((step) => (step.kind === 'restored' ? step.request.id : step.kind))).toEqual(ids);
  });
});

describe('the rule of a restored request is one of today', () => {
  const ruleOf = async (manifest: Manifest, text: string): Promise<string | undefined> => {
    await lay(manifest, text);
    await restored();
    return (await bench.store.get('abcd1234'))?.rule;
  };

  it('the one that it was asked for under, where that is signed and still covers it', async () => {
    const manifest = await dumped();

    expect(
      await ruleOf(manifest, signed({ ...manifest, request: { ...manifest.request, rule: 'lax' } })),
    ).toBe('lax');
  });

  it('the first that covers it, where its own is no more', async () => {
    const manifest = await dumped();

    expect(
      await ruleOf(manifest, signed({ ...manifest, request: { ...manifest.request, rule: 'gone' } })),
    ).toBe('strict');
  });

  it('the first that covers it, whatever an unsigned manifest says', async () => {
    const manifest = await dumped();
    const text = writeManifest({ ...manifest, request: { ...manifest.request, rule: 'lax' } }, []);

    expect(await ruleOf(manifest, text)).toBe('strict');
  });
});

describe('what cannot be trusted is skipped and named', () => {
  const skipped = (why: string) => [{ kind: 'skipped', why }];

  it.each<[string, (manifest: Manifest) => string]>([
    ['tampered', (manifest) => signed(manifest).replace(ALICE, 'slack:U0EVE')],
    ['foreign-key', (manifest) => writeManifest(manifest, ['somebody else’s key of thirty-two letters'])],
    ['newer-version', (manifest) => signed(manifest).replace('"version": 1', '"version": 2')],
    ['not-a-manifest', () => '{"hello":"world"}'],
    ['too-large', (manifest) => signed(manifest) + ' '.repeat(300_000)],
    ['dump-differs', (manifest) => signed({ ...manifest, outcome: { ...manifest.outcome, sizeBytes: 5 } })],
    ['dump-differs', (manifest) => signed({ ...manifest, outcome: { ...manifest.outcome, crc64: '5' } })],
    [
      'dump-of-another',
      (manifest) => writeManifest({ ...manifest, target: { ...manifest.target, namespace: 'dev' } }, []),
    ],
    [
      'dump-of-another',
      (manifest) => writeManifest({ ...manifest, request: { ...manifest.request, id: 'zzzz9999' } }, []),
    ],
  ])('%s', async (why, text) => {
    const manifest = await dumped();
    await lay(manifest, text(manifest));

    expect(await restored()).toMatchObject(skipped(why));
    expect(await bench.store.newest(10)).toEqual([]);
  });

  it('one that was laid beside another dump', async () => {
    const manifest = await dumped();
    const other = await dumped('wxyz9876');
    await lay(manifest, signed(manifest), manifestKeyOf(other.objectKey));

    expect(await restored()).toMatchObject([
      { kind: 'skipped', why: 'wrong-place' },
      { kind: 'no-manifest', key: manifest.objectKey },
    ]);
  });

  it('one whose dump is gone', async () => {
    const manifest = await dumped();
    await lay(manifest, signed(manifest));
    await started.store.remove(manifest.objectKey, signal);

    expect(await restored()).toMatchObject(skipped('dump-gone'));
  });

  it('one that the bucket does not give out; the others are restored', async () => {
    const [first, second] = [await dumped('abcd0001'), await dumped('abcd0002')];
    for (const manifest of [first, second]) await lay(manifest, signed(manifest));
    started.oss.faults.next(
      { kind: 'status', status: 403, code: 'InvalidObjectState' },
      ({ operation, key }) => operation === 'GetObject' && key.includes('abcd0001'),
      3,
    );

    expect(await restored()).toMatchObject([{ kind: 'skipped', why: 'unreadable' }, { kind: 'restored' }]);
  });

  it('a dump without a manifest is named as well', async () => {
    const manifest = await dumped();

    expect(await restored()).toEqual([{ kind: 'no-manifest', key: manifest.objectKey }]);
  });
});

describe('only what was asked for is read', () => {
  it('below a prefix', async () => {
    const manifest = await dumped();
    await lay(manifest, signed(manifest));

    expect(await restored({ prefix: 'another/' })).toEqual([]);
    expect(await restored({ prefix: 'shop/' })).toHaveLength(1);
  });
});
