/** chat.*: https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours. */
import type { Arguments } from './arguments.ts';
import type { JsonObject } from './block.ts';
import { type ContentRules, readContent, readMetadata } from './content.ts';
import type { Desk } from './desk.ts';
import type { Channel } from './directory.ts';
import type { StoredMessage } from './message-log.ts';
import { Refusal } from './refusal.ts';
import { wireMessage } from './wire-message.ts';

const MAX_POST_CHARS = 40_000;
const MAX_UPDATE_CHARS = 4000;

export function rulesOf(desk: Desk): ContentRules {
  return { newId: () => desk.directory.newId('b'), blocksTextChars: desk.limits.blocksTextChars };
}

export function postMessage(args: Arguments, desk: Desk): JsonObject {
  const channel = desk.directory.channelFor(args.text('channel'), { people: true });
  const mayPostUnjoined = channel.kind === 'public' && desk.scopes.has('chat:write.public');
  if (!channel.botIsIn && !mayPostUnjoined) throw new Refusal('not_in_channel');
  if (channel.isArchived) throw new Refusal('is_archived');
  const content = readContent(args, rulesOf(desk));
  const metadata = readMetadata(args) ?? undefined;
  const threadTs = threadFor(channel, args.text('thread_ts'), desk);
  const { text, warnings } = shorten(content.text ?? '');
  const message = desk.messages.post({
    channel: channel.id,
    author: desk.directory.botUserId,
    fromBot: true,
    text,
    threadTs,
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    metadata,
    unfurlLinks: args.flag('unfurl_links'),
    unfurlMedia: args.flag('unfurl_media'),
    linkNames: content.linkNames,
  });
  desk.links.see(message, { quiet: isQuiet(message) });
  return {
    channel: channel.id,
    ts: message.ts,
    message: wireMessage(message, desk.directory, { metadata: true }),
    ...(warnings.length > 0 ? { response_metadata: { warnings } } : {}),
  };
}

export function updateMessage(args: Arguments, desk: Desk): JsonObject {
  const channel = desk.directory.channelFor(args.text('channel'));
  const before = ownMessage(channel, args.text('ts'), desk, 'cant_update_message');
  if (channel.isArchived) throw new Refusal('is_inactive');
  const content = readContent(args, rulesOf(desk));
  const text = content.text;
  if (text !== undefined && text.length > MAX_UPDATE_CHARS) throw new Refusal('msg_too_long');
  const metadata = readMetadata(args);
  // Left out, blocks stay unless a text takes their place. Attachments stay; `[]` removes them.
  const keptBlocks = text === undefined ? before.blocks : [];
  const message = desk.messages.update(before, {
    text: text ?? (content.blocks === undefined ? before.text : ''),
    blocks: content.blocks ?? keptBlocks,
    attachments: content.attachments ?? before.attachments,
    metadata: metadata === undefined ? before.metadata : (metadata ?? undefined),
    linkNames: content.linkNames,
  });
  // chat.update knows no unfurl flags: a link that comes in by it is fetched.
  desk.links.see(message, { quiet: false, before });
  return {
    channel: channel.id,
    ts: message.ts,
    text: message.text,
    message: wireMessage(message, desk.directory, { metadata: true }),
  };
}

export function postEphemeral(args: Arguments, desk: Desk): JsonObject {
  const channel = desk.directory.channelFor(args.text('channel'));
  if (!channel.botIsIn) throw new Refusal('not_in_channel');
  if (channel.isArchived) throw new Refusal('is_archived');
  const user = args.text('user');
  if (user === undefined || !desk.directory.people.has(user)) throw new Refusal('user_not_found');
  if (!desk.directory.isIn(user, channel)) throw new Refusal('user_not_in_channel');
  const content = readContent(args, rulesOf(desk));
  const threadTs = args.text('thread_ts');
  const message = desk.messages.post({
    channel: channel.id,
    author: desk.directory.botUserId,
    fromBot: true,
    text: content.text ?? '',
    threadTs,
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    ephemeralTo: user,
    // "Ephemeral messages in threads are only shown if there is already an active thread", says the method's page.
    unseen: threadTs !== undefined && desk.messages.repliesTo(channel.id, threadTs).length === 0,
    linkNames: content.linkNames,
  });
  // This method knows no unfurl flags either.
  desk.links.see(message, { quiet: false });
  return { message_ts: message.ts };
}

export function deleteMessage(args: Arguments, desk: Desk): JsonObject {
  const channel = desk.directory.channelFor(args.text('channel'));
  const message = ownMessage(channel, args.text('ts'), desk, 'cant_delete_message');
  desk.messages.delete(message);
  return { channel: channel.id, ts: message.ts };
}

export function isQuiet(message: StoredMessage): boolean {
  return message.unfurlLinks === false && message.unfurlMedia === false;
}

/**
 * Where the thread's first message is gone and left nothing behind, Slack says nothing and posts to the channel:
 * slack-go issue 1571, and the same from others. Only the missing `message.thread_ts` in the answer tells.
 * @returns the ts of the thread's first message
 * @throws Refusal `invalid_thread_ts`
 */
export function threadFor(channel: Channel, threadTs: string | undefined, desk: Desk): string | undefined {
  if (threadTs === undefined) return undefined;
  if (!/^\d+\.\d+$/.test(threadTs)) throw new Refusal('invalid_thread_ts');
  const parent = desk.messages.find(channel.id, threadTs);
  if (parent === undefined || parent.ephemeralTo !== undefined) return undefined;
  const root = parent.threadTs ?? parent.ts;
  const gone = desk.messages.find(channel.id, root)?.deleted === true;
  return gone && desk.messages.repliesTo(channel.id, root).length === 0 ? undefined : root;
}

function ownMessage(channel: Channel, ts: string | undefined, desk: Desk, otherwise: string): StoredMessage {
  const message = desk.messages.find(channel.id, ts);
  // An ephemeral message's ts finds nothing.
  if (message === undefined || message.deleted || message.ephemeralTo !== undefined) {
    throw new Refusal('message_not_found');
  }
  if (!message.fromBot) throw new Refusal(otherwise);
  return message;
}

function shorten(text: string): { text: string; warnings: string[] } {
  if (text.length <= MAX_POST_CHARS) return { text, warnings: [] };
  return { text: text.slice(0, MAX_POST_CHARS), warnings: ['message_truncated'] };
}
