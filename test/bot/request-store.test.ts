import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry, AuditEvent } from '../../src/bot/audit.ts';
import { approve, type DumpRequest, deny, MoveError } from '../../src/bot/dump-request.ts';
import { createRequestStore, type RequestStore } from '../../src/bot/request-store.ts';
import { type RunningRedis, startRedis } from '../../src/demo/redis-server.ts';
import { connectRedis } from '../../src/redis.ts';
import { tools } from '../tools.ts';
import { ALICE, aPreflight, BOB, CAROL, NOW, pending, proposed } from '../unit/a-request.ts';
import { HOSTILE } from '../unit/message-texts.ts';
import { seeded } from '../unit/seeded.ts';

let workDir: string;
let server: RunningRedis;
let redis: Redis;
let store: RequestStore;

beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'heapdump-store-'));
  server = await startRedis({ tools: tools(), workDir });
  redis = connectRedis(server.url, 'blocking');
  // Redis is killed on purpose in between.
  redis.on('error', () => {});
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
  await rm(workDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await redis.flushall();
  store = createRequestStore(redis);
});

const entry = (event: AuditEvent, changes: Partial<AuditEntry> = {}): AuditEntry => ({
  at: NOW,
  event,
  requestId: 'abcd1234',
  by: ALICE,
  target: 'prod-1/prod/order-service-7d9f8-x2x4k',
  facts: {},
  ...changes,
});

async function auditTrail(): Promise<Record<string, string>[]> {
  const entries = await redis.xrange('heapdump:audit', '-', '+');
  return entries.map(([, fields]) => {
    const pairs = Array.from({ length: fields.length / 2 }, (_, at) => [fields[2 * at], fields[2 * at + 1]]);
    return Object.fromEntries(pairs) as Record<string, string>;
  });
}
const eventsOf = (trail: Record<string, string>[]) => trail.map(({ event }) => event);

/** A request whose `looks` are counted up: each change that counts is seen in the number. */
const oneMore = (request: DumpRequest): DumpRequest => ({ ...request, looks: request.looks + 1 });

describe('a request in Redis', () => {
  it('is read back as it was created', async () => {
    await store.create(pending(), 'delivery-1', entry('requested'));

    expect(await store.get('abcd1234')).toEqual(pending());
    expect(await store.get('zzzz9999')).toBeUndefined();
  });

  it('is created once for each delivery, however often and from wherever it comes', async () => {
    const ids = Array.from({ length: 20 }, (_, at) => `aaaa${String(at).padStart(4, '0')}`);

    const made = await Promise.all(
      ids.map((id) => store.create(proposed({ id }), 'delivery-1', entry('requested', { requestId: id }))),
    );

    const [first] = made;
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(made.map(({ id }) => id))).toEqual(new Set([first?.id]));
    expect(await store.newest(100)).toHaveLength(1);
    expect(await store.openIds()).toEqual([first?.id]);
    expect(await auditTrail()).toHaveLength(1);
  });

  it('is another one for another delivery', async () => {
    await store.create(proposed({ id: 'aaaa0001' }), 'delivery-1', entry('requested'));
    const second = await store.create(proposed({ id: 'aaaa0002' }), 'delivery-2', entry('requested'));

    expect(second).toEqual({ id: 'aaaa0002', isNew: true });
  });

  it('is never written over by another one that was given the same id', async () => {
    await store.create(proposed({ reason: 'first' }), 'delivery-1', entry('requested'));

    await expect(
      store.create(proposed({ reason: 'second' }), 'delivery-2', entry('requested')),
    ).rejects.toThrow();
    expect((await store.get('abcd1234'))?.reason).toBe('first');
    expect(await auditTrail()).toHaveLength(1);
    // The delivery is not used up: with a new id it can be tried again.
    expect(await store.create(proposed({ id: 'bbbb0002' }), 'delivery-2', entry('requested'))).toEqual({
      id: 'bbbb0002',
      isNew: true,
    });
  });

  it('is listed with the newest first, and only as many as asked for', async () => {
    for (const [id, minutes] of [
      ['aaaa0002', 2],
      ['aaaa0003', 3],
      ['aaaa0001', 1],
    ] as const) {
      const request = { ...proposed({ id }), createdAt: NOW + minutes * 60_000 };
      await store.create(request, `delivery-${id}`, entry('requested'));
    }

    const ids = async (limit: number) => (await store.newest(limit)).map(({ id }) => id);
    expect(await ids(10)).toEqual(['aaaa0003', 'aaaa0002', 'aaaa0001']);
    expect(await ids(2)).toEqual(['aaaa0003', 'aaaa0002']);
    expect(await ids(0)).toEqual([]);
  });
});

describe('a change', () => {
  beforeEach(() => store.create(pending(), 'delivery-1', entry('requested')));

  it('is saved with one revision more, and gives what stands afterwards', async () => {
    const changed = await store.change('abcd1234', oneMore);

    expect(changed).toMatchObject({ changed: true, request: { looks: 1, revision: 1 } });
    expect(await store.get('abcd1234')).toEqual(changed?.request);
  });

  it('is not made where there is nothing to do, or no request', async () => {
    expect(await store.change('abcd1234', () => undefined)).toEqual({ changed: false, request: pending() });
    expect(await store.change('zzzz9999', oneMore)).toBeUndefined();
    expect(await store.get('zzzz9999')).toBeUndefined();
  });

  it('is not lost, nor made twice, where fifty are made at once through one connection', async () => {
    await Promise.all(Array.from({ length: 50 }, () => store.change('abcd1234', oneMore)));

    expect(await store.get('abcd1234')).toMatchObject({ looks: 50, revision: 50 });
  });

  it('is not lost where fifty bots make one each', async () => {
    const bots = Array.from({ length: 50 }, () => connectRedis(server.url, 'blocking'));
    try {
      await Promise.all(
        bots.map((bot) =>
          createRequestStore(bot).change('abcd1234', oneMore, () => entry('approved', { facts: { x: 1 } })),
        ),
      );
    } finally {
      for (const bot of bots) bot.disconnect();
    }

    expect(await store.get('abcd1234')).toMatchObject({ looks: 50, revision: 50 });
    expect(eventsOf(await auditTrail())).toEqual([
      'requested',
      ...Array.from({ length: 50 }, () => 'approved'),
    ]);
  });

  it('lets one decision win of many that are made at once, and tells the others', async () => {
    const decisions = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) =>
        store.change(
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
    expect(await auditTrail()).toHaveLength(2);
  });

  it('closes a request, which then is no longer open, and may open it again', async () => {
    await store.change('abcd1234', (request) => ({ ...request, closed: true }));
    expect(await store.openIds()).toEqual([]);
    expect((await store.newest(10)).map(({ id }) => id)).toEqual(['abcd1234']);

    await store.change('abcd1234', (request) => ({ ...request, closed: false }));
    expect(await store.openIds()).toEqual(['abcd1234']);
  });

  it('survives the end of Redis', async () => {
    await store.change('abcd1234', oneMore, () => entry('approved'));
    await server.kill();
    await server.restart();

    expect(await store.get('abcd1234')).toMatchObject({ looks: 1, revision: 1 });
    expect(eventsOf(await auditTrail())).toEqual(['requested', 'approved']);
  });
});

describe('the audit record', () => {
  beforeEach(() => store.create(pending(), 'delivery-1', entry('requested', { facts: { rule: 'prod' } })));

  it('says who did what to which pod, and when, for a person to read', async () => {
    await store.change(
      'abcd1234',
      (request) => approve(request, BOB, NOW),
      (after) => entry('approved', { by: BOB, at: NOW + 1000, facts: { revision: after.revision } }),
    );

    expect(await auditTrail()).toEqual([
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
    await expect(store.change('abcd1234', refuse, () => entry('approved'))).rejects.toThrow('refused');
    await store.change(
      'abcd1234',
      () => undefined,
      () => entry('approved'),
    );
    await store.change('zzzz9999', oneMore, () => entry('approved'));
    await store.create(proposed({ id: 'bbbb0002' }), 'delivery-1', entry('requested'));

    expect(eventsOf(await auditTrail())).toEqual(['requested']);
  });

  it('may leave out a change that nobody will ask about', async () => {
    await store.change('abcd1234', oneMore);
    await store.change('abcd1234', oneMore, () => undefined);

    expect(eventsOf(await auditTrail())).toEqual(['requested']);
    expect(await store.get('abcd1234')).toMatchObject({ looks: 2 });
  });

  it('takes what happened without a change: a refusal, a link', async () => {
    await store.record(entry('link-handed-out', { by: CAROL, facts: { objectKey: 'a/b.hprof', until: 17 } }));

    expect((await auditTrail()).at(-1)).toMatchObject({
      event: 'link-handed-out',
      by: CAROL,
      facts: '{"objectKey":"a/b.hprof","until":17}',
    });
  });
});

describe('a delivery', () => {
  it('is new once, and is forgotten after a day rather than kept for ever', async () => {
    expect(await store.firstSight('action:1')).toBe(true);
    expect(await store.firstSight('action:1')).toBe(false);
    expect(await store.firstSight('action:2')).toBe(true);

    const secondsLeft = await redis.ttl('heapdump:seen:action:1');
    expect(secondsLeft).toBeGreaterThan(3600);
    expect(secondsLeft).toBeLessThanOrEqual(86_400);
  });
});

describe('the word on a request', () => {
  it('is one bot’s at a time, of those that ask at once too', async () => {
    const got = await Promise.all(['a', 'b', 'c', 'd'].map((bot) => store.takeWord('abcd1234', bot, 60_000)));

    expect(got.filter(Boolean)).toHaveLength(1);
  });

  it('may be taken again by the bot that has it, and is then held for longer', async () => {
    await store.takeWord('abcd1234', 'a', 60_000);

    expect(await store.takeWord('abcd1234', 'a', 120_000)).toBe(true);
    expect(await redis.pttl('heapdump:speaker:abcd1234')).toBeGreaterThan(60_000);
  });

  it('goes to another bot once it is left, but not when somebody else leaves it', async () => {
    await store.takeWord('abcd1234', 'a', 60_000);
    await store.leaveWord('abcd1234', 'b');
    expect(await store.takeWord('abcd1234', 'b', 60_000)).toBe(false);

    await store.leaveWord('abcd1234', 'a');
    expect(await store.takeWord('abcd1234', 'b', 60_000)).toBe(true);
  });

  it('goes to another bot when the time of a bot that died is over', async () => {
    await store.takeWord('abcd1234', 'dead', 1);
    const waited = async (): Promise<boolean> =>
      (await store.takeWord('abcd1234', 'alive', 60_000)) || (await waited());

    expect(await waited()).toBe(true);
  });

  it('is held for each request apart', async () => {
    await store.takeWord('abcd1234', 'a', 60_000);

    expect(await store.takeWord('bbbb0002', 'b', 60_000)).toBe(true);
  });
});

describe('a request with odd texts in it', () => {
  it.each([
    ['markup, quotes and controls', `${HOSTILE} "'\\ \u0001 \n`],
    ['what looks like the request’s own JSON', '","revision":99,"state":"approved"} ]]> {"revision":99'],
    ['half of a character, as cutting a text leaves it', `cut in the middle of ${'💥'.slice(0, 1)}`],
    ['NUL', 'a\0b'],
    ['a thousand characters of Chinese', '内'.repeat(1000)],
    ['what Lua and Redis may take for code', "'); redis.call('FLUSHALL') --"],
  ])('is saved, changed and audited like any other: %s', async (_what, reason) => {
    await store.create(pending({ reason }), 'delivery-1', entry('requested', { facts: { reason } }));
    const changed = await store.change('abcd1234', oneMore, () => entry('denied', { facts: { reason } }));

    expect(changed).toMatchObject({ changed: true, request: { reason, looks: 1 } });
    expect(await store.get('abcd1234')).toEqual(changed?.request);
    expect((await auditTrail()).map(({ facts }) => JSON.parse(facts ?? ''))).toEqual([
      { reason },
      { reason },
    ]);
  });

  it('is saved and changed whatever code units its texts are made of', async () => {
    const random = seeded(11);
    for (let turn = 0; turn < 100; turn += 1) {
      const id = `rand${String(turn).padStart(4, '0')}`;
      const reason = String.fromCharCode(
        ...Array.from({ length: 1 + random.below(40) }, () => random.below(65_536)),
      );
      const mainClass = random.text(['"', '\\', '\u2028', '\ud83d', '{', ']', '\0', 'é'], 20) || 'Main';
      const jvm = { ...aPreflight().jvm, mainClass };
      await store.create(pending({ id, reason }, { jvm }), id, entry('requested'));

      expect(await store.change(id, oneMore)).toMatchObject({ changed: true, request: { reason } });
      expect((await store.get(id))?.preflight?.jvm.mainClass).toBe(mainClass);
    }
  });

  it('has a delivery id that is only a name', async () => {
    const odd = 'x\r\nFLUSHALL\r\n* 💥 heapdump:requests:all';
    await store.create(pending(), odd, entry('requested'));

    expect(await store.create(pending({ id: 'bbbb0002' }), odd, entry('requested'))).toEqual({
      id: 'abcd1234',
      isNew: false,
    });
  });
});

describe('a request that another version of the bot wrote', () => {
  it('is refused, not guessed at', async () => {
    await redis.set('heapdump:request:abcd1234', JSON.stringify({ ...pending(), version: 2 }));

    await expect(store.get('abcd1234')).rejects.toThrow();
    await expect(store.change('abcd1234', oneMore)).rejects.toThrow();
    expect(JSON.parse((await redis.get('heapdump:request:abcd1234')) ?? '')).toMatchObject({ version: 2 });
  });
});
