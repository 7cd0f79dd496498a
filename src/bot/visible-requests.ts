/** Which requests a person may see. Pages through Redis until there are enough, or enough were looked at. */
import { type DumpRequest, requesterOf } from './dump-request.ts';
import { maySee, type PersonInGroups, type Rule } from './policy.ts';
import type { RequestStore } from './request-store.ts';

const READ_AT_ONCE = 250;
/** For somebody who may see one in a thousand. About a second of reading. */
const MOST_LOOKED_AT = 5000;

export interface Visible {
  /** Newest first. */
  readonly requests: readonly DumpRequest[];
  /** Behind which older ones follow; undefined where the person has seen all. */
  readonly next: string | undefined;
}

export function canSee(rules: readonly Rule[], request: DumpRequest, who: PersonInGroups): boolean {
  const requester = requesterOf(request);
  const rule = rules.find(({ name }) => name === request.rule);
  return requester === who.person || (rule !== undefined && maySee(rule, requester, who));
}

export async function visibleRequests(
  store: Pick<RequestStore, 'page'>,
  isWanted: (request: DumpRequest) => boolean,
  wish: { readonly behind?: string | undefined; readonly limit: number; readonly mostLookedAt?: number },
): Promise<Visible> {
  const { limit, mostLookedAt = MOST_LOOKED_AT } = wish;
  const found: DumpRequest[] = [];
  let behind = wish.behind;
  for (let lookedAt = 0; lookedAt < mostLookedAt; lookedAt += READ_AT_ONCE) {
    const page = await store.page(behind, READ_AT_ONCE);
    for (const request of page.requests.filter(isWanted)) {
      if (found.length === limit) return { requests: found, next: found.at(-1)?.id };
      found.push(request);
    }
    if (page.next === undefined) return { requests: found, next: undefined };
    behind = page.next;
  }
  return { requests: found, next: behind };
}
