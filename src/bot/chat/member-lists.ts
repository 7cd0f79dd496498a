/** Who is in a group, asked of the platform at most once a minute, and once by all who ask at the same time. */

const FRESH_MS = 60_000;
/** So long a list may be used that the platform does not let us renew. */
const STALE_MS = 10 * 60_000;

/** @returns those in the group @throws what `read` failed with, when it was not read lately */
export type MembersOf = (group: string) => Promise<ReadonlySet<string>>;

/** @param read asks the platform; what it refuses for good is nobody, and no failure */
export function createMemberLists(
  read: MembersOf,
  {
    now,
    onStale,
  }: {
    readonly now: () => number;
    readonly onStale: (facts: {
      readonly err: unknown;
      readonly group: string;
      readonly ageMs: number;
    }) => void;
  },
): MembersOf {
  const known = new Map<string, { readonly people: ReadonlySet<string>; readonly at: number }>();
  const underWay = new Map<string, Promise<ReadonlySet<string>>>();

  const renew = async (group: string): Promise<ReadonlySet<string>> => {
    const before = known.get(group);
    try {
      const people = await read(group);
      known.set(group, { people, at: now() });
      return people;
    } catch (err) {
      if (before === undefined || now() - before.at > STALE_MS) throw err;
      onStale({ err, group, ageMs: now() - before.at });
      return before.people;
    }
  };

  return (group) => {
    const fresh = known.get(group);
    if (fresh !== undefined && now() - fresh.at <= FRESH_MS) return Promise.resolve(fresh.people);
    const asked = underWay.get(group) ?? renew(group).finally(() => underWay.delete(group));
    underWay.set(group, asked);
    return asked;
  };
}
