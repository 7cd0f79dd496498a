/** The methods that the stand-in knows, with what each asks for. */
import type { Arguments } from './arguments.ts';
import type { JsonObject } from './block.ts';
import * as chat from './chat-methods.ts';
import * as conversations from './conversation-methods.ts';
import type { Desk } from './desk.ts';
import * as people from './people-methods.ts';
import type { Tier } from './rate-limits.ts';
import * as views from './view-methods.ts';

export interface Method {
  readonly token: 'bot' | 'app';
  readonly tier: Tier;
  readonly scope?: (args: Arguments, desk: Desk) => string;
  /** @returns the answer without `ok`; @throws Refusal */
  readonly run: (args: Arguments, desk: Desk) => JsonObject;
}

const chatWrite = () => 'chat:write';

/** @param openConnection gives the WebSocket's address for a new connection */
export function methodTable(openConnection: () => string): ReadonlyMap<string, Method> {
  const bot = { token: 'bot' } as const;
  return new Map<string, Method>([
    // Tiers as the pages of the methods give them; auth.test is special, "hundreds per minute".
    ['auth.test', { ...bot, tier: 'tier4', run: people.authTest }],
    ['chat.postMessage', { ...bot, tier: 'posting', scope: chatWrite, run: chat.postMessage }],
    ['chat.update', { ...bot, tier: 'tier3', scope: chatWrite, run: chat.updateMessage }],
    ['chat.postEphemeral', { ...bot, tier: 'tier4', scope: chatWrite, run: chat.postEphemeral }],
    ['chat.delete', { ...bot, tier: 'tier3', scope: chatWrite, run: chat.deleteMessage }],
    [
      'conversations.replies',
      { ...bot, tier: 'tier3', scope: conversations.historyScope, run: conversations.replies },
    ],
    [
      'conversations.history',
      { ...bot, tier: 'tier3', scope: conversations.historyScope, run: conversations.history },
    ],
    ['conversations.open', { ...bot, tier: 'tier3', scope: () => 'im:write', run: conversations.open }],
    [
      'conversations.info',
      { ...bot, tier: 'tier3', scope: conversations.readScope, run: conversations.about },
    ],
    ['users.info', { ...bot, tier: 'tier4', scope: () => 'users:read', run: people.userInfo }],
    [
      'usergroups.users.list',
      { ...bot, tier: 'tier2', scope: () => 'usergroups:read', run: people.groupMembers },
    ],
    ['views.open', { ...bot, tier: 'tier4', run: views.openView }],
    ['views.update', { ...bot, tier: 'tier4', run: views.updateView }],
    ['views.publish', { ...bot, tier: 'tier4', run: views.publishView }],
    // Slack names tier 1 for it, with bursts: reconnecting clients are not refused in practice.
    ['apps.connections.open', { token: 'app', tier: 'tier2', run: () => ({ url: openConnection() }) }],
  ]);
}
