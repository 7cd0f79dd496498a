/** New messages: each is posted once, however often its posting has to be begun. */
import { z } from 'zod';
import { Serially } from '../../serially.ts';
import type { Message } from '../message.ts';
import { renderMessage } from './blocks.ts';
import type { SlackMessage, SlackPlace } from './places.ts';
import { tsShape } from './places.ts';
import { SlackFailure } from './slack-failure.ts';
import type { SlackLog } from './slack-log.ts';
import type { WebCalls } from './web-calls.ts';

const EVENT_TYPE = 'heapdump_bot';
/** The first message of the thread cannot be answered, or is not there any more. */
const THREAD_GONE = new Set([
  'thread_not_found',
  'invalid_thread_ts',
  'message_not_found',
  'cannot_reply_to_message',
]);
const PAGE = 200;
/** What was posted lately stands on the first page of a channel; a long thread has several. */
const MAX_PAGES = 5;

const postedShape = z.object({
  channel: z.string(),
  ts: tsShape,
  message: z.object({ thread_ts: tsShape.optional() }).optional(),
});

const pageShape = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      user: z.string().optional(),
      thread_ts: z.string().optional(),
      metadata: z
        .object({
          event_type: z.string().optional(),
          event_payload: z.object({ key: z.string() }).optional().catch(undefined),
        })
        .optional()
        .catch(undefined),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

export interface Posting {
  /** @throws SlackFailure; with kind 'unknown' it may have been posted */
  post(place: SlackPlace, message: Message, key: string): Promise<SlackMessage>;
  /** The message with this key, as far as Slack lets us look. Never throws. */
  find(place: SlackPlace, key: string): Promise<SlackMessage | undefined>;
}

export function createPosting(deps: {
  readonly web: WebCalls;
  readonly botUserId: () => string | undefined;
  readonly log: SlackLog;
}): Posting {
  const { web, log } = deps;
  // Slack limits posting by channel: who has to wait there makes the rest of that channel wait, in their order.
  const channels = new Serially();

  const postOnce = async (place: SlackPlace, message: Message, key: string): Promise<SlackMessage> => {
    const answer = await web.call(
      'chat.postMessage',
      {
        channel: place.channel,
        ...(place.threadTs === undefined ? {} : { thread_ts: place.threadTs }),
        ...renderMessage(message),
        metadata: { event_type: EVENT_TYPE, event_payload: { key } },
        ...NO_PREVIEWS,
      },
      { again: 'writing' },
    );
    const { channel, ts, message: stored } = postedShape.parse(answer);
    // Slack posts into the channel when the thread is gone, and only this tells it.
    const threadTs = stored?.thread_ts;
    return { channel, ts, ...(threadTs === undefined || threadTs === ts ? {} : { threadTs }) };
  };

  const search = async (
    method: 'conversations.replies' | 'conversations.history',
    place: SlackPlace,
    key: string,
  ): Promise<SlackMessage | undefined> => {
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await web.call(
        method,
        {
          channel: place.channel,
          ...(method === 'conversations.replies' ? { ts: place.threadTs } : {}),
          include_all_metadata: true,
          limit: PAGE,
          ...(cursor === undefined ? {} : { cursor }),
        },
        { again: 'reading' },
      );
      const { messages, response_metadata } = pageShape.parse(answer);
      // Anybody's app may write metadata; only the author cannot be chosen.
      const me = deps.botUserId();
      const found = messages.find(
        ({ user, metadata }) =>
          me !== undefined &&
          user === me &&
          metadata?.event_type === EVENT_TYPE &&
          metadata.event_payload?.key === key,
      );
      if (found !== undefined) {
        const inThread = found.thread_ts !== undefined && found.thread_ts !== found.ts;
        return {
          channel: place.channel,
          ts: found.ts,
          ...(inThread && found.thread_ts !== undefined ? { threadTs: found.thread_ts } : {}),
        };
      }
      cursor = response_metadata?.next_cursor;
      if (cursor === undefined || cursor === '') return undefined;
    }
    return undefined;
  };

  const lookIn = async (
    method: 'conversations.replies' | 'conversations.history',
    place: SlackPlace,
    key: string,
  ): Promise<SlackMessage | 'thread-gone' | undefined> => {
    try {
      return await search(method, place, key);
    } catch (err) {
      if (isThreadGone(err)) return 'thread-gone';
      const slackCode = err instanceof SlackFailure ? err.slackCode : undefined;
      log.warn({ err, slackCode, channel: place.channel }, 'cannot see whether a message was posted already');
      return undefined;
    }
  };

  return {
    post: (place, message, key) =>
      channels.run(place.channel, async () => {
        try {
          return await postOnce(place, message, key);
        } catch (error) {
          if (!isThreadGone(error) || place.threadTs === undefined) throw error;
          log.info({ channel: place.channel }, 'thread is gone, posting to its channel');
          return postOnce({ channel: place.channel }, message, key);
        }
      }),

    async find(place, key) {
      const inThread =
        place.threadTs === undefined ? 'thread-gone' : await lookIn('conversations.replies', place, key);
      if (inThread !== 'thread-gone') return inThread;
      // What was said to a thread that is gone stands in the channel.
      const inChannel = await lookIn('conversations.history', place, key);
      return inChannel === 'thread-gone' ? undefined : inChannel;
    },
  };
}

function isThreadGone(error: unknown): boolean {
  return error instanceof SlackFailure && error.slackCode !== undefined && THREAD_GONE.has(error.slackCode);
}

/**
 * Both are needed: with one of them left out Slack's servers fetch every address in a message, and read a part of the
 * dump behind a download link. https://docs.slack.dev/messaging/unfurling-links-in-messages
 */
export const NO_PREVIEWS = { unfurl_links: false, unfurl_media: false } as const;
