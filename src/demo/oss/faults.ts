/** Canned trouble, used up one by one, each by the first call that its predicate takes. */
import type { Operation } from './operation.ts';

/** What a predicate sees of a request. */
export interface OssCall {
  readonly method: string;
  readonly operation: Operation;
  readonly key: string;
  readonly partNumber: number | undefined;
}

export type OssFault =
  /** Refuse with this status, as XML, and do nothing. The code is ServiceUnavailable, InternalError… unless given. */
  | { readonly kind: 'status'; readonly status: number; readonly code?: string }
  /** A proxy's error page instead of OSS's XML. */
  | { readonly kind: 'html'; readonly status: number }
  /** Cut the connection when so many bytes of the body (sent or received) have passed. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** One bit of the body turns on its way in. */
  | { readonly kind: 'flipped-bit' }
  | { readonly kind: 'wrong-etag' }
  | { readonly kind: 'wrong-crc64' }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Take the request and never answer it. */
  | { readonly kind: 'silence' }
  /** Do what was asked, then cut the connection before the answer. */
  | { readonly kind: 'answer-lost' };

export type OssFaultPredicate = (call: OssCall) => boolean;

export class OssFaults {
  readonly #waiting: { fault: OssFault; when: OssFaultPredicate }[] = [];
  readonly #cutConnections: () => void;
  #goneTimer: NodeJS.Timeout | undefined;

  constructor(cutConnections: () => void) {
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
