/**
 * One dump at a time for a workload, and one worker at a time for a request: a lease in Redis with an owner and an end.
 * BullMQ's own lock does not stop a worker that lost it; this one does, by its signal.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

export const workloadLeaseKey = (cluster: string, namespace: string, workload: string): string =>
  `heapdump:lease:${cluster}/${namespace}/${workload}`;

export interface Lease {
  /** Aborts when the lease cannot be said to be ours any more. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * @param ttlMs how long it outlives its owner; renewed each third of it
 * @returns undefined while somebody else has it
 */
export async function takeLease(redis: Redis, key: string, ttlMs: number): Promise<Lease | undefined> {
  const owner = randomUUID();
  if ((await redis.set(key, owner, 'PX', ttlMs, 'NX')) !== 'OK') return undefined;
  const lost = new AbortController();
  let renewedAt = performance.now();
  const renew = async (): Promise<void> => {
    const asked = performance.now();
    try {
      if ((await redis.eval(RENEW, 1, key, owner, ttlMs)) === 1) renewedAt = asked;
      else lost.abort(new LeaseLostError(key));
    } catch {
      // Redis is away: ours until its end may have come.
      if (performance.now() - renewedAt > ttlMs * 0.9) lost.abort(new LeaseLostError(key));
    }
  };
  const timer = setInterval(() => void renew(), ttlMs / 3);
  timer.unref();
  return {
    lost: lost.signal,
    async release() {
      clearInterval(timer);
      await redis.eval(RELEASE, 1, key, owner).catch(() => undefined);
    },
  };
}

export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly code = 'lease-lost';

  constructor(key: string) {
    super(`Lost the lease: ${key}`);
  }
}
