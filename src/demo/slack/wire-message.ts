/** A stored message as the Web API and payloads show it. */
import type { JsonObject } from './block.ts';
import { BOT_NAME, type Directory } from './directory.ts';
import type { MessageLog, StoredMessage } from './message-log.ts';

export function wireMessage(
  message: StoredMessage,
  directory: Directory,
  options: { readonly metadata?: boolean } = {},
): JsonObject {
  return {
    type: 'message',
    user: message.author,
    ts: message.ts,
    ...(message.fromBot
      ? {
          bot_id: directory.botId,
          app_id: directory.appId,
          bot_profile: {
            id: directory.botId,
            app_id: directory.appId,
            name: BOT_NAME,
            team_id: directory.teamId,
          },
        }
      : {}),
    text: message.text,
    team: directory.teamId,
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    ...(message.edits > 0 ? { edited: { user: message.author, ts: message.ts } } : {}),
    ...(options.metadata === true && message.metadata !== undefined ? { metadata: message.metadata } : {}),
  };
}

/** A message with what is known of the thread below it. */
export function wireParent(
  message: StoredMessage,
  directory: Directory,
  messages: MessageLog,
  options: { readonly metadata?: boolean },
): JsonObject {
  const replies = messages.repliesTo(message.channel, message.ts);
  const last = replies.at(-1);
  const shown = message.deleted
    ? {
        type: 'message',
        subtype: 'tombstone',
        user: 'USLACKBOT',
        hidden: true,
        ts: message.ts,
        text: TOMBSTONE,
      }
    : wireMessage(message, directory, options);
  if (last === undefined) return shown;
  return {
    ...shown,
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users: [...new Set(replies.map((reply) => reply.author))],
    latest_reply: last.ts,
  };
}

// A message that has replies leaves this behind, and its thread goes on.
const TOMBSTONE = 'This message was deleted.';
