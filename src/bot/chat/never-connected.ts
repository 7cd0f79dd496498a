/** Codes of errors before a byte of a request was written. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** @returns whether the request surely did not arrive, so that it may be sent again */
export function neverConnected(error: unknown): boolean {
  let each: unknown = error;
  for (let depth = 0; depth < 5 && each instanceof Error; depth += 1) {
    if ('code' in each && typeof each.code === 'string' && NEVER_CONNECTED.has(each.code)) return true;
    // Of a name with several addresses each try is one error.
    if (each instanceof AggregateError) return each.errors.every(neverConnected);
    each = each.cause;
  }
  return false;
}
