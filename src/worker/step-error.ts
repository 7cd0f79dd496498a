import type { FailureCode, RetryKind } from './dump-job.ts';

/** Why a step could not be done: a code for people, and whether trying again by itself may help. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly code: FailureCode;
  /** Facts for people, as text. */
  readonly detail: string;
  /** True: the same attempt a little later may succeed. False: a person has to do something first. */
  readonly retryable: boolean;
  /** What a person may do, where that is not the common answer for the code. */
  readonly retry: RetryKind | undefined;

  constructor(
    code: FailureCode,
    detail: string,
    options: { readonly retryable?: boolean; readonly retry?: RetryKind; readonly cause?: unknown } = {},
  ) {
    super(detail === '' ? code : `${code}: ${detail}`, { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.retryable = options.retryable ?? false;
    this.retry = options.retry;
  }
}
