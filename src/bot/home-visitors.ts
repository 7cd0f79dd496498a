/** Who looked at their home page lately: in Redis, so that whichever bot changes something knows whose page to renew. */
import type { Redis } from 'ioredis';
import type { PersonRef } from './chat/message.ts';

const KEY = 'heapdump:home:opened';
/** Of a company that all looks at once; the others see it when they open it again. */
const MOST_VISITORS = 50;

export interface HomeVisitors {
  came(person: PersonRef, at: number): Promise<void>;
  left(person: PersonRef): Promise<void>;
  /** The latest first. */
  since(at: number): Promise<PersonRef[]>;
}

export const createHomeVisitors = (redis: Redis): HomeVisitors => ({
  async came(person, at) {
    await redis.zadd(KEY, at, person);
    await redis.zremrangebyrank(KEY, 0, -MOST_VISITORS - 1);
  },
  async left(person) {
    await redis.zrem(KEY, person);
  },
  async since(at) {
    return (await redis.zrevrangebyscore(KEY, '+inf', at)).filter(isPerson);
  },
});

const isPerson = (member: string): member is PersonRef => member.includes(':');
