import { describe, expect, it } from 'vitest';
import { en } from '../../src/bot/words/en.ts';
import { zhCn } from '../../src/bot/words/zh-cn.ts';
import { seeded } from './seeded.ts';

describe('a size', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 KB'],
    [9994, '9.99 KB'],
    [9995, '10.0 KB'],
    [99_949, '99.9 KB'],
    [99_950, '100 KB'],
    [999_499, '999 KB'],
    [999_500, '1.00 MB'],
    [2_900_000_000, '2.90 GB'],
    [30_000_000_000, '30.0 GB'],
    [4_500_000_000_000, '4.50 TB'],
    [2_000_000_000_000_000, '2000 TB'],
  ])('of %d bytes reads %s', (bytes, read) => {
    expect(en.bytes(bytes)).toBe(read);
  });

  it('is in bytes in Chinese words and in the same units otherwise', () => {
    expect([zhCn.bytes(12), zhCn.bytes(2_900_000_000)]).toEqual(['12 字节', '2.90 GB']);
  });

  it('never has more than three digits below 1000 TB, and is within half a percent of the truth', () => {
    const random = seeded(5);
    const factor: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
    for (let turn = 0; turn < 5000; turn += 1) {
      const bytes = random.below(10 ** (1 + random.below(15)));
      const [amount = '', unit = ''] = en.bytes(bytes).split(' ');

      expect(amount.replace('.', '').length, String(bytes)).toBeLessThanOrEqual(3);
      expect(Math.abs(Number(amount) * (factor[unit] ?? 0) - bytes)).toBeLessThanOrEqual(bytes * 0.0051);
    }
  });
});

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [340, '340 ms'],
    [999, '999 ms'],
    [999.4, '999 ms'],
    [999.7, '1.0 s'],
    [1000, '1.0 s'],
    [4200, '4.2 s'],
    [9949, '9.9 s'],
    [9950, '10 s'],
    [42_400, '42 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [185_000, '3 min 5 s'],
    [3_599_400, '59 min 59 s'],
    [3_600_000, '1 h'],
    [7_800_000, '2 h 10 min'],
    [86_400_000, '1 d'],
    [604_800_000, '7 d'],
    [90_000_000, '1 d 1 h'],
  ])('of %d ms reads %s', (ms, read) => {
    expect(en.duration(ms)).toBe(read);
  });

  it('has its units in Chinese words', () => {
    expect([340, 4200, 185_000, 7_800_000, 90_000_000].map(zhCn.duration)).toEqual([
      '340 毫秒',
      '4.2 秒',
      '3 分 5 秒',
      '2 小时 10 分',
      '1 天 1 小时',
    ]);
  });
});
