/** Redis and its settings: what is asked for and decided is in there, and has to outlive a restart. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { redactText } from '../redact.ts';
import { type Finding, finding } from './finding.ts';

const TIMEOUT_MS = 5000;
const CLOCK_MS = 30_000;

export async function checkRedis(url: string, now: () => number): Promise<Finding[]> {
  const server = new URL(url).host;
  const redis = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    retryStrategy: () => null,
  });
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    const reason = reasonOf(lastError ?? error);
    const code = /^(WRONGPASS|NOAUTH|NOPERM)/.test(reason) ? 'redis-login-refused' : 'redis-unreachable';
    return [finding(code, { server, reason })];
  }
  try {
    const facts = await factsOf(redis);
    return [
      version(facts, server),
      await setting(redis, facts, 'maxmemory_policy', 'maxmemory-policy', (policy) =>
        policy === 'noeviction' ? finding('redis-keeps-all') : finding('redis-evicts', { policy }),
      ),
      await setting(redis, facts, 'aof_enabled', 'appendonly', (on) => appendOnly(on, facts)),
      await commands(redis),
      ...(await clock(redis, now)),
    ];
  } finally {
    redis.disconnect();
  }
}

type Facts = ReadonlyMap<string, string>;

/** INFO tells the settings too, and is left to people where a managed Redis forbids CONFIG. */
async function factsOf(redis: Redis): Promise<Facts> {
  const text = await redis.info().catch(() => '');
  return new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

function version(facts: Facts, server: string): Finding {
  const valkey = facts.get('valkey_version');
  const redis = facts.get('redis_version');
  if (valkey !== undefined) return finding('redis-reached', { product: `Valkey ${valkey}`, server });
  if (redis === undefined) return finding('redis-setting-hidden', { setting: 'INFO', wanted: '6.2' });
  const [major = 0, minor = 0] = redis.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) return finding('redis-too-old', { version: redis, server });
  return finding('redis-reached', { product: `Redis ${redis}`, server });
}

async function setting(
  redis: Redis,
  facts: Facts,
  inInfo: string,
  inConfig: 'maxmemory-policy' | 'appendonly',
  judge: (value: string) => Finding,
): Promise<Finding> {
  const told = facts.get(inInfo) ?? (await configured(redis, inConfig));
  if (told !== undefined) return judge(told);
  const wanted = inConfig === 'appendonly' ? 'yes' : 'noeviction';
  return finding('redis-setting-hidden', { setting: inConfig, wanted });
}

async function configured(redis: Redis, name: string): Promise<string | undefined> {
  const answer: unknown = await redis.config('GET', name).catch(() => undefined);
  const value: unknown = Array.isArray(answer) ? answer[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function appendOnly(on: string, facts: Facts): Finding {
  if (on !== '1' && on !== 'yes') return finding('redis-not-persistent');
  const wrote = facts.get('aof_last_write_status') ?? 'ok';
  return wrote === 'ok' ? finding('redis-appends') : finding('redis-append-failing', { status: wrote });
}

/** What bot, worker and BullMQ live on; an ACL or a read-only replica refuses some of it. */
async function commands(redis: Redis): Promise<Finding> {
  const key = `heapdump:doctor:${randomUUID()}`;
  try {
    await redis.set(key, '1', 'EX', 60);
    await redis.eval("return redis.call('GET', KEYS[1])", 1, key);
    await redis.xadd(`${key}:stream`, '*', 'field', '1');
    await redis.publish('heapdump:doctor', '1');
    return finding('redis-commands');
  } catch (error) {
    return finding('redis-command-refused', { reason: reasonOf(error) });
  } finally {
    await redis.del(key, `${key}:stream`).catch(() => undefined);
  }
}

async function clock(redis: Redis, now: () => number): Promise<Finding[]> {
  const [seconds] = await redis.time().catch(() => []);
  if (seconds === undefined) return [];
  const apartMs = Math.abs(now() - Number(seconds) * 1000);
  return apartMs < CLOCK_MS ? [] : [finding('redis-clock', { seconds: String(Math.round(apartMs / 1000)) })];
}

function reasonOf(error: unknown): string {
  return redactText(error instanceof Error ? error.message || error.name : String(error));
}
