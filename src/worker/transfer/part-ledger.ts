/**
 * What of an upload is stored, in Redis before it is relied on: a hash of its own, as a job's data would have to be
 * written whole for each of thousands of parts.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type SumKind, sumKind } from '../dump-job.ts';
import { StepError } from '../step-error.ts';

const decimal64 = z.string().regex(/^\d{1,20}$/);

const storedPart = z.strictObject({
  number: z.number().int().min(1).max(10_000),
  /** Of the part as stored. */
  sizeBytes: z.number().int().positive(),
  etag: z.string().max(100),
  /** Of the part as stored; a pod that uploads by itself repeats the store's. */
  crc64: decimal64.optional(),
  /** Of the dump in it. */
  dumpBytes: z.number().int().positive(),
  /** The pod's own checksum of that. */
  podSum: z.strictObject({
    kind: sumKind,
    value: z.string().max(64),
  }),
  via: z.enum(['direct', 'relay']),
});
export type LedgerPart = z.infer<typeof storedPart>;
export type PodSum = LedgerPart['podSum'];

/** Longer than a request can live, kept dump and all. */
const KEPT_MS = 7 * 24 * 3_600_000;

const keyOf = (requestId: string): string => `heapdump:parts:${requestId}`;

export interface PartLedger {
  /** By number. */
  all(): Promise<LedgerPart[]>;
  /** In Redis when it resolves. */
  record(part: LedgerPart): Promise<void>;
  forget(numbers: readonly number[]): Promise<void>;
  clear(): Promise<void>;
}

export function partLedger(redis: Redis, requestId: string): PartLedger {
  const key = keyOf(requestId);
  return {
    async all() {
      const values = await redis.hvals(key);
      return values.map((value) => storedPart.parse(JSON.parse(value))).sort((a, b) => a.number - b.number);
    },
    async record(part) {
      const [failed] = (await redis
        .multi()
        .hset(key, String(part.number), JSON.stringify(part))
        .pexpire(key, KEPT_MS)
        .exec()) ?? [[new Error('Redis dropped the transaction')]];
      if (failed?.[0]) throw failed[0];
    },
    async forget(numbers) {
      if (numbers.length > 0) await redis.hdel(key, ...numbers.map(String));
    },
    async clear() {
      await redis.del(key);
    },
  };
}

/** @throws StepError if the pod's answer holds no checksum of that kind */
export function sumOf(text: string | undefined, kind: SumKind): string {
  const [name, value = ''] = (text ?? '').split(':');
  if (name !== kind || !/^[0-9a-f]{1,64}$/.test(value))
    throw new StepError('tool-failed', `the dump tool gave no ${kind}`);
  return value;
}
