/** Each person's home page: shown when they open it, and renewed for a while when something on it changes. */
import type { Logger } from '../log.ts';
import type { ChatPlatform, HomeOpened, Language } from './chat/chat-platform.ts';
import type { HomePage } from './chat/home-page.ts';
import type { PersonRef } from './chat/message.ts';
import { type DumpRequest, isFinal, requesterOf } from './dump-request.ts';
import type { HomeVisitors } from './home-visitors.ts';
import { homePage, outsiderPage } from './messages/home-page.ts';
import { type KnownPeople, whoIs } from './people.ts';
import { covers, mayDownload, mayReview, type PersonInGroups, type Rule } from './policy.ts';
import type { RequestStore } from './request-store.ts';
import { Serially } from './serially.ts';
import type { UsualTransfer } from './transfer-terms.ts';
import { digestOf } from './utterances.ts';
import { canSee, visibleRequests } from './visible-requests.ts';
import type { Words } from './words/words.ts';

export interface HomeDeps {
  readonly store: Pick<RequestStore, 'open' | 'page'>;
  readonly visitors: HomeVisitors;
  readonly platforms: readonly ChatPlatform[];
  readonly rules: readonly Rule[];
  readonly accounts: KnownPeople['accounts'];
  readonly usualTransfer: UsualTransfer;
  readonly words: (language: Language) => Words;
  readonly now: () => number;
  readonly log: Logger;
  /** Changes that come close together are shown together. */
  readonly renewAfterMs?: number;
}

export interface Home {
  /** Never throws. */
  opened(platform: ChatPlatform, opened: HomeOpened): Promise<void>;
  /** Returns at once. */
  changed(before: DumpRequest, after: DumpRequest): void;
  stop(): Promise<void>;
}

/** With its four cards in review a page stays below Slack's hundred blocks. */
const DUMPS_SHOWN = 12;
const RENEW_AFTER_MS = 2000;
/** Whoever opened it before this has looked away. */
const VISIT_MS = 10 * 60_000;
const SHOWN_REMEMBERED = 200;

export function createHome(deps: HomeDeps): Home {
  const { store, visitors, rules, now, log, renewAfterMs = RENEW_AFTER_MS } = deps;
  const serially = new Serially();
  /** What each visitor was shown last, so that the same is not sent twice. */
  const shown = new Map<PersonRef, string>();
  const changes = new Map<string, DumpRequest>();
  let timer: NodeJS.Timeout | undefined;

  const build = async (
    platform: ChatPlatform,
    who: PersonInGroups | undefined,
    language: Language,
    behind: string | undefined,
  ): Promise<HomePage> => {
    const words = deps.words(language);
    if (who === undefined) return outsiderPage(words);
    const [open, dumps] = await Promise.all([
      behind === undefined ? store.open() : [],
      visibleRequests(store, (request) => canSee(rules, request, who), { behind, limit: DUMPS_SHOWN }),
    ]);
    const forReview = open
      .filter((request) => waitsFor(request, who))
      .sort((a, b) => a.createdAt - b.createdAt);
    return homePage(
      {
        forReview,
        dumps: dumps.requests
          // What waits for this person stands above already.
          .filter(({ id }) => !forReview.some((waiting) => waiting.id === id))
          .map((request) => ({ request, mayDownload: mayHaveLink(request, who) })),
        older: dumps.next,
        isOlderPage: behind !== undefined,
      },
      words,
      { command: platform.command, usual: deps.usualTransfer },
    );
  };

  const ruleOf = (request: DumpRequest): Rule | undefined =>
    rules.find((rule) => rule.name === request.rule && covers(rule, request.target));

  const waitsFor = (request: DumpRequest, who: PersonInGroups): boolean => {
    const rule = ruleOf(request);
    const humans = [who.person, ...(who.alsoKnownAs ?? [])];
    return (
      request.state === 'pending' &&
      request.preflight !== undefined &&
      now() < request.expiresAt &&
      rule !== undefined &&
      mayReview(rule, requesterOf(request), who) === 'ok' &&
      !request.approvals.some(({ by }) => humans.includes(by))
    );
  };

  const mayHaveLink = (request: DumpRequest, who: PersonInGroups): boolean => {
    const rule = ruleOf(request);
    return rule !== undefined && mayDownload(rule, requesterOf(request), who);
  };

  const show = async (platform: ChatPlatform, person: PersonRef, page: HomePage): Promise<void> => {
    await platform.home?.show(person, page);
    if (shown.size >= SHOWN_REMEMBERED) shown.clear();
    shown.set(person, digestOf(page));
  };

  const renew = async (): Promise<void> => {
    const changed = [...changes.values()];
    changes.clear();
    try {
      for (const person of await visitors.since(now() - VISIT_MS)) {
        const platform = deps.platforms.find(({ name }) => person.startsWith(`${name}:`));
        if (platform?.home === undefined) continue;
        await serially.run(person, () => renewFor(platform, person, changed));
      }
    } catch (err) {
      log.warn({ err }, 'visitors of home pages could not be looked up');
    }
  };

  const renewFor = async (
    platform: ChatPlatform,
    person: PersonRef,
    changed: readonly DumpRequest[],
  ): Promise<void> => {
    try {
      const who = await whoIs(platform, person, deps);
      if (who === undefined || !changed.some((request) => canSee(rules, request, who))) return;
      const page = await build(platform, who, who.language ?? platform.language, undefined);
      if (shown.get(person) !== digestOf(page)) await show(platform, person, page);
    } catch (err) {
      log.warn({ err, person }, 'home page could not be renewed');
    }
  };

  return {
    opened: (platform, { person, language, behind }) =>
      serially.run(person, async () => {
        try {
          const who = await whoIs(platform, person, deps);
          await show(platform, person, await build(platform, who, language, behind));
          // Whoever reads old ones is not thrown back to the newest by a change.
          if (who === undefined || behind !== undefined) await visitors.left(person);
          else await visitors.came(person, now());
        } catch (err) {
          log.warn({ err, person }, 'home page could not be shown');
        }
      }),
    changed(before, after) {
      if (!shows(before, after)) return;
      changes.set(after.id, after);
      timer ??= setTimeout(() => {
        timer = undefined;
        void serially.run('renew', renew);
      }, renewAfterMs);
    },
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await serially.idle();
    },
  };
}

/** Progress and what was said of a request do not show here. */
const shows = (before: DumpRequest, after: DumpRequest): boolean =>
  before.state !== after.state ||
  before.approvals.length !== after.approvals.length ||
  before.goneAt !== after.goneAt ||
  (before.preflight === undefined) !== (after.preflight === undefined) ||
  (isFinal(after.state) && before.outcome === undefined && after.outcome !== undefined);
