/** Who a person is to the rules. */
import type { ChatPlatform, Language } from './chat/chat-platform.ts';
import type { PersonRef } from './chat/message.ts';
import { groupsNamed, type PersonInGroups, type Rule } from './policy.ts';

/** @returns undefined for guests, bots, and people of other companies: they are nobody to the rules */
export async function whoIs(
  platform: ChatPlatform,
  person: PersonRef,
  rules: readonly Rule[],
): Promise<(PersonInGroups & { language: Language | undefined }) | undefined> {
  const named = groupsNamed(rules);
  const [standing, groups] = await Promise.all([
    platform.standing(person),
    named.length === 0 ? new Set<string>() : platform.groupsOf(person, named),
  ]);
  return standing.outsider ? undefined : { person, groups, language: standing.language };
}
