/** What every method of the Web API works on. */
import type { Directory } from './directory.ts';
import type { LinkFetcher } from './link-fetcher.ts';
import type { MessageLog } from './message-log.ts';
import type { RateLimits } from './rate-limits.ts';
import type { TriggerIds } from './trigger-ids.ts';
import type { Views } from './views.ts';

export interface SlackLimits {
  /** How long Slack waits for an acknowledgement. */
  readonly ackMs: number;
  readonly triggerMs: number;
  readonly responseUrlMs: number;
  readonly responseUrlUses: number;
  /** Waits before an event that was not acknowledged comes again. */
  readonly eventRetryDelaysMs: readonly number[];
  /** `'off'` for tests that post a lot. */
  readonly rate: Partial<RateLimits> | 'off';
  /** Text of all blocks together. Slack does not publish it: 9,597 were taken and 11,341 refused (bolt-js issue 2867). */
  readonly blocksTextChars: number;
  /** WebSocket connections of one app token. */
  readonly connections: number;
  /** Between pings of the server's own. */
  readonly serverPingMs: number;
}

export const SLACK_LIMITS: SlackLimits = {
  ackMs: 3000,
  triggerMs: 3000,
  responseUrlMs: 30 * 60_000,
  responseUrlUses: 5,
  eventRetryDelaysMs: [0, 60_000, 300_000],
  rate: {},
  blocksTextChars: 10_000,
  connections: 10,
  serverPingMs: 10_000,
};

export interface Desk {
  readonly now: () => number;
  readonly limits: SlackLimits;
  readonly directory: Directory;
  readonly messages: MessageLog;
  readonly views: Views;
  readonly triggers: TriggerIds;
  readonly links: LinkFetcher;
  readonly scopes: ReadonlySet<string>;
  /** User groups come with paid plans only. */
  readonly plan: 'free' | 'paid';
}
