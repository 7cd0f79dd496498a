import { describe, expect, it } from 'vitest';
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { parsed, smallest } from '../unit/a-config.ts';

const route = (changes: object): string => {
  const base = smallest();
  const uploadCredentials = { accessKeyId: 'id', accessKeySecret: 'secret' };
  const config = parsed({ ...base, store: { ...base.store, uploadCredentials, ...changes } }, {}, 'worker');
  return ossFromConfig(config, Date.now).routeUrl();
};
const publicDomain = 'https://dumps.example.com';

describe('pods reach the store', () => {
  it('where the worker does, unless the config names another way', () => {
    expect(route({})).toBe('https://dumps.oss-cn-hangzhou.aliyuncs.com/');
    expect(route({ publicEndpoint: publicDomain, publicCname: true })).toBe(
      'https://dumps.oss-cn-hangzhou.aliyuncs.com/',
    );
    expect(route({ podEndpoint: 'https://oss-cn-hangzhou-internal.aliyuncs.com' })).toBe(
      'https://dumps.oss-cn-hangzhou-internal.aliyuncs.com/',
    );
  });

  it('by the bucket’s own domain, if that is what links go to as well', () => {
    const both = { publicEndpoint: publicDomain, podEndpoint: publicDomain };

    expect(route({ ...both, publicCname: true })).toBe('https://dumps.example.com/');
    expect(route(both)).toBe('https://dumps.dumps.example.com/');
  });
});
