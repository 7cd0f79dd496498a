/** Whom a message calls by name: pinged where DingTalk pings, and told directly where there is something to decide. */
import type { Message, PersonRef } from '../message.ts';
import type { Groups } from './groups.ts';
import { calledIn, nameMention, peopleIn, type Reader } from './markdown.ts';
import type { People } from './people.ts';
import { personRef, staffId } from './places.ts';

/** A role with the whole company in it is nobody to be called one by one. */
const MOST = 100;

export interface Callees {
  /** Staff ids. */
  readonly called: readonly string[];
  readonly names: ReadonlyMap<PersonRef, string>;
  /** Of each group that is called: staff ids. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

export async function findCallees(
  message: Message,
  deps: { readonly people: People; readonly groups: Groups },
): Promise<Callees> {
  const { people, groups } = calledIn(message);
  const members = new Map(
    await Promise.all(groups.map(async (group) => [group, await deps.groups.peopleIn([group])] as const)),
  );
  const direct = people.map(staffId).filter((staff) => staff !== undefined);
  const called = [...new Set([...direct, ...[...members.values()].flat()])].slice(0, MOST);
  const names = await deps.people.names([...new Set([...peopleIn(message), ...called.map(personRef)])]);
  return { called, names, members };
}

/** Shows people by name and pings nobody. */
export function byName(voice: Pick<Reader, 'language' | 'timeZone'>, { names, members }: Callees): Reader {
  return { ...voice, members, mention: (person) => nameMention(person, names) };
}
