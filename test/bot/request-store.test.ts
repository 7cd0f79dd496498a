import { describe, expect, it } from 'vitest';
import { aPreflight, NOW, pending, proposed } from '../unit/a-request.ts';
import { HOSTILE } from '../unit/message-texts.ts';
import { seeded } from '../unit/seeded.ts';
import { auditTrail, entry, oneMore, storeBench } from './store-bench.ts';

const bench = storeBench();

describe('a request in Redis', () => {
  it('is read back as it was created', async () => {
    await bench.store.create(pending(), 'delivery-1', entry('requested'));

    expect(await bench.store.get('abcd1234')).toEqual(pending());
    expect(await bench.store.get('zzzz9999')).toBeUndefined();
  });

  it('is created once for each delivery, however often and from wherever it comes', async () => {
    const ids = Array.from({ length: 20 }, (_, at) => `aaaa${String(at).padStart(4, '0')}`);

    const made = await Promise.all(
      ids.map((id) =>
        bench.store.create(proposed({ id }), 'delivery-1', entry('requested', { requestId: id })),
      ),
    );

    const [first] = made;
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(made.map(({ id }) => id))).toEqual(new Set([first?.id]));
    expect(await bench.store.newest(100)).toHaveLength(1);
    expect(await bench.store.openIds()).toEqual([first?.id]);
    expect(await auditTrail(bench)).toHaveLength(1);
  });

  it('is another one for another delivery', async () => {
    await bench.store.create(proposed({ id: 'aaaa0001' }), 'delivery-1', entry('requested'));
    const second = await bench.store.create(proposed({ id: 'aaaa0002' }), 'delivery-2', entry('requested'));

    expect(second).toEqual({ id: 'aaaa0002', isNew: true });
  });

  it('is never written over by another one that was given the same id', async () => {
    await bench.store.create(proposed({ reason: 'first' }), 'delivery-1', entry('requested'));

    await expect(
      bench.store.create(proposed({ reason: 'second' }), 'delivery-2', entry('requested')),
    ).rejects.toThrow();
    expect((await bench.store.get('abcd1234'))?.reason).toBe('first');
    expect(await auditTrail(bench)).toHaveLength(1);
    // The delivery is not used up: with a new id it can be tried again.
    expect(await bench.store.create(proposed({ id: 'bbbb0002' }), 'delivery-2', entry('requested'))).toEqual({
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
      await bench.store.create(request, `delivery-${id}`, entry('requested'));
    }

    const ids = async (limit: number) => (await bench.store.newest(limit)).map(({ id }) => id);
    expect(await ids(10)).toEqual(['aaaa0003', 'aaaa0002', 'aaaa0001']);
    expect(await ids(2)).toEqual(['aaaa0003', 'aaaa0002']);
    expect(await ids(0)).toEqual([]);
  });
});

describe('a delivery', () => {
  it('is new once, and is forgotten after a day rather than kept for ever', async () => {
    expect(await bench.store.firstSight('action:1')).toBe(true);
    expect(await bench.store.firstSight('action:1')).toBe(false);
    expect(await bench.store.firstSight('action:2')).toBe(true);

    const secondsLeft = await bench.redis.ttl('heapdump:seen:action:1');
    expect(secondsLeft).toBeGreaterThan(3600);
    expect(secondsLeft).toBeLessThanOrEqual(86_400);
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
    await bench.store.create(pending({ reason }), 'delivery-1', entry('requested', { facts: { reason } }));
    const changed = await bench.store.change('abcd1234', oneMore, () =>
      entry('denied', { facts: { reason } }),
    );

    expect(changed).toMatchObject({ changed: true, request: { reason, looks: 1 } });
    expect(await bench.store.get('abcd1234')).toEqual(changed?.request);
    expect((await auditTrail(bench)).map(({ facts }) => JSON.parse(facts ?? ''))).toEqual([
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
      await bench.store.create(pending({ id, reason }, { jvm }), id, entry('requested'));

      expect(await bench.store.change(id, oneMore)).toMatchObject({ changed: true, request: { reason } });
      expect((await bench.store.get(id))?.preflight?.jvm.mainClass).toBe(mainClass);
    }
  });

  it('has a delivery id that is only a name', async () => {
    const odd = 'x\r\nFLUSHALL\r\n* 💥 heapdump:requests:all';
    await bench.store.create(pending(), odd, entry('requested'));

    expect(await bench.store.create(pending({ id: 'bbbb0002' }), odd, entry('requested'))).toEqual({
      id: 'abcd1234',
      isNew: false,
    });
  });
});

describe('a request that another version of the bot wrote', () => {
  it('is refused, not guessed at', async () => {
    await bench.redis.set('heapdump:request:abcd1234', JSON.stringify({ ...pending(), version: 2 }));

    await expect(bench.store.get('abcd1234')).rejects.toThrow();
    await expect(bench.store.change('abcd1234', oneMore)).rejects.toThrow();
    expect(JSON.parse((await bench.redis.get('heapdump:request:abcd1234')) ?? '')).toMatchObject({
      version: 2,
    });
  });
});
