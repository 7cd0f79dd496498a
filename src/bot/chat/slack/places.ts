/** Slack's ids, and how the port's opaque strings hold them. What comes back is checked: it was in Redis or in a form. */
import { z } from 'zod';
import { ChatError, type MessageRef, type Place, type PrivatePlace } from '../chat-platform.ts';
import type { PersonRef } from '../message.ts';

export const PLATFORM = 'slack';

export const channelIdShape = z.string().regex(/^[CDG][A-Z0-9]{2,20}$/);
export const tsShape = z.string().regex(/^\d{1,12}\.\d{1,6}$/);

export interface SlackPlace {
  readonly channel: string;
  /** The first message of a thread. */
  readonly threadTs?: string;
}

export interface SlackMessage extends SlackPlace {
  readonly ts: string;
}

export interface SlackPrivatePlace extends SlackPlace {
  /** A capability: whoever has it can write into the channel for half an hour. Never logged. */
  readonly responseUrl?: string;
  /** Milliseconds since the epoch, when the `response_url` was given. */
  readonly givenAt?: number;
}

/** `slack:U012ABC` → `U012ABC`; undefined for people of other platforms. */
export function userId(person: PersonRef): string | undefined {
  return /^slack:([UW][A-Z0-9]{2,20})$/.exec(person)?.[1];
}

export function personRef(user: string): PersonRef {
  return `${PLATFORM}:${user}`;
}

/** `slack:group:S012ABC` → `S012ABC`. */
export function groupId(group: string): string | undefined {
  return /^slack:group:(S[A-Z0-9]{2,20})$/.exec(group)?.[1];
}

/** `C012` or `C012/1700000000.000100`. */
export function encodePlace({ channel, threadTs }: SlackPlace): Place {
  return threadTs === undefined ? channel : `${channel}/${threadTs}`;
}

/** @throws ChatError 'place-gone' for what was never a place in Slack */
export function decodePlace(place: Place): SlackPlace {
  const [channel, threadTs, ...rest] = place.split('/');
  const isPlace = channelIdShape.safeParse(channel).success && tsShape.optional().safeParse(threadTs).success;
  if (channel === undefined || !isPlace || rest.length > 0) {
    throw new ChatError('place-gone', `Not a place in Slack: ${place}`);
  }
  return { channel, ...(threadTs === undefined ? {} : { threadTs }) };
}

/** `C012/1700000000.000200`, with the thread behind it where there is one. */
export function encodeRef({ channel, ts, threadTs }: SlackMessage): MessageRef {
  return [channel, ts, ...(threadTs === undefined ? [] : [threadTs])].join('/');
}

/** @throws ChatError 'message-gone' for what was never a message in Slack */
export function decodeRef(ref: MessageRef): SlackMessage {
  const [channel, ts, threadTs, ...rest] = ref.split('/');
  const isRef =
    channelIdShape.safeParse(channel).success &&
    tsShape.safeParse(ts).success &&
    tsShape.optional().safeParse(threadTs).success;
  if (channel === undefined || ts === undefined || !isRef || rest.length > 0) {
    throw new ChatError('message-gone', `Not a message in Slack: ${ref}`);
  }
  return { channel, ts, ...(threadTs === undefined ? {} : { threadTs }) };
}

/** The thread that a message is in or begins. */
export function threadPlace({ channel, ts, threadTs }: SlackMessage): Place {
  return encodePlace({ channel, threadTs: threadTs ?? ts });
}

const privatePlaceShape = z.object({
  channel: channelIdShape,
  threadTs: tsShape.optional(),
  responseUrl: z.url().optional(),
  givenAt: z.number().optional(),
});

export function encodePrivatePlace(place: SlackPrivatePlace): PrivatePlace {
  return JSON.stringify(place);
}

/** @returns undefined for what is none: the person is then told directly */
export function decodePrivatePlace(place: PrivatePlace | undefined): SlackPrivatePlace | undefined {
  if (place === undefined) return undefined;
  try {
    const { channel, threadTs, responseUrl, givenAt } = privatePlaceShape.parse(JSON.parse(place));
    return {
      channel,
      ...(threadTs === undefined ? {} : { threadTs }),
      ...(responseUrl === undefined ? {} : { responseUrl }),
      ...(givenAt === undefined ? {} : { givenAt }),
    };
  } catch {
    return undefined;
  }
}
