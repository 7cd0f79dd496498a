/**
 * How many calls there may be: by the month for the organisation (https://www.dingtalk.com/qidian/help-detail-1061621972.html),
 * by the second for one app and one interface (https://open.dingtalk.com/document/orgapp/call-frequency-limit).
 */

export type OverLimit = 'month' | 'second';

export class Quota {
  limit: number;
  readonly #perSecond: number | 'off';
  readonly #now: () => number;
  readonly #recent = new Map<string, number[]>();
  #month = '';
  #used = 0;

  constructor(now: () => number, perMonth: number, perSecond: number | 'off') {
    this.#now = now;
    this.limit = perMonth;
    this.#perSecond = perSecond;
  }

  /** Metered calls in the present month. */
  get used(): number {
    this.#turnMonth();
    return this.#used;
  }

  /** Counts a call. @returns what it is too much for */
  take(call: string): OverLimit | undefined {
    this.#turnMonth();
    if (this.#used >= this.limit) return 'month';
    if (!this.#takeSecond(call)) return 'second';
    this.#used += 1;
    return undefined;
  }

  #takeSecond(call: string): boolean {
    if (this.#perSecond === 'off') return true;
    const now = this.#now();
    const recent = (this.#recent.get(call) ?? []).filter((at) => at > now - 1000);
    this.#recent.set(call, recent);
    if (recent.length >= this.#perSecond) return false;
    recent.push(now);
    return true;
  }

  #turnMonth(): void {
    const month = new Date(this.#now()).toISOString().slice(0, 7);
    if (month === this.#month) return;
    this.#month = month;
    this.#used = 0;
  }
}
