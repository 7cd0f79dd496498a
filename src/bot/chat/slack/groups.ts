/** Who is in a user group: https://docs.slack.dev/reference/methods/usergroups.users.list (tier 2: twenty a minute) */
import { z } from 'zod';
import { createMemberLists } from '../member-lists.ts';
import type { PersonRef } from '../message.ts';
import { groupId, userId } from './places.ts';
import { SlackFailure } from './slack-failure.ts';
import type { SlackLog } from './slack-log.ts';
import type { WebCalls } from './web-calls.ts';

const answerShape = z.object({ users: z.array(z.string()) });

const NOBODY: ReadonlySet<string> = new Set();

export interface Groups {
  /** @throws SlackFailure when a group cannot be read and was not read lately */
  groupsOf(person: PersonRef, groups: readonly string[]): Promise<ReadonlySet<string>>;
}

export function createGroups(deps: {
  readonly web: WebCalls;
  readonly now: () => number;
  readonly log: SlackLog;
}): Groups {
  const { web, now, log } = deps;
  const complained = new Set<string>();

  const read = async (group: string): Promise<ReadonlySet<string>> => {
    try {
      const answer = await web.call('usergroups.users.list', { usergroup: group }, { again: 'reading' });
      complained.delete(group);
      return new Set(answerShape.parse(answer).users);
    } catch (error) {
      // No such group, no paid plan, no scope: whom it names cannot be known, and so it names nobody.
      if (!(error instanceof SlackFailure) || error.kind !== 'refused') throw error;
      if (!complained.has(group)) {
        complained.add(group);
        log.error({ group, slackCode: error.slackCode }, 'user group cannot be read: nobody counts as in it');
      }
      return NOBODY;
    }
  };

  const membersOf = createMemberLists(read, {
    now,
    onStale: (facts) => log.warn(facts, 'user group cannot be renewed, the old list counts'),
  });

  return {
    async groupsOf(person, groups) {
      const user = userId(person);
      if (user === undefined) return NOBODY;
      const members = await Promise.all(
        groups.map(async (group) => {
          const id = groupId(group);
          return id !== undefined && (await membersOf(id)).has(user) ? [group] : [];
        }),
      );
      return new Set(members.flat());
    },
  };
}
