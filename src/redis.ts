import { Redis } from 'ioredis';

/**
 * 'commands': answers or fails within seconds, so that a person is told when Redis is down.
 * 'blocking': for BullMQ's workers and event readers, which must wait for ever.
 */
export function connectRedis(url: string, use: 'commands' | 'blocking'): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: use === 'blocking' ? null : 1,
    ...(use === 'commands' ? { commandTimeout: 2500 } : {}),
    connectTimeout: 2000,
    retryStrategy: (times) => Math.min(2000, 50 * 2 ** Math.min(times, 6)),
  });
  return redis;
}
