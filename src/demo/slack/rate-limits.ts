/**
 * How often a method may be called: https://docs.slack.dev/apis/web-api/rate-limits
 * Slack gives its tiers as "50+ per minute": the number is what one may count on.
 */

export type Tier = 'tier1' | 'tier2' | 'tier3' | 'tier4' | 'posting';

export interface RateLimits {
  /** Calls per minute of one method. */
  readonly tier1: number;
  readonly tier2: number;
  readonly tier3: number;
  readonly tier4: number;
  /** Messages per second in one channel, and how many may come at once. */
  readonly postsPerSecond: number;
  readonly postBurst: number;
}

export const SLACK_RATE_LIMITS: RateLimits = {
  tier1: 1,
  tier2: 20,
  tier3: 50,
  tier4: 100,
  postsPerSecond: 1,
  postBurst: 5,
};

const MINUTE_MS = 60_000;

export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #calls = new Map<string, number[]>();
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a call.
   * @param nowMs of the workspace's clock
   * @returns undefined if it may go on, else the seconds to wait (a whole number of at least 1, as in `Retry-After`)
   */
  take(method: string, tier: Tier, channel: string, nowMs: number): number | undefined {
    return tier === 'posting'
      ? this.#takePost(channel, nowMs)
      : this.#takeCall(method, this.#limits[tier], nowMs);
  }

  #takeCall(method: string, perMinute: number, nowMs: number): number | undefined {
    const recent = (this.#calls.get(method) ?? []).filter((at) => at > nowMs - MINUTE_MS);
    this.#calls.set(method, recent);
    const [oldest] = recent;
    if (recent.length >= perMinute) {
      return Math.max(1, Math.ceil(((oldest ?? nowMs) + MINUTE_MS - nowMs) / 1000));
    }
    recent.push(nowMs);
    return undefined;
  }

  #takePost(channel: string, nowMs: number): number | undefined {
    const { postsPerSecond, postBurst } = this.#limits;
    const bucket = this.#buckets.get(channel) ?? { tokens: postBurst, at: nowMs };
    const tokens = Math.min(postBurst, bucket.tokens + ((nowMs - bucket.at) / 1000) * postsPerSecond);
    this.#buckets.set(channel, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: nowMs });
    return tokens >= 1 ? undefined : Math.max(1, Math.ceil((1 - tokens) / postsPerSecond));
  }
}
