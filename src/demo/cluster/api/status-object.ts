/** The API server's own word for 'no' (and, at the end of an exec, for 'yes'). */
export interface StatusObject {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, never>;
  status: 'Failure';
  message: string;
  reason?: string;
  details?: { name?: string; group?: string; kind?: string; retryAfterSeconds?: number };
  code: number;
}

export interface Answer {
  status: number;
  contentType?: string;
  headers?: Record<string, string>;
  /** An object is sent as JSON with a line feed at its end, as the API server does. */
  body: unknown;
}

const failure = (
  code: number,
  reason: string,
  message: string,
  details?: StatusObject['details'],
): Answer => {
  const body: StatusObject = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details && { details }),
    code,
  };
  return { status: code, body };
};

export const badRequest = (message: string): Answer => failure(400, 'BadRequest', message);
export const unauthorized = (): Answer => failure(401, 'Unauthorized', 'Unauthorized');
export const notFound = (kind: string, name: string): Answer =>
  failure(404, 'NotFound', `${kind} "${name}" not found`, { name, kind });
export const noSuchResource = (): Answer =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {});
export const methodNotAllowed = (): Answer =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
export const expired = (version: number): Answer =>
  failure(410, 'Expired', `too old resource version: ${version}`);
export const forbidden = (message: string, details: StatusObject['details']): Answer =>
  failure(403, 'Forbidden', message, details);
/** For faults: an answer that no request deserves. */
export const faultAnswer = (fault: {
  status: number;
  reason?: string;
  message?: string;
  retryAfterSeconds?: number;
}): Answer => ({
  ...failure(fault.status, fault.reason ?? 'InternalError', fault.message ?? 'the server is unwell'),
  ...(fault.retryAfterSeconds !== undefined && {
    headers: { 'retry-after': String(fault.retryAfterSeconds) },
  }),
});

export const text = (status: number, body: string): Answer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});

/** Body and content type as they go over the wire. */
export const encodeAnswer = (answer: Answer): { body: string; contentType: string | undefined } =>
  typeof answer.body === 'string'
    ? { body: answer.body, contentType: answer.contentType }
    : { body: `${JSON.stringify(answer.body)}\n`, contentType: answer.contentType ?? 'application/json' };
