import { describe, expect, it } from 'vitest';
import { objectKeyOf, prefixWords } from '../../src/worker/object-key.ts';

const config = {
  project: { labels: ['app.kubernetes.io/part-of', 'project'], value: 'default' },
  app: { labels: ['app'], value: 'unknown' },
  env: { labels: ['env'], value: 'none' },
};

describe('the three words that a dump is filed under', () => {
  it('come from the pod’s labels, the first that is there', () => {
    const labels = { project: 'second', 'app.kubernetes.io/part-of': 'shop', app: 'orders', env: 'prod' };

    expect(prefixWords(labels, config)).toEqual(['shop', 'orders', 'prod']);
    expect(prefixWords({ project: 'second' }, config)[0]).toBe('second');
  });

  it('come from the config where the pod has no such label', () => {
    expect(prefixWords({}, config)).toEqual(['default', 'unknown', 'none']);
  });

  it.each(['', '..', '.', 'a/b', '-x y', 'a\n', '中', 'x'.repeat(64), '$(id)'])(
    'are never taken from a label such as %j',
    (value) => {
      expect(prefixWords({ app: value }, config)[1]).toBe('unknown');
    },
  );

  it('are not found in what every object has', () => {
    const odd = { ...config, app: { labels: ['constructor'], value: 'unknown' } };

    expect(prefixWords({}, odd)[1]).toBe('unknown');
  });
});

describe('the key of a dump in the store', () => {
  it('says pod, time in UTC to the second, and request', () => {
    expect(
      objectKeyOf(
        'shop/orders/prod',
        'orders-0',
        'abcd1234',
        Date.UTC(2026, 10, 24, 15, 15, 0, 999),
        'hprof',
      ),
    ).toBe('shop/orders/prod/orders-0-20261124T151500Z-abcd1234.hprof');
  });

  it('fits into the 1023 bytes of OSS with the longest names that there are', () => {
    const longest = 'x'.repeat(63);
    const key = objectKeyOf(`${longest}/${longest}/${longest}`, 'p'.repeat(253), 'abcd1234', 0, 'hprof.gz');

    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1023);
  });
});
