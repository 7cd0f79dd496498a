/** Who somebody is in the organisation: https://open.dingtalk.com/document/orgapp/query-user-details */
import { z } from 'zod';
import type { Language, Standing } from '../chat-platform.ts';
import type { PersonRef } from '../message.ts';
import { DingtalkFailure } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import type { OpenApi } from './open-api.ts';
import { staffId } from './places.ts';

const answerShape = z.object({
  result: z.object({ name: z.string().optional(), active: z.boolean().optional() }),
});

/** Calls count against a quota of the whole organisation, so that one answer serves for a while. */
const FRESH_MS = 60_000;
const NAME_MS = 24 * 60 * 60_000;
const REMEMBERED = 5000;
/** No such person, or not one whom the app may see. */
const UNKNOWN = new Set(['60121', '40103', '400001']);

const NOBODY: Standing = { outsider: true, language: undefined };

interface Known {
  readonly at: number;
  readonly isMember: boolean;
  readonly name: string | undefined;
}

export interface People {
  /** Just now a message of theirs came, in which DingTalk itself names them as a member. */
  heard(staff: string, name: string | undefined): void;
  /** @throws DingtalkFailure */
  standing(person: PersonRef): Promise<Standing>;
  /** Names of those who are known, by person. Never throws. */
  names(people: readonly PersonRef[]): Promise<ReadonlyMap<PersonRef, string>>;
  /** DingTalk tells no app which language somebody reads, so that the config does. */
  languageOf(staff: string | undefined): Language;
}

export function createPeople(deps: {
  readonly api: OpenApi;
  readonly language: Language;
  /** By staff id, of those who read another one. */
  readonly languages: Readonly<Record<string, Language>>;
  readonly now: () => number;
  readonly log: DingtalkLog;
}): People {
  const { api, now, log } = deps;
  const known = new Map<string, Known>();
  const underWay = new Map<string, Promise<Known>>();

  const languageOf = (staff: string | undefined): Language =>
    staff !== undefined && Object.hasOwn(deps.languages, staff)
      ? (deps.languages[staff] ?? deps.language)
      : deps.language;

  const remember = (staff: string, found: Known): Known => {
    known.delete(staff);
    known.set(staff, found);
    const [oldest] = known.keys();
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    return found;
  };

  const ask = async (staff: string): Promise<Known> => {
    try {
      const answer = await api.callOld(
        '/topapi/v2/user/get',
        { userid: staff, language: 'zh_CN' },
        { again: 'reading' },
      );
      const { name, active } = answerShape.parse(answer).result;
      return remember(staff, { at: now(), isMember: active !== false, name });
    } catch (error) {
      if (error instanceof DingtalkFailure && UNKNOWN.has(error.dingtalkCode ?? ''))
        return remember(staff, { at: now(), isMember: false, name: undefined });
      throw error;
    }
  };

  const find = (staff: string, freshMs: number): Promise<Known> => {
    const before = known.get(staff);
    if (before !== undefined && now() - before.at <= freshMs) return Promise.resolve(before);
    const asked = underWay.get(staff) ?? ask(staff).finally(() => underWay.delete(staff));
    underWay.set(staff, asked);
    return asked;
  };

  return {
    heard(staff, name) {
      remember(staff, { at: now(), isMember: true, name: name ?? known.get(staff)?.name });
    },

    async standing(person) {
      const staff = staffId(person);
      if (staff === undefined) return NOBODY;
      const { isMember, name } = await find(staff, FRESH_MS);
      return isMember ? { outsider: false, language: languageOf(staff), name } : NOBODY;
    },

    async names(people) {
      const found = await Promise.all(
        people.map(async (person): Promise<[PersonRef, string][]> => {
          const staff = staffId(person);
          if (staff === undefined) return [];
          try {
            const { name } = await find(staff, NAME_MS);
            return name === undefined ? [] : [[person, name]];
          } catch (err) {
            log.info({ err }, 'name of a person is not known, their id is shown');
            return [];
          }
        }),
      );
      return new Map(found.flat());
    },

    languageOf,
  };
}
