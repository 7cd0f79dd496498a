/** Who the bot is in its workspace, and whether its token may do what it has to. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { BackOff } from '../back-off.ts';
import { ChatError } from '../chat-platform.ts';
import { chatError, SlackFailure } from './slack-failure.ts';
import type { SlackLog } from './slack-log.ts';
import type { WebCalls } from './web-calls.ts';

const answerShape = z.object({
  user_id: z.string().regex(/^[UW][A-Z0-9]+$/),
  bot_id: z.string(),
  team_id: z.string(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});

export interface Identity {
  readonly botUserId: string;
  readonly botId: string;
  readonly teamId: string;
}

const NEEDED_SCOPES = ['commands', 'chat:write', 'app_mentions:read', 'users:read'];
/** Scope by scope what is lost without it. */
const USEFUL_SCOPES: readonly (readonly [string, string])[] = [
  ['usergroups:read', 'user groups in rules count as empty'],
  ['channels:history', 'a message in a public channel may be posted twice after a lost answer'],
  ['groups:history', 'a message in a private channel may be posted twice after a lost answer'],
];

/**
 * Asks until Slack can be reached.
 * @throws ChatError 'refused' for a token that Slack does not take or that lacks a scope; the signal's reason
 */
export async function findIdentity(
  web: WebCalls,
  deps: { readonly log: SlackLog; readonly backOff: BackOff; readonly signal: AbortSignal },
): Promise<Identity> {
  const { log, backOff, signal } = deps;
  for (;;) {
    signal.throwIfAborted();
    try {
      const answer = await web.call('auth.test', {}, { again: 'once' });
      return checked(answer, log);
    } catch (error) {
      if (error instanceof ChatError) throw error;
      if (error instanceof SlackFailure && error.kind === 'refused') throw chatError(error);
      const pauseMs = backOff.next();
      log.warn({ err: error, pauseMs }, 'slack cannot be reached yet');
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

function checked(answer: unknown, log: SlackLog): Identity {
  const { user_id, bot_id, team_id, response_metadata } = answerShape.parse(answer);
  const scopes = response_metadata?.scopes;
  if (scopes !== undefined) {
    const missing = NEEDED_SCOPES.filter((scope) => !scopes.includes(scope));
    if (missing.length > 0) {
      throw new ChatError('refused', `Slack bot token lacks scopes: ${missing.join(', ')}`);
    }
    for (const [scope, lost] of USEFUL_SCOPES) {
      if (!scopes.includes(scope)) log.warn({ scope, lost }, 'slack bot token lacks a useful scope');
    }
  }
  return { botUserId: user_id, botId: bot_id, teamId: team_id };
}
