/** Who somebody is in Slack: https://docs.slack.dev/reference/objects/user-object */
import { z } from 'zod';
import type { Language, Standing } from '../chat-platform.ts';
import type { PersonRef } from '../message.ts';
import { userId } from './places.ts';
import { SlackFailure } from './slack-failure.ts';
import type { SlackLog } from './slack-log.ts';
import type { WebCalls } from './web-calls.ts';

const answerShape = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().optional(),
    is_bot: z.boolean().optional(),
    deleted: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    locale: z.string().optional(),
    name: z.string().optional(),
    profile: z.object({ real_name: z.string().optional(), display_name: z.string().optional() }).optional(),
  }),
});

/** One command asks twice, for the language and for the standing: that is one question to Slack. */
const FRESH_MS = 5000;
const REMEMBERED = 1000;
/** An answer in the wrong language is better than a late one. */
const LANGUAGE_MS = 1500;

const NOBODY: Standing = { outsider: true, language: undefined };
const UNKNOWN_USER = new Set(['user_not_found', 'user_not_visible', 'users_not_found']);

export interface People {
  /** @throws SlackFailure */
  standing(person: PersonRef): Promise<Standing>;
  /** Never throws, and never takes long. */
  language(user: string, otherwise: Language, patienceMs?: number): Promise<Language>;
}

export function createPeople(deps: {
  readonly web: WebCalls;
  readonly teamId: () => string | undefined;
  readonly now: () => number;
  readonly log: SlackLog;
}): People {
  const { web, now, log } = deps;
  const asked = new Map<string, { readonly at: number; readonly answer: Promise<Standing> }>();
  const languages = new Map<string, Language>();

  const ask = async (user: string): Promise<Standing> => {
    try {
      const answer = await web.call('users.info', { user, include_locale: true }, { again: 'reading' });
      const { user: found } = answerShape.parse(answer);
      const standing = standingOf(found, deps.teamId());
      if (standing.language !== undefined) remember(languages, user, standing.language);
      return standing;
    } catch (error) {
      if (error instanceof SlackFailure && UNKNOWN_USER.has(error.slackCode ?? '')) return NOBODY;
      throw error;
    }
  };

  const lately = (user: string): Promise<Standing> => {
    const before = asked.get(user);
    if (before !== undefined && now() - before.at <= FRESH_MS) return before.answer;
    const answer = ask(user);
    remember(asked, user, { at: now(), answer });
    // A failure is no answer: the next question goes to Slack again.
    answer.catch(() => {
      if (asked.get(user)?.answer === answer) asked.delete(user);
    });
    return answer;
  };

  return {
    async standing(person) {
      const user = userId(person);
      return user === undefined ? NOBODY : lately(user);
    },

    async language(user, otherwise, patienceMs = LANGUAGE_MS) {
      const answer = lately(user)
        .then(({ language }) => language)
        .catch((err: unknown) => {
          log.warn({ err }, 'language of a person is not known');
          return undefined;
        });
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), patienceMs);
      });
      const language = await Promise.race([answer, patience]);
      clearTimeout(timer);
      return language ?? languages.get(user) ?? otherwise;
    },
  };
}

/**
 * @param teamId of the workspace that the bot is installed in. Somebody of another one is an outsider, also within an
 * Enterprise Grid: the rules of the config name people of this workspace.
 */
function standingOf(user: z.output<typeof answerShape>['user'], teamId: string | undefined): Standing {
  const outsider =
    user.is_bot === true ||
    user.deleted === true ||
    user.is_restricted === true ||
    user.is_ultra_restricted === true ||
    user.is_stranger === true ||
    teamId === undefined ||
    user.team_id !== teamId;
  // Empty is what Slack has for a name that nobody set.
  const name = user.profile?.display_name || user.profile?.real_name || user.name;
  return { outsider, language: languageOf(user.locale), name };
}

function languageOf(locale: string | undefined): Language | undefined {
  if (locale === undefined) return undefined;
  return /^zh\b/i.test(locale) ? 'zh-CN' : 'en';
}

/** The oldest goes when there are too many. */
function remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size > REMEMBERED) for (const oldest of memory.keys()) return void memory.delete(oldest);
}
