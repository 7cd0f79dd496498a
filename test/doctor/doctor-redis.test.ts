import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRedis, startRedis } from '../../src/demo/redis-server.ts';
import { checkRedis } from '../../src/doctor/check-redis.ts';
import { tools } from '../tools.ts';

describe('the doctor at Redis', () => {
  let workDir: string;
  let redis: RunningRedis;
  let operator: Redis;
  beforeAll(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'heapdump-doctor-redis-'));
    redis = await startRedis({ tools: tools(), workDir, password: 's3cret' });
    operator = new Redis(redis.url);
  });
  afterEach(async () => {
    await operator.config('SET', 'maxmemory-policy', 'noeviction');
    await operator.config('SET', 'appendonly', 'yes');
  });
  afterAll(async () => {
    operator?.disconnect();
    await redis?.stop();
    await rm(workDir, { recursive: true, force: true });
  });

  const complaints = async (url = redis.url, now = Date.now) =>
    (await checkRedis(url, now)).filter(({ verdict }) => verdict !== 'ok');
  const as = (user: string, password: string) => `redis://${user}:${password}@127.0.0.1:${redis.port}`;

  it('has no complaints where nothing is evicted and everything is written down', async () => {
    expect(await complaints()).toEqual([]);
    expect(await operator.keys('*')).toEqual([]);
  });

  it('names the policy that evicts', async () => {
    await operator.config('SET', 'maxmemory-policy', 'allkeys-lru');

    expect(await complaints()).toMatchObject([{ code: 'redis-evicts', facts: { policy: 'allkeys-lru' } }]);
  });

  it('names a Redis that forgets at a restart', async () => {
    await operator.config('SET', 'appendonly', 'no');

    expect(await complaints()).toMatchObject([{ code: 'redis-not-persistent' }]);
  });

  it('asks INFO where CONFIG is forbidden, as managed ones do, and says so where both are', async () => {
    await operator.call('ACL', 'SETUSER', 'managed', 'on', '>pw', '~*', '&*', '+@all', '-config');
    expect(await complaints(as('managed', 'pw'))).toEqual([]);

    await operator.call('ACL', 'SETUSER', 'managed', '-info');
    expect(await complaints(as('managed', 'pw'))).toMatchObject([
      { code: 'redis-setting-hidden', facts: { setting: 'INFO' } },
      { code: 'redis-setting-hidden', facts: { setting: 'maxmemory-policy' } },
      { code: 'redis-setting-hidden', facts: { setting: 'appendonly' } },
    ]);
  });

  it('names a command that an access list refuses', async () => {
    await operator.call('ACL', 'SETUSER', 'narrow', 'on', '>pw', '~*', '&*', '+@all', '-eval');

    expect(await complaints(as('narrow', 'pw'))).toMatchObject([
      { code: 'redis-command-refused', facts: { reason: expect.stringContaining('eval') } },
    ]);
  });

  it('tells a wrong password from no Redis, and repeats none', async () => {
    const wrong = await complaints(as('default', 'hunter2'));
    const gone = await complaints('redis://:hunter2@127.0.0.1:9');

    expect(wrong).toMatchObject([{ code: 'redis-login-refused' }]);
    expect(gone).toMatchObject([{ code: 'redis-unreachable', facts: { server: '127.0.0.1:9' } }]);
    expect(JSON.stringify([wrong, gone])).not.toContain('hunter2');
  });

  it('sees that the clocks are apart', async () => {
    const found = await complaints(redis.url, () => Date.now() + 120_000);

    expect(found).toMatchObject([
      { code: 'redis-clock', facts: { seconds: expect.stringMatching(/^1(19|20|21)$/) } },
    ]);
  });
});
