/** Twenty messages a minute of one robot into groups, and as many to one person: https://open.dingtalk.com/document/orgapp/custom-robot-access */

const MINUTE_MS = 60_000;

export class MessageBudget {
  readonly #perMinute: number | 'off';
  readonly #muteMs: number;
  readonly #now: () => number;
  readonly #sent = new Map<string, number[]>();
  readonly #muteUntil = new Map<string, number>();

  constructor(now: () => number, perMinute: number | 'off', muteMs: number) {
    this.#now = now;
    this.#perMinute = perMinute;
    this.#muteMs = muteMs;
  }

  /** @param who a robot in all its groups, or in the chat with one person. @returns false where it is too much, which makes it mute for a while */
  take(who: string): boolean {
    if (this.#perMinute === 'off') return true;
    const now = this.#now();
    if ((this.#muteUntil.get(who) ?? 0) > now) return false;
    const recent = (this.#sent.get(who) ?? []).filter((at) => at > now - MINUTE_MS);
    this.#sent.set(who, recent);
    if (recent.length >= this.#perMinute) {
      this.#muteUntil.set(who, now + this.#muteMs);
      return false;
    }
    recent.push(now);
    return true;
  }
}
