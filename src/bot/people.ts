/** Who a person is to the rules. */
import type { ChatPlatform, Language } from './chat/chat-platform.ts';
import type { PersonRef } from './chat/message.ts';
import { groupsNamed, type PersonInGroups, type Rule } from './policy.ts';

export interface KnownPeople {
  readonly rules: readonly Rule[];
  /** A list for each human who has accounts on several platforms. */
  readonly accounts: readonly (readonly string[])[];
}

/** @returns undefined for guests, bots, and people of other companies: they are nobody to the rules */
export async function whoIs(
  platform: ChatPlatform,
  person: PersonRef,
  { rules, accounts }: KnownPeople,
): Promise<(PersonInGroups & { language: Language | undefined }) | undefined> {
  const named = groupsNamed(rules);
  const [standing, groups] = await Promise.all([
    platform.standing(person),
    named.length === 0 ? new Set<string>() : platform.groupsOf(person, named),
  ]);
  const alsoKnownAs = accounts.filter((human) => human.includes(person)).flat() as PersonRef[];
  return standing.outsider ? undefined : { person, groups, alsoKnownAs, language: standing.language };
}
