/** Canned trouble, used up one by one. */

export interface PathFault {
  /** Answer with this HTTP status and do nothing; `code` is that of the new API. */
  readonly status?: number;
  readonly code?: string;
  /** Answer HTTP 200 with this errcode of the old API or a webhook, and do nothing. */
  readonly errcode?: number;
  readonly errmsg?: string;
  /** Answer HTTP 200 with this body and do nothing. */
  readonly body?: string;
  /** Do what was asked, then answer 504, as DingTalk's gateway does after about three seconds. */
  readonly doneThen504?: boolean;
  /** Do what was asked, then cut the connection before the answer. */
  readonly dropResponseAfterDoing?: boolean;
  /** Wait so long first; alone it is just a slow answer. */
  readonly delayMs?: number;
  /** Cut the connection and do nothing. */
  readonly reset?: boolean;
}

export class Faults {
  readonly #waiting = new Map<string, PathFault[]>();

  /**
   * The next calls meet these faults, in this order.
   * @param path such as `/v1.0/robot/groupMessages/send`; with the method in front where a path has several
   */
  next(path: string, ...faults: PathFault[]): void {
    this.#waiting.set(path, [...(this.#waiting.get(path) ?? []), ...faults]);
  }

  take(method: string, path: string): PathFault | undefined {
    return this.#waiting.get(`${method} ${path}`)?.shift() ?? this.#waiting.get(path)?.shift();
  }

  /** How many nobody has met yet. */
  left(): number {
    return [...this.#waiting.values()].reduce((sum, faults) => sum + faults.length, 0);
  }
}
