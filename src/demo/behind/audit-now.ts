/** The last lines of the audit record: a Redis stream, as the README says. */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { AuditLine } from '../page/page-state.ts';

const STREAM = 'heapdump:audit';
const MOST_LINES = 40;

const line = z.object({
  at: z.string(),
  event: z.string(),
  requestId: z.string(),
  by: z.string(),
  target: z.string(),
  facts: z.string(),
});
const factsShape = z.record(z.string(), z.union([z.string(), z.number()]));

export async function auditNow(redis: Redis): Promise<AuditLine[]> {
  const entries = await redis.xrevrange(STREAM, '+', '-', 'COUNT', MOST_LINES);
  return entries.flatMap(([id, fields]) => {
    const pairs = fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? '']] : []));
    const read = line.safeParse(Object.fromEntries(pairs));
    if (!read.success) return [];
    const { at, by, facts, ...rest } = read.data;
    const [, person = by] = by.split(':');
    return [{ id, at: Date.parse(at), by: person, ...rest, facts: factsOf(facts) }];
  });
}

function factsOf(json: string): AuditLine['facts'] {
  try {
    return factsShape.parse(JSON.parse(json));
  } catch {
    return {};
  }
}
