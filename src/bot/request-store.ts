/** Requests in Redis: created once, changed by compare-and-swap only, each change with its audit entry in one step. */
import type { Redis } from 'ioredis';
import { type AuditEntry, auditFields } from './audit.ts';
import { type DumpRequest, dumpRequest } from './dump-request.ts';

const KEY = {
  request: (id: string) => `heapdump:request:${id}`,
  /** Ids of requests that are not closed: what the reconciler goes through. */
  open: 'heapdump:requests:open',
  /** Every id, by time of creation. */
  all: 'heapdump:requests:all',
  seen: (deliveryId: string) => `heapdump:seen:${deliveryId}`,
  lease: (id: string) => `heapdump:speaker:${id}`,
  audit: 'heapdump:audit',
};

/** Slack repeats for minutes, a queue of ours for an hour at most; a day is ample. */
const SEEN_SECONDS = 86_400;

/** KEYS request open all seen audit · ARGV json id createdAt seenSeconds ...audit → the id that stands now */
const CREATE = `
local before = redis.call('GET', KEYS[4])
if before then return before end
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.error_reply('EXISTS request id is taken') end
redis.call('SET', KEYS[4], ARGV[2], 'EX', ARGV[4])
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[2])
redis.call('XADD', KEYS[5], '*', unpack(ARGV, 5))
return ARGV[2]`;

/** KEYS request all audit · ARGV json id createdAt ...audit → 1, or 0 if it is there already */
const RESTORE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
redis.call('XADD', KEYS[3], '*', unpack(ARGV, 4))
return 1`;

/**
 * KEYS request open audit · ARGV before after id closed ...audit → 1, or 0 if somebody else was first.
 * Compares whole texts: Redis's own JSON reader refuses half a surrogate pair, which is what a cut text may end with.
 */
const SWAP = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[4] == '1' then redis.call('SREM', KEYS[2], ARGV[3]) else redis.call('SADD', KEYS[2], ARGV[3]) end
if #ARGV > 4 then redis.call('XADD', KEYS[3], '*', unpack(ARGV, 5)) end
return 1`;

/** Of all that try at once one wins each round: ample for any number of bots, and an end for a mistake. */
const MOST_TRIES = 200;

/** KEYS lease · ARGV holder ms → 1 if the lease is the holder's now */
const LEASE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

export class RequestConflictError extends Error {
  override readonly name = 'RequestConflictError';
  readonly code = 'request-conflict';
}

export interface Page {
  readonly requests: readonly DumpRequest[];
  /** Behind which to go on; undefined where there is nothing more. */
  readonly next: string | undefined;
}

export interface RequestStoreOptions {
  /** Told of each change that was saved here; other bots have changes of their own. */
  readonly onChange?: (before: DumpRequest, after: DumpRequest) => void;
}

export interface RequestStore {
  /** @returns what `deliveryId` made: this request, or the one of an earlier delivery of the same message */
  create(
    request: DumpRequest,
    deliveryId: string,
    audit: AuditEntry,
  ): Promise<{ id: string; isNew: boolean }>;
  get(id: string): Promise<DumpRequest | undefined>;
  /**
   * Reads, moves, saves if nobody else saved in between, else does it again on what stands there now.
   * @param move throws to refuse; undefined for nothing to do
   * @returns the request as it stands afterwards, and whether this call changed it; undefined if there is none
   */
  change(
    id: string,
    move: (request: DumpRequest) => DumpRequest | undefined,
    audit?: (after: DumpRequest) => AuditEntry | undefined,
  ): Promise<{ request: DumpRequest; changed: boolean } | undefined>;
  /** Puts a request of which all is over where a lost one was. @returns false if there is one of this id */
  restore(request: DumpRequest, audit: AuditEntry): Promise<boolean>;
  openIds(): Promise<string[]>;
  /** Those of which something is still to happen, or to be said; records of another version are left out. */
  open(): Promise<DumpRequest[]>;
  /** Newest first; records of another version are left out. */
  newest(limit: number): Promise<DumpRequest[]>;
  /** Those older than `behind`, newest first, `limit` records of them read. From the newest one where it is undefined. */
  page(behind: string | undefined, limit: number): Promise<Page>;
  /** True the first time that a delivery is seen. */
  firstSight(deliveryId: string): Promise<boolean>;
  /** One bot at a time speaks of a request. @returns false if another one has the word */
  takeWord(id: string, holder: string, leaseMs: number): Promise<boolean>;
  leaveWord(id: string, holder: string): Promise<void>;
  record(entry: AuditEntry): Promise<void>;
}

export function createRequestStore(redis: Redis, options: RequestStoreOptions = {}): RequestStore {
  const parse = (json: string): DumpRequest => dumpRequest.parse(JSON.parse(json));

  /** One record of a newer version must not hide all the others. */
  const known = async (ids: readonly string[]): Promise<DumpRequest[]> => {
    if (ids.length === 0) return [];
    const found = await redis.mget(ids.map(KEY.request));
    return found.flatMap((json) => {
      const read = json === null ? undefined : dumpRequest.safeParse(JSON.parse(json));
      return read?.success ? [read.data] : [];
    });
  };

  return {
    async get(id) {
      const json = await redis.get(KEY.request(id));
      return json === null ? undefined : parse(json);
    },
    async create(request, deliveryId, audit) {
      const keys = [KEY.request(request.id), KEY.open, KEY.all, KEY.seen(deliveryId), KEY.audit];
      const id = String(
        await redis.eval(
          CREATE,
          keys.length,
          ...keys,
          JSON.stringify(request),
          request.id,
          request.createdAt,
          SEEN_SECONDS,
          ...auditFields(audit),
        ),
      );
      return { id, isNew: id === request.id };
    },
    async change(id, move, audit) {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const json = await redis.get(KEY.request(id));
        if (json === null) return undefined;
        const before = parse(json);
        const moved = move(before);
        if (moved === undefined) return { request: before, changed: false };
        const after: DumpRequest = { ...moved, revision: before.revision + 1 };
        const entry = audit?.(after);
        const keys = [KEY.request(id), KEY.open, KEY.audit];
        const args = [
          json,
          JSON.stringify(after),
          id,
          after.closed ? '1' : '0',
          ...(entry === undefined ? [] : auditFields(entry)),
        ];
        if ((await redis.eval(SWAP, keys.length, ...keys, ...args)) === 1) {
          options.onChange?.(before, after);
          return { request: after, changed: true };
        }
      }
      throw new RequestConflictError(
        `Gave up on a change after ${MOST_TRIES} tries: request ${id} changes all the time`,
      );
    },
    async restore(request, audit) {
      const keys = [KEY.request(request.id), KEY.all, KEY.audit];
      const args = [JSON.stringify(request), request.id, request.createdAt, ...auditFields(audit)];
      return (await redis.eval(RESTORE, keys.length, ...keys, ...args)) === 1;
    },
    openIds: () => redis.smembers(KEY.open),
    async open() {
      return known(await redis.smembers(KEY.open));
    },
    async newest(limit) {
      // To Redis, -1 is the last one of all.
      return known(limit < 1 ? [] : await redis.zrevrange(KEY.all, 0, limit - 1));
    },
    async page(behind, limit) {
      // By its rank, and not by its time: two may have been created in one millisecond.
      const rank = behind === undefined ? -1 : await redis.zrevrank(KEY.all, behind);
      if (rank === null) return { requests: [], next: undefined };
      const ids = await redis.zrevrange(KEY.all, rank + 1, rank + limit);
      return { requests: await known(ids), next: ids.length < limit ? undefined : ids.at(-1) };
    },
    async firstSight(deliveryId) {
      return (await redis.set(KEY.seen(deliveryId), '1', 'EX', SEEN_SECONDS, 'NX')) === 'OK';
    },
    async takeWord(id, holder, leaseMs) {
      return (await redis.eval(LEASE, 1, KEY.lease(id), holder, leaseMs)) === 1;
    },
    async leaveWord(id, holder) {
      await redis.eval(RELEASE, 1, KEY.lease(id), holder);
    },
    async record(entry) {
      await redis.xadd(KEY.audit, '*', ...auditFields(entry));
    },
  };
}
