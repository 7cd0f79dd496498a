/** conversations.*: https://docs.slack.dev/reference/methods/conversations.replies and its neighbours. */
import type { Arguments } from './arguments.ts';
import type { JsonObject } from './block.ts';
import type { Desk } from './desk.ts';
import type { Channel } from './directory.ts';
import type { StoredMessage } from './message-log.ts';
import { Refusal } from './refusal.ts';
import { wireMessage, wireParent } from './wire-message.ts';

const MAX_PAGE = 999;

export function replies(args: Arguments, desk: Desk): JsonObject {
  const channel = readable(args, desk);
  const asked = desk.messages.find(channel.id, args.text('ts'));
  const parentTs = asked?.threadTs ?? asked?.ts;
  const parent = desk.messages.find(channel.id, parentTs);
  if (parent === undefined || parent.ephemeralTo !== undefined) throw new Refusal('thread_not_found');
  const below = desk.messages.repliesTo(channel.id, parent.ts);
  if (parent.deleted && below.length === 0) throw new Refusal('thread_not_found');
  const metadata = { metadata: args.flag('include_all_metadata') === true };
  const page = pageOf(
    below.filter((message) => isWithin(message, args)),
    args,
    1000,
  );
  return {
    // The first message of the thread comes with every page.
    messages: [
      wireParent(parent, desk.directory, desk.messages, metadata),
      ...page.messages.map((message) => ({
        ...wireMessage(message, desk.directory, metadata),
        parent_user_id: parent.author,
      })),
    ],
    ...page.rest,
  };
}

export function history(args: Arguments, desk: Desk): JsonObject {
  const channel = readable(args, desk);
  const metadata = { metadata: args.flag('include_all_metadata') === true };
  const top = desk.messages
    .inChannel(channel.id)
    .filter((message) => message.threadTs === undefined || message.threadTs === message.ts)
    .filter((message) => isWithin(message, args))
    .reverse();
  const page = pageOf(top, args, 100);
  return {
    messages: page.messages.map((message) => wireParent(message, desk.directory, desk.messages, metadata)),
    ...page.rest,
  };
}

export function open(args: Arguments, desk: Desk): JsonObject {
  const users = (args.text('users') ?? '').split(',').filter((each) => each !== '');
  if (args.text('channel') !== undefined) {
    return { channel: { id: desk.directory.channelFor(args.text('channel')).id } };
  }
  const [user] = users;
  if (user === undefined) throw new Refusal('users_list_not_supplied');
  // Group conversations are nothing that the demo needs.
  if (users.length > 1) throw new Refusal('too_many_users');
  const person = desk.directory.person(user);
  if (person.deleted) throw new Refusal('user_disabled');
  if (person.isBot) throw new Refusal('cannot_dm_bot');
  const channel = desk.directory.directChannel(person.id);
  return { channel: args.flag('return_im') === true ? wireChannel(channel, desk) : { id: channel.id } };
}

export function about(args: Arguments, desk: Desk): JsonObject {
  return { channel: wireChannel(desk.directory.channelFor(args.text('channel')), desk) };
}

/** The scope that reading a channel's messages takes. */
export function historyScope(args: Arguments, desk: Desk): string {
  return `${scopePrefix(args, desk)}:history`;
}

export function readScope(args: Arguments, desk: Desk): string {
  return `${scopePrefix(args, desk)}:read`;
}

function scopePrefix(args: Arguments, desk: Desk): string {
  const kind = desk.directory.channels.get(args.text('channel') ?? '')?.kind ?? 'public';
  return { public: 'channels', private: 'groups', direct: 'im' }[kind];
}

function readable(args: Arguments, desk: Desk): Channel {
  const channel = desk.directory.channelFor(args.text('channel'));
  if (!channel.botIsIn) throw new Refusal('not_in_channel');
  return channel;
}

function isWithin(message: StoredMessage, args: Arguments): boolean {
  const oldest = args.text('oldest') ?? '0';
  const latest = args.text('latest');
  const inclusive = args.flag('inclusive') === true;
  const at = Number(message.ts);
  if (inclusive && (message.ts === oldest || message.ts === latest)) return true;
  return at > Number(oldest) && (latest === undefined || at < Number(latest));
}

function pageOf(
  messages: readonly StoredMessage[],
  args: Arguments,
  defaultLimit: number,
): { messages: readonly StoredMessage[]; rest: JsonObject } {
  const limit = args.number('limit') ?? defaultLimit;
  if (!(limit >= 1 && limit <= Math.max(MAX_PAGE, defaultLimit))) throw new Refusal('invalid_limit');
  const start = offsetOf(args.text('cursor'));
  const end = start + limit;
  const more = end < messages.length;
  return {
    messages: messages.slice(start, end),
    rest: {
      has_more: more,
      ...(more ? { response_metadata: { next_cursor: Buffer.from(`next:${end}`).toString('base64') } } : {}),
    },
  };
}

function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const [, offset] = /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString()) ?? [];
  if (offset === undefined) throw new Refusal('invalid_cursor');
  return Number(offset);
}

function wireChannel(channel: Channel, desk: Desk): JsonObject {
  if (channel.kind === 'direct') {
    return { id: channel.id, is_im: true, is_archived: false, user: channel.directWith, created: 0 };
  }
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_im: false,
    is_mpim: false,
    is_private: channel.kind === 'private',
    is_archived: channel.isArchived,
    is_general: false,
    is_shared: false,
    is_ext_shared: [...desk.directory.people.values()].some(
      (person) => person.isStranger && desk.directory.isIn(person.id, channel),
    ),
    is_member: channel.botIsIn,
    created: 0,
    context_team_id: desk.directory.teamId,
  };
}
