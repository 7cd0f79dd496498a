import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlatforms } from '../../src/bot/create-platforms.ts';
import { startBot } from '../../src/bot/start-bot.ts';
import { credentialsFromConfig } from '../../src/credentials-from-config.ts';
import { withHealth } from '../../src/health/health.ts';
import { createLogger } from '../../src/log.ts';
import { connectRedis } from '../../src/redis.ts';
import { queueName } from '../../src/worker/dump-job.ts';
import { startWorker } from '../../src/worker/start-worker.ts';
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { startWorld, until, type World } from '../world.ts';

const ADDRESS = { host: '127.0.0.1', port: 0 };

describe('what Prometheus hears of a dump, from two bots and a worker', () => {
  let world: World;
  const running: { url: string; stop(): Promise<void> }[] = [];
  beforeAll(async () => {
    world = await startWorld({
      bot: 'none',
      worker: 'none',
      config: () => ({ transfer: { via: 'relay', compress: 'none' } }),
    });
    for (const start of [aWorker, aBot, aBot]) {
      const { healthUrl = '', stop } = await start();
      running.push({ url: healthUrl, stop });
    }
  });
  afterAll(async () => {
    for (const each of running.splice(0).reverse()) await each.stop();
    await world?.stop();
  });

  const log = createLogger({ name: 'test', level: 'silent' });
  const aBot = () =>
    withHealth(ADDRESS, 'bot', (health) =>
      startBot(world.config, {
        platforms: createPlatforms(world.config, { log, now: Date.now }),
        downloadCredentials: credentialsFromConfig(world.config, 'downloadCredentials', Date.now),
        log,
        now: Date.now,
        reconcileEveryMs: 1000,
        health,
      }),
    );
  const aWorker = () =>
    withHealth(ADDRESS, 'worker', (health) => {
      const [cluster] = world.config.clusters;
      if (cluster === undefined) throw new Error('no cluster');
      const store = ossFromConfig(world.config, Date.now);
      return startWorker(world.config, cluster, { store, now: Date.now, log, health });
    });

  /** @returns of each process the samples with this name: labels → value */
  async function samples(name: string): Promise<Record<string, number>[]> {
    return Promise.all(
      running.map(async ({ url }) => {
        const text = await (await fetch(`${url}/metrics`)).text();
        const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
        return Object.fromEntries(
          lines.map((line): [string, number] => {
            const end = line.lastIndexOf('}');
            return [line.slice(name.length + 1, end).replaceAll('"', ''), Number(line.slice(end + 1))];
          }),
        );
      }),
    );
  }
  const sum = async (name: string, labels: string): Promise<number> =>
    (await samples(name)).reduce((total, each) => total + (each[labels] ?? 0), 0);

  it('all three are ready', async () => {
    const answers = await Promise.all(running.map(async ({ url }) => (await fetch(`${url}/readyz`)).json()));

    expect(answers).toMatchObject([
      { ready: true, checks: { 'queue demo': true } },
      { ready: true, checks: { redis: true, chat: true } },
      { ready: true, checks: { redis: true, chat: true } },
    ]);
  });

  it('each bot says whether chat reaches it', async () => {
    expect((await samples('heapdump_chat_connected')).map((each) => each['platform=slack'])).toEqual([
      undefined,
      1,
      1,
    ]);
  });

  it('a request that waits for its reviewer is one in every bot’s gauge, and counted by one of them', async () => {
    await world.type(world.target);
    const card = await world.card();

    expect((await samples('heapdump_open_requests')).map((each) => each['state=pending'])).toEqual([
      undefined,
      1,
      1,
    ]);
    expect(await sum('heapdump_request_events_total', 'event=requested')).toBe(1);
    await world.press('Approve', card, world.cast.reviewer);
    await world.result(card);
  });

  it('a dump that has arrived is counted once, with its bytes, its steps and its pause', async () => {
    const { outcome } = await world.waitForRequest(({ state }) => state === 'completed');
    if (outcome?.outcome !== 'completed') throw new Error('not completed');

    await until(
      async () => (await sum('heapdump_dumps_total', 'cluster=demo,outcome=completed')) === 1,
      5000,
      () => 'the worker did not count it',
    );
    expect(await sum('heapdump_request_events_total', 'event=completed')).toBe(1);
    expect(await sum('heapdump_looks_total', 'cluster=demo,outcome=ready')).toBe(1);
    expect(await sum('heapdump_transfers_total', 'cluster=demo,via=relay,form=hprof')).toBe(1);
    expect(await sum('heapdump_stored_bytes_total', 'cluster=demo,via=relay,form=hprof')).toBe(
      outcome.sizeBytes,
    );
    expect(await sum('heapdump_part_bytes_sent_total', 'cluster=demo')).toBe(outcome.sizeBytes);
    expect(await sum('heapdump_dumped_bytes_total', 'cluster=demo')).toBe(outcome.dumpSizeBytes);
    expect(await sum('heapdump_step_duration_seconds_sum', 'cluster=demo,step=transfer')).toBeCloseTo(
      (outcome.stepMs.transfer ?? 0) / 1000,
    );
    expect(await sum('heapdump_pause_seconds_count', 'cluster=demo')).toBe(1);
    expect(await sum('heapdump_dumps_running', 'cluster=demo')).toBe(0);
  });

  it('a failure is counted by its code', async () => {
    await world.type('prod/no-such-pod');
    await world.waitForRequest(({ state }) => state === 'failed');

    await until(
      async () => (await sum('heapdump_request_failures_total', 'code=pod-not-found')) === 1,
      5000,
      () => 'not counted',
    );
    expect(await sum('heapdump_looks_total', 'cluster=demo,outcome=failed')).toBe(1);
  });

  it('without a worker the queue’s depth and the age of its oldest job grow', async () => {
    await running.shift()?.stop();
    const redis = connectRedis(world.config.redis.url, 'blocking');
    const queue = new Queue(queueName('demo'), { connection: redis });
    await queue.add('dump', {}, { jobId: 'left-alone-1', timestamp: Date.now() - 90_000 });
    await queue.add('dump', {}, { jobId: 'left-alone-2' });
    const depths = await samples('heapdump_queue_jobs');
    const ages = await samples('heapdump_queue_oldest_seconds');
    await queue.close();
    redis.disconnect();

    expect(depths.map((each) => each['cluster=demo,state=waiting'])).toEqual([2, 2]);
    for (const age of ages) {
      expect(age['cluster=demo']).toBeGreaterThanOrEqual(90);
      expect(age['cluster=demo']).toBeLessThan(120);
    }
  });

  it('without Redis a bot is alive, not ready, and says nothing old', async () => {
    await world.redis.stop();
    const [bot] = running;

    await until(
      async () => (await fetch(`${bot?.url}/readyz`)).status === 503,
      10_000,
      () => 'still ready',
    );
    expect((await fetch(`${bot?.url}/healthz`)).status).toBe(200);
    expect((await samples('heapdump_queue_jobs'))[0]).toEqual({});
    await world.redis.restart();
  });

  it('no person, pod or request is in a label', async () => {
    const texts = await Promise.all(running.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));

    expect(texts.join()).not.toContain(world.cast.developer.id);
    expect(texts.join()).not.toContain('order-service');
  });
});
