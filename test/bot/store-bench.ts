/** A request store on a Redis of one test file's own, empty before each test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { AuditEntry, AuditEvent } from '../../src/bot/audit.ts';
import type { DumpRequest } from '../../src/bot/dump-request.ts';
import { createRequestStore, type RequestStore } from '../../src/bot/request-store.ts';
import { type RunningRedis, startRedis } from '../../src/demo/redis-server.ts';
import { connectRedis } from '../../src/redis.ts';
import { tools } from '../tools.ts';
import { ALICE, NOW } from '../unit/a-request.ts';

export interface StoreBench {
  server: RunningRedis;
  redis: Redis;
  store: RequestStore;
}

/** To be called at the top of a test file. @returns filled in before the first test */
export function storeBench(): StoreBench {
  const bench = {} as StoreBench;
  let workDir: string | undefined;
  beforeAll(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'heapdump-store-'));
    bench.server = await startRedis({ tools: tools(), workDir });
    bench.redis = connectRedis(bench.server.url, 'blocking');
    // Redis is killed on purpose in between.
    bench.redis.on('error', () => {});
    bench.store = createRequestStore(bench.redis);
  });
  beforeEach(async () => {
    await bench.redis.flushall();
  });
  afterAll(async () => {
    bench.redis?.disconnect();
    await bench.server?.stop();
    if (workDir !== undefined) await rm(workDir, { recursive: true, force: true });
  });
  return bench;
}

export const entry = (event: AuditEvent, changes: Partial<AuditEntry> = {}): AuditEntry => ({
  at: NOW,
  event,
  requestId: 'abcd1234',
  by: ALICE,
  target: 'prod-1/prod/order-service-7d9f8-x2x4k',
  facts: {},
  ...changes,
});

/** Oldest first, the fields of each entry by name. */
export async function auditTrail({ redis }: StoreBench): Promise<Record<string, string>[]> {
  const entries = await redis.xrange('heapdump:audit', '-', '+');
  return entries.map(([, fields]) => {
    const pairs = Array.from({ length: fields.length / 2 }, (_, at) => [fields[2 * at], fields[2 * at + 1]]);
    return Object.fromEntries(pairs) as Record<string, string>;
  });
}

export const eventsOf = (trail: Record<string, string>[]): (string | undefined)[] =>
  trail.map(({ event }) => event);

/** Counts `looks` up, so that each change that was saved shows in the number. */
export const oneMore = (request: DumpRequest): DumpRequest => ({ ...request, looks: request.looks + 1 });
