/**
 * Who is in a role or in a conversation.
 * https://open.dingtalk.com/document/orgapp/obtain-the-list-of-employees-of-a-role
 * https://open.dingtalk.com/document/orgapp/batch-query-group-members (groups that were made from a template alone)
 */
import { z } from 'zod';
import { createMemberLists } from '../member-lists.ts';
import type { PersonRef } from '../message.ts';
import { isRefused } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import type { OpenApi } from './open-api.ts';
import { groupId, staffId } from './places.ts';

const rolePageShape = z.object({
  result: z.object({
    list: z.array(z.object({ userid: z.string() })).default([]),
    hasMore: z.boolean().default(false),
  }),
});
const groupPageShape = z.object({
  memberUserIds: z.array(z.string()).default([]),
  hasMore: z.boolean().default(false),
  nextToken: z.string().optional(),
});

const ROLE_PAGE = 100;
const GROUP_PAGE = 1000;
/** 10,000 people of a role and 100,000 of a conversation: who is named further down counts as absent, and the log says so. */
const MAX_PAGES = 100;

const NOBODY: ReadonlySet<string> = new Set();

export interface Groups {
  /** @throws DingtalkFailure when a group cannot be read and was not read lately */
  groupsOf(person: PersonRef, groups: readonly string[]): Promise<ReadonlySet<string>>;
  /** Staff ids. Never throws: those of a group that cannot be read are left out. */
  peopleIn(groups: readonly string[]): Promise<string[]>;
}

export function createGroups(deps: {
  readonly api: OpenApi;
  readonly now: () => number;
  readonly log: DingtalkLog;
}): Groups {
  const { api, now, log } = deps;
  const complained = new Set<string>();

  const readRole = async (role: number): Promise<Set<string>> => {
    const people = new Set<string>();
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const body = { role_id: role, offset: page * ROLE_PAGE, size: ROLE_PAGE };
      const answer = await api.callOld('/topapi/role/simplelist', body, { again: 'reading' });
      const { list, hasMore } = rolePageShape.parse(answer).result;
      for (const { userid } of list) people.add(userid);
      if (!hasMore) return people;
    }
    log.error({ role }, 'role has more people than are read: the rest count as absent');
    return people;
  };

  const readConversation = async (conversation: string): Promise<Set<string>> => {
    const people = new Set<string>();
    let nextToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const body = {
        openConversationId: conversation,
        maxResults: GROUP_PAGE,
        ...(nextToken === undefined ? {} : { nextToken }),
      };
      const answer = await api.call('POST', '/v1.0/im/sceneGroups/members/batchQuery', body, {
        again: 'reading',
      });
      const found = groupPageShape.parse(answer);
      for (const id of found.memberUserIds) people.add(id);
      nextToken = found.nextToken;
      if (!found.hasMore || nextToken === undefined) return people;
    }
    log.error({ conversation }, 'group has more people than are read: the rest count as absent');
    return people;
  };

  const read = async (group: string): Promise<ReadonlySet<string>> => {
    const id = groupId(group);
    if (id === undefined) return NOBODY;
    try {
      const people = await ('role' in id ? readRole(id.role) : readConversation(id.conversation));
      complained.delete(group);
      return people;
    } catch (err) {
      // No such role or group, one whose members no app may list, no permission: whom it names cannot be known.
      if (!isRefused(err)) throw err;
      if (!complained.has(group)) {
        complained.add(group);
        log.error(
          { err, group, dingtalkCode: err.dingtalkCode },
          'group or role cannot be read: nobody counts as in it',
        );
      }
      return NOBODY;
    }
  };

  const membersOf = createMemberLists(read, {
    now,
    onStale: (facts) => log.warn(facts, 'group cannot be renewed, the old list counts'),
  });

  return {
    async groupsOf(person, groups) {
      const staff = staffId(person);
      if (staff === undefined) return NOBODY;
      const ours = groups.filter((group) => groupId(group) !== undefined);
      const members = await Promise.all(
        ours.map(async (group) => ((await membersOf(group)).has(staff) ? [group] : [])),
      );
      return new Set(members.flat());
    },

    async peopleIn(groups) {
      const ours = groups.filter((group) => groupId(group) !== undefined);
      const members = await Promise.all(
        ours.map(async (group) => {
          try {
            return [...(await membersOf(group))];
          } catch (err) {
            log.warn({ err, group }, 'people of a group cannot be called by name');
            return [];
          }
        }),
      );
      return [...new Set(members.flat())];
    },
  };
}
