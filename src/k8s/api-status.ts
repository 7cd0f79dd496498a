/** What an API server says when it refuses: a Status object, plain text, or nothing. */

/** The fields of a Kubernetes Status object that we use. Absent ones were absent or of another type. */
export interface ApiStatus {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly causes: readonly { readonly reason?: string; readonly message?: string }[];
}

const MOST_CHARACTERS = 400;

/** Bearer tokens, JWTs, and passwords in URLs: exec plugins and proxies like to repeat them in their errors. */
const SECRETS = /(bearer\s+|:\/\/[^\s/:@]*:)[^\s"'@]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*/gi;

/** One short line without credentials. */
export const shortText = (text: string): string => {
  const line = text.replace(SECRETS, '$1***').replace(/\s+/g, ' ').trim();
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS - 1)}…` : line;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param body parsed JSON, or JSON as text; @returns undefined if it is no Status object */
export const readStatus = (body: unknown): ApiStatus | undefined => {
  let value = body;
  if (typeof body === 'string') {
    try {
      value = JSON.parse(body);
    } catch {
      return undefined;
    }
  }
  if (!isRecord(value) || !('status' in value || value.kind === 'Status')) return undefined;
  const details = value.details;
  const causes = isRecord(details) && Array.isArray(details.causes) ? details.causes : [];
  return {
    ...stringFields(value, ['status', 'message', 'reason']),
    causes: causes.filter(isRecord).map((cause) => stringFields(cause, ['reason', 'message'])),
  };
};

/**
 * A 403's text for people. WebSocket exec needs get and create on pods/exec, and a missing create is answered
 * with 'is forbidden: ' and nothing more, so the verb is named here.
 */
export const forbiddenText = (message: string | undefined, action: string): string => {
  const text = shortText(message ?? '');
  if (text === '') return `${action} is forbidden`;
  return /is forbidden:$/.test(text) ? `${text} the verb that is missing is ${action}` : text;
};

const stringFields = <K extends string>(
  value: Record<string, unknown>,
  names: readonly K[],
): { readonly [N in K]?: string } => {
  const found: { [N in K]?: string } = {};
  for (const name of names) {
    const field = value[name];
    if (typeof field === 'string') found[name] = field;
  }
  return found;
};
