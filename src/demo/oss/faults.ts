/** Canned trouble, used up one by one, each by the first call that its predicate takes. */
import type { Operation } from './operation.ts';
import type { Pace } from './pace.ts';

/** What a predicate sees of a request. */
export interface OssCall {
  readonly method: string;
  readonly operation: Operation;
  readonly key: string;
  readonly partNumber: number | undefined;
}

export type OssFault =
  /**
   * Refuse with this status, as XML, and do nothing. The code is ServiceUnavailable, InternalError… unless given; that
   * of a store that is asked for too much is 503 UploadTrafficRateLimitExceeded or TotalQpsLimitExceeded.
   */
  | { readonly kind: 'status'; readonly status: number; readonly code?: string }
  /** A proxy's error page instead of OSS's XML. */
  | { readonly kind: 'html'; readonly status: number }
  /** Cut the connection when so many bytes of the body (sent or received) have passed. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** One bit of the body turns on its way in. */
  | { readonly kind: 'flipped-bit' }
  | { readonly kind: 'wrong-etag' }
  | { readonly kind: 'wrong-crc64' }
  /** HEAD and ListParts tell so many bytes more than there are; negative for fewer. */
  | { readonly kind: 'wrong-size'; readonly by: number }
  /** The key that signed the request is over at this moment. */
  | { readonly kind: 'key-expires' }
  /** Abort says that it is done while a part was on its way: the upload is still there, with its parts. */
  | { readonly kind: 'abort-leaves-parts' }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Take the request and never answer it. */
  | { readonly kind: 'silence' }
  /** Do what was asked, then cut the connection before the answer. */
  | { readonly kind: 'answer-lost' };

export type OssFaultPredicate = (call: OssCall) => boolean;

export class OssFaults {
  readonly #pace: Pace;
  readonly #waiting: { fault: OssFault; when: OssFaultPredicate }[] = [];
  readonly #cutConnections: () => void;
  #goneTimer: NodeJS.Timeout | undefined;

  constructor(pace: Pace, cutConnections: () => void) {
    this.#pace = pace;
    this.#cutConnections = cutConnections;
  }

  /** The next `times` calls that `when` takes meet the fault; faults are tried in the order they were added. */
  next(fault: OssFault, when: OssFaultPredicate = () => true, times = 1): void {
    for (let left = times; left > 0; left--) this.#waiting.push({ fault, when });
  }

  take(call: OssCall): OssFault | undefined {
    const index = this.#waiting.findIndex(({ when }) => when(call));
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]?.fault;
  }

  /** So many bytes a second for all uploads together, from now on; undefined for as fast as it goes. */
  rate(bytesPerSecond: number | undefined): void {
    this.#pace.limit(bytesPerSecond);
  }

  /** How many nobody has met yet. */
  left(): number {
    return this.#waiting.length;
  }

  /** Every connection, old or new, is reset for so long, or until `comeBack`. */
  goneFor(ms: number): void {
    clearTimeout(this.#goneTimer);
    this.#goneTimer = setTimeout(() => this.comeBack(), ms);
    this.#cutConnections();
  }

  comeBack(): void {
    clearTimeout(this.#goneTimer);
    this.#goneTimer = undefined;
  }

  get gone(): boolean {
    return this.#goneTimer !== undefined;
  }
}
