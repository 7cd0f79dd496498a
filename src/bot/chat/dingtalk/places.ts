/** DingTalk's ids, and how the port's opaque strings hold them. What comes back is checked: it was in Redis. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ChatError, type MessageRef, type Place, type PrivatePlace } from '../chat-platform.ts';
import type { PersonRef } from '../message.ts';

export const PLATFORM = 'dingtalk';

const staffIdShape = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/);
const conversationShape = z.string().regex(/^[A-Za-z0-9+/=_-]{3,128}$/);
const topicShape = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const cardShape = z.string().regex(/^hd1\.[A-Za-z0-9_-]{0,64}\.[A-Za-z0-9_-]{22}$/);

const whereShape = z.strictObject({
  /** A group's `openConversationId`. */
  group: conversationShape.optional(),
  /** The staff id of the person whose one-to-one chat with the robot it is. */
  single: staffIdShape.optional(),
  /** The request that is spoken of. There are no threads: each message carries it instead. */
  topic: topicShape.optional(),
  /** `outTrackId` of the card that what follows belongs to. */
  card: cardShape.optional(),
});

/** A group or the one-to-one chat with a person, one of the two. */
export type DingtalkPlace = z.output<typeof whereShape>;

const refShape = whereShape.extend({
  /** The message is a part of the card and not a card of its own. */
  part: z.literal('progress').optional(),
  /** How far the progress was that was shown last. */
  stage: z.string().max(200).optional(),
  /** Of a message that cannot be edited: marks of what it said, so that only the news is said after it. */
  said: z.array(z.string().max(8)).max(300).optional(),
});

export type DingtalkMessage = z.output<typeof refShape>;

export const isConversation = (id: string): boolean => conversationShape.safeParse(id).success;

/** `dingtalk:0135` → `0135`; undefined for guests and for people of other platforms. */
export function staffId(person: PersonRef): string | undefined {
  const id = person.startsWith(`${PLATFORM}:`) ? person.slice(PLATFORM.length + 1) : undefined;
  return staffIdShape.safeParse(id).success ? id : undefined;
}

export function personRef(staff: string): PersonRef {
  return `${PLATFORM}:${staff}`;
}

/** Somebody without a staff id here. No rule of a config can name such a person. */
export function guestRef(senderId: string): PersonRef {
  return `${PLATFORM}:guest:${mark(senderId, 16)}`;
}

/** `dingtalk:group:cid…==` (a conversation) or `dingtalk:group:1507113578` (a role). */
export function groupId(
  group: string,
): { readonly role: number } | { readonly conversation: string } | undefined {
  const id = group.startsWith(`${PLATFORM}:group:`) ? group.slice(PLATFORM.length + 7) : undefined;
  if (id === undefined) return undefined;
  if (/^\d{1,15}$/.test(id)) return { role: Number(id) };
  return conversationShape.safeParse(id).success ? { conversation: id } : undefined;
}

export function encodePlace(place: DingtalkPlace): Place {
  const { group, single, topic, card } = place;
  return JSON.stringify({ group, single, topic, card });
}

/** @throws ChatError 'place-gone' for what was never a place in DingTalk */
export function decodePlace(place: Place): DingtalkPlace {
  const decoded = parsed(whereShape, place);
  if (decoded === undefined || (decoded.group === undefined) === (decoded.single === undefined)) {
    throw new ChatError('place-gone', 'Not a place in DingTalk');
  }
  return decoded;
}

export function encodeRef(message: DingtalkMessage): MessageRef {
  return JSON.stringify(message);
}

/** @throws ChatError 'message-gone' for what was never a message in DingTalk */
export function decodeRef(ref: MessageRef): DingtalkMessage {
  const decoded = parsed(refShape, ref);
  if (decoded === undefined || (decoded.group === undefined) === (decoded.single === undefined)) {
    throw new ChatError('message-gone', 'Not a message in DingTalk');
  }
  return decoded;
}

const privatePlaceShape = z.strictObject({
  group: conversationShape.optional(),
  single: staffIdShape.optional(),
  /** A capability: whoever has it can write into the conversation until it ends. Never logged. */
  sessionWebhook: z.url().max(2000).optional(),
  /** Milliseconds since the epoch. */
  sessionEndsAt: z.number().optional(),
});

export type DingtalkPrivatePlace = z.output<typeof privatePlaceShape>;

export function encodePrivatePlace(place: DingtalkPrivatePlace): PrivatePlace {
  return JSON.stringify(place);
}

/** @returns undefined for what is none: the person is then told directly */
export function decodePrivatePlace(place: PrivatePlace | undefined): DingtalkPrivatePlace | undefined {
  return place === undefined ? undefined : parsed(privatePlaceShape, place);
}

/**
 * The `outTrackId` of the card of a message: the same for each try to post it, so that DingTalk itself refuses a second
 * one, and with the request in it, since a click says nothing else that can be trusted.
 */
export function cardIdOf(key: string, requestId: string | undefined): string {
  const topic = topicShape.safeParse(requestId).success ? requestId : '';
  return `hd1.${topic}.${mark(key, 22)}`;
}

/** @returns undefined for a card that this version of the bot did not make */
export function requestIdOfCard(outTrackId: string): string | undefined {
  if (!cardShape.safeParse(outTrackId).success) return undefined;
  return outTrackId.split('.')[1] || undefined;
}

/** @param length of the mark, in characters of base64url */
export function mark(text: string, length: number): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, length);
}

function parsed<Shape extends z.ZodType>(shape: Shape, text: string): z.output<Shape> | undefined {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
