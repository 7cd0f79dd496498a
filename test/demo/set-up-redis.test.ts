import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningRedis, startRedis } from '../../src/demo/redis-server.ts';
import { tools } from '../tools.ts';

describe('a Redis of the demo’s own', () => {
  let workDir: string;
  let redis: RunningRedis;
  let client: Redis;

  const connected = () => {
    const made = new Redis(redis.url, { maxRetriesPerRequest: null });
    made.on('error', () => {});
    return made;
  };

  beforeEach(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'heapdump-redis-'));
    redis = await startRedis({ tools: tools(), workDir });
    client = connected();
  });

  afterEach(async () => {
    client.disconnect();
    await redis.stop();
    await rm(workDir, { recursive: true, force: true });
  });

  it('listens on 127.0.0.1 alone, and is set up as the bot needs it', async () => {
    const [, bind] = (await client.config('GET', 'bind')) as string[];
    const [, policy] = (await client.config('GET', 'maxmemory-policy')) as string[];
    const [, appendOnly] = (await client.config('GET', 'appendonly')) as string[];

    expect({ bind, policy, appendOnly }).toEqual({
      bind: '127.0.0.1',
      policy: 'noeviction',
      appendOnly: 'yes',
    });
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
  });

  it('keeps what it was told when it is stopped, and when it is killed', async () => {
    await client.set('request', 'pending');
    await redis.restart();
    const afterStop = await client.get('request');
    await client.set('request', 'approved');
    await redis.kill();
    await redis.restart();
    const afterKill = await client.get('request');

    expect([afterStop, afterKill]).toEqual(['pending', 'approved']);
  });

  it('can be stopped twice, and is gone then', async () => {
    await redis.stop();
    await redis.stop();

    const late = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => null });
    late.on('error', () => {});
    await expect(late.connect()).rejects.toThrow();
  });

  it('asks for the password that it was given, which stands in no command line', async () => {
    const password = 'kept to itself';
    const guarded = await startRedis({ tools: tools(), workDir: join(workDir, 'guarded'), password });
    const stranger = new Redis(guarded.port, '127.0.0.1', { maxRetriesPerRequest: 0 });
    stranger.on('error', () => {});
    const friend = new Redis(guarded.url);
    try {
      await expect(stranger.get('x')).rejects.toThrow('NOAUTH');
      expect(await friend.ping()).toBe('PONG');
      const [, pid] = /process_id:(\d+)/.exec(await friend.info('server')) ?? [];
      expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('kept');
    } finally {
      stranger.disconnect();
      friend.disconnect();
      await guarded.stop();
    }
  });

  it('ends with the process that started it, even if that is killed', async () => {
    const script = join(workDir, 'starts-one.ts');
    const module = fileURLToPath(new URL('../../src/demo/redis-server.ts', import.meta.url));
    await writeFile(
      script,
      `import { startRedis } from ${JSON.stringify(module)};
      const options = ${JSON.stringify({ tools: tools(), workDir: join(workDir, 'orphan') })};
      startRedis(options).then(({ url }) => console.log(url));`,
    );
    const starter = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [url] = (await once(starter.stdout, 'data')) as [Buffer];
    const orphan = new Redis(url.toString().trim(), { retryStrategy: () => null });
    orphan.on('error', () => {});
    await orphan.ping();
    const ended = once(orphan, 'end');

    starter.kill('SIGKILL');

    // Its connection ends when it does: a Redis that lives on would keep it open until the test runs out of time.
    await ended;
  });

  it('says what its log says when it cannot start', async () => {
    const broken = { ...tools(), redisServer: join(workDir, 'not-there') };

    await expect(startRedis({ tools: broken, workDir: join(workDir, 'broken') })).rejects.toThrow(
      /not-there/,
    );
  });
});
