import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis } from '../../src/redis.ts';
import { startWorld, type World } from '../world.ts';

describe('secrets stay put', () => {
  let world: World;
  let secrets: string[];
  beforeAll(async () => {
    world = await startWorld({ heapMb: 16 });
    // One failure as well: errors are where secrets like to leak.
    world.oss.faults.next({ kind: 'status', status: 500 }, ({ operation }) => operation === 'UploadPart', 2);
    await world.dump();
    const { slack, oss, cluster } = world;
    secrets = [
      slack.botToken,
      slack.appToken,
      slack.signingSecret,
      oss.accessKeys.upload.secret,
      oss.accessKeys.download.secret,
      cluster.token('worker'),
    ];
  });
  afterAll(() => world?.stop());

  it('no credential and no link is in the argv of an exec, which ends in the audit log of the API server', () => {
    const argv = world.cluster.execs.flatMap(({ command }) => command).join('\n');
    for (const secret of [...secrets, 'x-oss-', world.oss.accessKeys.upload.id])
      expect(argv).not.toContain(secret);
  });

  it('none is in the logs', () => {
    const logs = world.logLines.join('\n');
    expect(logs).toContain('dump step begins');
    for (const secret of [...secrets, 'x-oss-signature=']) expect(logs).not.toContain(secret);
  });

  it('none is in Redis: not in a job, a request, a progress or the audit record', async () => {
    const redis = connectRedis(world.redis.url, 'commands');
    const keys = await redis.keys('*');
    const all = JSON.stringify(
      await Promise.all(keys.map(async (key) => [key, await contentOf(redis, key)])),
    );
    redis.disconnect();
    expect(all.length).toBeGreaterThan(1000);
    for (const secret of [...secrets, 'x-oss-signature=', '/actions/', 'hooks.slack.com'])
      expect(all).not.toContain(secret);
  });

  it('none is in what chat shows, but for the link itself', () => {
    const shown = world.slack
      .messages(world.cast.channel)
      .map(({ blocks, text }) => JSON.stringify([blocks, text]))
      .join('\n');
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });
});

/** In the clear: DUMP would compress, and hide what is looked for. */
async function contentOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    case 'none':
      // Locks live for seconds, and may end between the two questions.
      return null;
    default:
      throw new Error(`A kind of key that nobody looked into: ${key}`);
  }
}
