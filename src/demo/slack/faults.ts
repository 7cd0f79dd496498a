/** Canned trouble, used up one by one. */

export interface MethodFault {
  /** Answer with this HTTP status and do nothing. */
  readonly status?: number;
  /** Answer `{ ok: false, error }` and do nothing. */
  readonly slackError?: string;
  /** Answer 429 with this many seconds in `Retry-After`, and do nothing. */
  readonly retryAfter?: number;
  /** Do what was asked, then cut the connection before the answer. */
  readonly dropResponseAfterDoing?: boolean;
  /** Wait so long first; alone it is just a slow answer. */
  readonly delayMs?: number;
  /** Cut the connection and do nothing. */
  readonly reset?: boolean;
}

export class Faults {
  readonly #waiting = new Map<string, MethodFault[]>();

  /** The next calls of a method (`response_url` counts as one) meet these faults, in this order. */
  next(method: string, ...faults: MethodFault[]): void {
    this.#waiting.set(method, [...(this.#waiting.get(method) ?? []), ...faults]);
  }

  take(method: string): MethodFault | undefined {
    return this.#waiting.get(method)?.shift();
  }

  /** How many nobody has met yet. */
  left(): number {
    return [...this.#waiting.values()].reduce((sum, faults) => sum + faults.length, 0);
  }
}
