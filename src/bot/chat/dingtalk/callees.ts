/** Whom a message calls by name: pinged where DingTalk pings, and told directly where there is something to decide. */
import type { Message, PersonRef } from '../message.ts';
import type { Groups } from './groups.ts';
import { calledIn, peopleIn } from './markdown.ts';
import type { People } from './people.ts';
import { personRef, staffId } from './places.ts';

/** A role with the whole company in it is nobody to be called one by one. */
const MOST = 100;

export interface Callees {
  /** Staff ids. */
  readonly called: readonly string[];
  readonly names: ReadonlyMap<PersonRef, string>;
}

export async function findCallees(
  message: Message,
  deps: { readonly people: People; readonly groups: Groups },
): Promise<Callees> {
  const { people, groups } = calledIn(message);
  const members = groups.length === 0 ? [] : await deps.groups.peopleIn(groups);
  const direct = people.map(staffId).filter((staff) => staff !== undefined);
  const called = [...new Set([...direct, ...members])].slice(0, MOST);
  const names = await deps.people.names([...new Set([...peopleIn(message), ...called.map(personRef)])]);
  return { called, names };
}
