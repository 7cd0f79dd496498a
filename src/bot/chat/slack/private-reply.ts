/** What one person alone reads: by the `response_url` of what they did, else as an ephemeral message, else directly. */
import type { PrivatePlace } from '../chat-platform.ts';
import type { Message } from '../message.ts';
import { hasDownload, type Rendered, renderMessage } from './blocks.ts';
import { decodePrivatePlace, type SlackPrivatePlace } from './places.ts';
import { NO_PREVIEWS } from './posting.ts';
import type { SlackLog } from './slack-log.ts';
import type { WebCalls } from './web-calls.ts';

/** Good for 30 minutes and five answers; a minute is left for clocks that differ. */
const RESPONSE_URL_MS = 29 * 60_000;
const DEADLINE_MS = 5000;

export interface PrivateReply {
  /** @throws SlackFailure when even a direct message cannot be sent */
  reply(to: PrivatePlace | undefined, user: string, message: Message): Promise<void>;
}

export function createPrivateReply(deps: {
  readonly web: WebCalls;
  readonly apiUrl: string | undefined;
  readonly now: () => number;
  readonly log: SlackLog;
}): PrivateReply {
  const { web, log, now } = deps;

  return {
    async reply(to, user, message) {
      const place = decodePrivatePlace(to);
      const rendered = renderMessage(message);
      if (place !== undefined) {
        if (await respond(place, rendered)) return;
        // chat.postEphemeral has no switch against previews: a link never goes there.
        if (!hasDownload(message) && (await postEphemeral(place, user, rendered))) return;
      }
      await web.call(
        'chat.postMessage',
        { channel: user, ...rendered, ...NO_PREVIEWS },
        { again: 'writing' },
      );
    },
  };

  /** @returns false where the person may not have seen it: two private answers are better than none */
  async function respond(place: SlackPrivatePlace, rendered: Rendered): Promise<boolean> {
    const { responseUrl, givenAt, threadTs } = place;
    if (responseUrl === undefined || !isSlacks(responseUrl, deps.apiUrl)) return false;
    if (givenAt === undefined || now() - givenAt > RESPONSE_URL_MS) return false;
    try {
      const response = await fetch(responseUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(DEADLINE_MS),
        body: JSON.stringify({
          response_type: 'ephemeral',
          replace_original: false,
          ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
          ...rendered,
          ...NO_PREVIEWS,
        }),
      });
      await response.body?.cancel();
      if (!response.ok) log.info({ status: response.status }, 'response_url takes no more answers');
      return response.ok;
    } catch (error) {
      // The error may name the address.
      log.warn({ reason: error instanceof Error ? error.name : 'unknown' }, 'response_url could not be used');
      return false;
    }
  }

  async function postEphemeral(place: SlackPrivatePlace, user: string, rendered: Rendered): Promise<boolean> {
    const { channel, threadTs } = place;
    try {
      await web.call(
        'chat.postEphemeral',
        { channel, user, ...(threadTs === undefined ? {} : { thread_ts: threadTs }), ...rendered },
        { again: 'writing' },
      );
      return true;
    } catch (err) {
      log.info({ err, channel }, 'ephemeral message could not be sent, writing directly');
      return false;
    }
  }
}

/** Where a `response_url` may lead: what comes from Redis or from a form must not send the bot elsewhere. */
export function isSlacks(responseUrl: string, apiUrl: string | undefined): boolean {
  if (!URL.canParse(responseUrl)) return false;
  const { origin } = new URL(responseUrl);
  return apiUrl === undefined
    ? origin === 'https://hooks.slack.com' || origin === 'https://hooks.slack-gov.com'
    : origin === new URL(apiUrl).origin;
}
