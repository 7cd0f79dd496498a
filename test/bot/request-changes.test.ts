import { beforeEach, describe, expect, it } from 'vitest';
import { approve, deny, MoveError } from '../../src/bot/dump-request.ts';
import { createRequestStore } from '../../src/bot/request-store.ts';
import { connectRedis } from '../../src/redis.ts';
import { ALICE, BOB, CAROL, NOW, pending, proposed } from '../unit/a-request.ts';
import { auditTrail, entry, eventsOf, oneMore, storeBench } from './store-bench.ts';

const bench = storeBench();

describe('a change', () => {
  beforeEach(() => bench.store.create(pending(), 'delivery-1', entry('requested')));

  it('is saved with one revision more, and gives what stands afterwards', async () => {
    const changed = await bench.store.change('abcd1234', oneMore);

    expect(changed).toMatchObject({ changed: true, request: { looks: 1, revision: 1 } });
    expect(await bench.store.get('abcd1234')).toEqual(changed?.request);
  });

  it('is not made where there is nothing to do, or no request', async () => {
    expect(await bench.store.change('abcd1234', () => undefined)).toEqual({
      changed: false,
      request: pending(),
    });
    expect(await bench.store.change('zzzz9999', oneMore)).toBeUndefined();
    expect(await bench.store.get('zzzz9999')).toBeUndefined();
  });

  it('is not lost, nor made twice, where fifty are made at once through one connection', async () => {
    await Promise.all(Array.from({ length: 50 }, () => bench.store.change('abcd1234', oneMore)));

    expect(await bench.store.get('abcd1234')).toMatchObject({ looks: 50, revision: 50 });
  });

  it('is not lost where fifty bots make one each', async () => {
    const bots = Array.from({ length: 50 }, () => connectRedis(bench.server.url, 'blocking'));
    try {
      await Promise.all(
        bots.map((bot) =>
          createRequestStore(bot).change('abcd1234', oneMore, () => entry('approved', { facts: { x: 1 } })),
        ),
      );
    } finally {
      for (const bot of bots) bot.disconnect();
    }

    expect(await bench.store.get('abcd1234')).toMatchObject({ looks: 50, revision: 50 });
    expect(eventsOf(await auditTrail(bench))).toEqual([
      'requested',
      ...Array.from({ length: 50 }, () => 'approved'),
    ]);
  });

  it('lets one decision win of many that are made at once, and tells the others', async () => {
    const decisions = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) =>
        bench.store.change(
          'abcd1234',
          (request) => (at % 2 === 0 ? approve(request, BOB, NOW) : deny(request, CAROL, undefined, NOW)),
          (after) => entry(after.state === 'approved' ? 'approved' : 'denied'),
        ),
      ),
    );

    const refused = decisions.flatMap((decision) =>
      decision.status === 'rejected' ? [decision.reason] : [],
    );
    expect(refused).toHaveLength(11);
    expect(refused.every((error) => error instanceof MoveError && error.code === 'already-decided')).toBe(
      true,
    );
    expect(await auditTrail(bench)).toHaveLength(2);
  });

  it('closes a request, which then is no longer open, and may open it again', async () => {
    await bench.store.change('abcd1234', (request) => ({ ...request, closed: true }));
    expect(await bench.store.openIds()).toEqual([]);
    expect((await bench.store.newest(10)).map(({ id }) => id)).toEqual(['abcd1234']);

    await bench.store.change('abcd1234', (request) => ({ ...request, closed: false }));
    expect(await bench.store.openIds()).toEqual(['abcd1234']);
  });

  it('survives the end of Redis', async () => {
    await bench.store.change('abcd1234', oneMore, () => entry('approved'));
    await bench.server.kill();
    await bench.server.restart();

    expect(await bench.store.get('abcd1234')).toMatchObject({ looks: 1, revision: 1 });
    expect(eventsOf(await auditTrail(bench))).toEqual(['requested', 'approved']);
  });
});

describe('the audit record', () => {
  beforeEach(() =>
    bench.store.create(pending(), 'delivery-1', entry('requested', { facts: { rule: 'prod' } })),
  );

  it('says who did what to which pod, and when, for a person to read', async () => {
    await bench.store.change(
      'abcd1234',
      (request) => approve(request, BOB, NOW),
      (after) => entry('approved', { by: BOB, at: NOW + 1000, facts: { revision: after.revision } }),
    );

    expect(await auditTrail(bench)).toEqual([
      {
        at: '2026-11-24T15:15:00.000Z',
        event: 'requested',
        requestId: 'abcd1234',
        by: ALICE,
        target: 'prod-1/prod/order-service-7d9f8-x2x4k',
        facts: '{"rule":"prod"}',
      },
      {
        at: '2026-11-24T15:15:01.000Z',
        event: 'approved',
        requestId: 'abcd1234',
        by: BOB,
        target: 'prod-1/prod/order-service-7d9f8-x2x4k',
        facts: '{"revision":1}',
      },
    ]);
  });

  it('holds nothing that did not happen', async () => {
    const refuse = () => {
      throw new Error('refused');
    };
    await expect(bench.store.change('abcd1234', refuse, () => entry('approved'))).rejects.toThrow('refused');
    await bench.store.change(
      'abcd1234',
      () => undefined,
      () => entry('approved'),
    );
    await bench.store.change('zzzz9999', oneMore, () => entry('approved'));
    await bench.store.create(proposed({ id: 'bbbb0002' }), 'delivery-1', entry('requested'));

    expect(eventsOf(await auditTrail(bench))).toEqual(['requested']);
  });

  it('may leave out a change that nobody will ask about', async () => {
    await bench.store.change('abcd1234', oneMore);
    await bench.store.change('abcd1234', oneMore, () => undefined);

    expect(eventsOf(await auditTrail(bench))).toEqual(['requested']);
    expect(await bench.store.get('abcd1234')).toMatchObject({ looks: 2 });
  });

  it('takes what happened without a change: a refusal, a link', async () => {
    await bench.store.record(
      entry('link-handed-out', { by: CAROL, facts: { objectKey: 'a/b.hprof', until: 17 } }),
    );

    expect((await auditTrail(bench)).at(-1)).toMatchObject({
      event: 'link-handed-out',
      by: CAROL,
      facts: '{"objectKey":"a/b.hprof","until":17}',
    });
  });
});
