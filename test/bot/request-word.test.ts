import { describe, expect, it } from 'vitest';
import { storeBench } from './store-bench.ts';

const bench = storeBench();

describe('the word on a request', () => {
  it('is one bot’s at a time, of those that ask at once too', async () => {
    const got = await Promise.all(
      ['a', 'b', 'c', 'd'].map((bot) => bench.store.takeWord('abcd1234', bot, 60_000)),
    );

    expect(got.filter(Boolean)).toHaveLength(1);
  });

  it('may be taken again by the bot that has it, and is then held for longer', async () => {
    await bench.store.takeWord('abcd1234', 'a', 60_000);

    expect(await bench.store.takeWord('abcd1234', 'a', 120_000)).toBe(true);
    expect(await bench.redis.pttl('heapdump:speaker:abcd1234')).toBeGreaterThan(60_000);
  });

  it('goes to another bot once it is left, but not when somebody else leaves it', async () => {
    await bench.store.takeWord('abcd1234', 'a', 60_000);
    await bench.store.leaveWord('abcd1234', 'b');
    expect(await bench.store.takeWord('abcd1234', 'b', 60_000)).toBe(false);

    await bench.store.leaveWord('abcd1234', 'a');
    expect(await bench.store.takeWord('abcd1234', 'b', 60_000)).toBe(true);
  });

  it('goes to another bot when the time of a bot that died is over', async () => {
    await bench.store.takeWord('abcd1234', 'dead', 1);
    const waited = async (): Promise<boolean> =>
      (await bench.store.takeWord('abcd1234', 'alive', 60_000)) || (await waited());

    expect(await waited()).toBe(true);
  });

  it('is held for each request apart', async () => {
    await bench.store.takeWord('abcd1234', 'a', 60_000);

    expect(await bench.store.takeWord('bbbb0002', 'b', 60_000)).toBe(true);
  });
});
