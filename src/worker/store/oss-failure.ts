/** What an error of ali-oss means for us: its code, whether another try may help, and a message without secrets. */
import { CredentialError } from '../../oss-credentials.ts';
import { redactText } from '../../redact.ts';
import { StoreError, type StoreErrorCode } from './object-store.ts';

export interface Failure {
  readonly code: StoreErrorCode;
  readonly retry: boolean;
  /** The store does not take these credentials; others may be there by now. */
  readonly credentialsRefused: boolean;
  readonly vendor: StoreError['vendor'];
  /** What happened, for people; no URL in it. */
  readonly reason: string;
  readonly cause: unknown;
}

/** An attempt that ran out of its time. */
export class AttemptTimeout extends Error {
  override readonly name = 'AttemptTimeout';

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** Thrown inside an attempt whose answer does not fit what was sent. */
export class ChecksumMismatch extends Error {
  override readonly name = 'ChecksumMismatch';
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/error-code */
const CODES: Readonly<Record<string, readonly [StoreErrorCode, 'retry' | 'final']>> = {
  NoSuchUpload: ['no-such-upload', 'final'],
  InvalidDigest: ['checksum-mismatch', 'retry'],
  // The named parts are not those that the store holds.
  InvalidPart: ['checksum-mismatch', 'final'],
  // 400s about a line that was too slow or broke off.
  RequestTimeout: ['unreachable', 'retry'],
  IncompleteBody: ['unreachable', 'retry'],
};

const CREDENTIAL_CODES: ReadonlySet<string> = new Set([
  'SecurityTokenExpired',
  'InvalidAccessKeyId',
  'InvalidSecurityToken',
]);

export function classify(error: unknown): Failure {
  const seen = facts(error);
  const { vendor } = seen;
  // Of a refused GET the SDK keeps the status alone, so that any reason is possible.
  const credentialsRefused =
    vendor.code === undefined ? vendor.status === 403 : CREDENTIAL_CODES.has(vendor.code);
  const [code, retry] = judge(error, vendor);
  return { ...seen, code, retry: retry === 'retry', credentialsRefused };
}

function judge(error: unknown, vendor: StoreError['vendor']): readonly [StoreErrorCode, 'retry' | 'final'] {
  if (error instanceof ChecksumMismatch) return ['checksum-mismatch', 'retry'];
  if (error instanceof AttemptTimeout) return ['unreachable', 'retry'];
  // A sidecar may be in the middle of renewing its file.
  if (error instanceof CredentialError) return ['refused', 'retry'];
  const known = vendor.code === undefined ? undefined : CODES[vendor.code];
  if (known !== undefined) return known;
  const { status } = vendor;
  // -1 and -2: the network. No status at all: a time-out of the SDK, or an answer that is no XML.
  if (status === undefined || status < 0 || status >= 500 || status === 429 || status === 408)
    return ['unreachable', 'retry'];
  // A body that is not XML comes from a proxy between us and OSS.
  if (vendor.code === undefined && status >= 200 && status < 300) return ['unreachable', 'retry'];
  return ['refused', 'final'];
}

function facts(error: unknown): Pick<Failure, 'vendor' | 'reason' | 'cause'> {
  if (!(error instanceof Error)) return { vendor: {}, reason: 'unknown error', cause: undefined };
  const { code, requestId, status } = error as Error & Readonly<Record<string, unknown>>;
  const vendor = {
    code: typeof code === 'string' ? code : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    status: typeof status === 'number' ? status : undefined,
  };
  const answered = vendor.status !== undefined && vendor.status > 0;
  const text = withoutUrls(error.message);
  const reason = answered ? `OSS answered ${vendor.status} ${vendor.code ?? error.name}: ${text}` : text;
  return { vendor, reason, cause: tellable(error, text) };
}

/**
 * The SDK's own error is not kept: it holds the request, with its body and its credentials. What remains is its name,
 * its scrubbed message and where it came from.
 */
function tellable(error: Error, message: string): Error {
  const cause = new Error(message);
  cause.name = error.name;
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  cause.stack = [`${error.name}: ${message}`, ...frames].join('\n');
  return cause;
}

/** urllib adds method, URL, agent status and headers, in this order; only what stands before them is kept. */
function withoutUrls(message: string): string {
  const [line = ''] = message.split('\n');
  const plain = line.replace(/,? ?\b(GET|PUT|POST|HEAD|DELETE) https?:\/\/.*$/, '');
  return redactText(plain.replace(/https?:\/\/[^\s,"'<>]+/g, '[address]')).slice(0, 300);
}

/** @param what such as `Part 3 of prod/a.hprof could not be stored` */
export function toStoreError(what: string, failure: Failure, attempts: number): StoreError {
  const tries = attempts > 1 ? ` (${attempts} attempts)` : '';
  return new StoreError(failure.code, `${what}: ${failure.reason}${tries}`, failure.vendor, failure.cause);
}
