/**
 * `sessionWebhook`s: each message brings one, with which its conversation can be answered for a while, without a token
 * and with mentions that ping. In memory alone, as whoever has one can write there.
 * https://open.dingtalk.com/document/orgapp/receive-message
 */
import { DingtalkFailure } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import { fetchJson } from './fetch-json.ts';
import type { DingtalkPlace } from './places.ts';

export interface Session {
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

export interface SessionMessage {
  readonly title: string;
  readonly text: string;
  /** Staff ids whose `@id` stands in the text. */
  readonly calls: readonly string[];
}

export interface Sessions {
  remember(place: DingtalkPlace, session: Session): void;
  of(place: DingtalkPlace): Session | undefined;
  /** @returns false where it was certainly not said. @throws DingtalkFailure where it may have been, or not in time */
  say(session: Session, message: SessionMessage): Promise<boolean>;
}

/** For a clock that differs, and for the way there. */
const MARGIN_MS = 60_000;
const REMEMBERED = 2000;
const CALL = 'sessionWebhook';

export function createSessions(deps: {
  readonly oapiUrl: string;
  readonly now: () => number;
  readonly log: DingtalkLog;
}): Sessions {
  const { now, log } = deps;
  const sessions = new Map<string, Session>();
  const keyOf = ({ group, single }: DingtalkPlace): string =>
    group === undefined ? `1/${single}` : `2/${group}`;
  const isGood = ({ url, endsAt }: Session): boolean =>
    now() < endsAt - MARGIN_MS && isDingtalks(url, deps.oapiUrl);

  return {
    remember(place, session) {
      if (!isGood(session)) return;
      const key = keyOf(place);
      sessions.delete(key);
      sessions.set(key, session);
      const [oldest] = sessions.keys();
      if (sessions.size > REMEMBERED && oldest !== undefined) sessions.delete(oldest);
    },

    of(place) {
      const session = sessions.get(keyOf(place));
      return session !== undefined && isGood(session) ? session : undefined;
    },

    async say(session, { title, text, calls }) {
      if (!isGood(session)) return false;
      try {
        await fetchJson(session.url, CALL, {
          method: 'POST',
          body: {
            msgtype: 'markdown',
            markdown: { title, text },
            at: { atUserIds: calls, isAtAll: false },
          },
        });
        return true;
      } catch (err) {
        if (!(err instanceof DingtalkFailure) || err.kind === 'unknown' || err.kind === 'rate-limited')
          throw err;
        for (const [key, known] of sessions) if (known.url === session.url) sessions.delete(key);
        log.info({ err }, 'session webhook takes no more messages');
        return false;
      }
    },
  };
}

/** Where a `sessionWebhook` may lead: what comes in a message must not send the bot elsewhere. */
function isDingtalks(url: string, oapiUrl: string): boolean {
  return URL.canParse(url) && new URL(url).origin === new URL(oapiUrl).origin;
}
