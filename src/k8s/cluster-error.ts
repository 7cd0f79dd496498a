import { ApiException } from '@kubernetes/client-node';
import { forbiddenText, readStatus, shortText } from './api-status.ts';

export type ClusterErrorCode =
  | 'forbidden' // 401 and 403
  | 'not-found'
  | 'bad-request' // 400, 405, 422 and the like: sending it again changes nothing
  | 'refused' // 409, 429 and 5xx: the server is there and will not now
  | 'unreachable' // no connection; also no usable kubeconfig, or a plugin or file of it that failed
  | 'timed-out'
  | 'aborted';

/** A call to the API server that did not work. The message is for people and holds no credentials. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** Whether the same call may work a little later. */
  readonly retryable: boolean;

  constructor(
    code: ClusterErrorCode,
    message: string,
    facts: { status?: number | undefined; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
    this.retryable =
      facts.retryable ?? (code === 'refused' || code === 'unreachable' || code === 'timed-out');
  }
}

/**
 * @param action what was tried, verb first: 'get pods'
 * @param body the parsed or raw body of the answer
 */
export const errorOfAnswer = (
  status: number,
  body: unknown,
  action: string,
  cause?: unknown,
): ClusterError => {
  const said = readStatus(body)?.message ?? (typeof body === 'string' ? body : '');
  const text = shortText(said) || `HTTP ${status}`;
  const fail = (code: ClusterErrorCode, message: string, retryable?: boolean): ClusterError =>
    new ClusterError(code, message, { status, cause, ...(retryable === undefined ? {} : { retryable }) });
  // A token that was rotated a moment ago is the one 401 that passes by itself.
  if (status === 401) return fail('forbidden', `The cluster does not accept our credentials: ${text}`, true);
  if (status === 403) return fail('forbidden', forbiddenText(said, action));
  if (status === 404) return fail('not-found', text);
  if (status === 409 || status === 429 || status >= 500) return fail('refused', `Cannot ${action}: ${text}`);
  return fail('bad-request', text);
};

/** System errors that lie in the address or the certificate: the next try meets them again. */
const LASTING = /^(ENOTFOUND|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL|ERR_INVALID)/;

/** @param thrown whatever fetch, ws, or the library's authentication threw; the first `code` in its chain names it */
export const errorOfFailure = (thrown: unknown, action: string): ClusterError => {
  if (thrown instanceof ClusterError) return thrown;
  if (thrown instanceof ApiException) return errorOfAnswer(thrown.code, thrown.body, action, thrown);
  const inner = deepest(thrown);
  const text = shortText(inner.message) || inner.code || 'unknown reason';
  return new ClusterError('unreachable', `Cannot reach the cluster: ${text}`, {
    cause: thrown,
    retryable: inner.code !== undefined && !LASTING.test(inner.code),
  });
};

const deepest = (thrown: unknown): { code: string | undefined; message: string } => {
  let code: string | undefined;
  let message = '';
  for (let at = thrown, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    message = at.message || message;
    if ('code' in at && typeof at.code === 'string') code = at.code;
    // A host with several addresses fails with one error for each.
    if (at instanceof AggregateError && at.errors[0] instanceof Error && at.message === '')
      message = at.errors[0].message;
  }
  return { code, message };
};
