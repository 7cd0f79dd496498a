/** Takes secrets out of what leaves the process: by the name of the field, and by the shape of the text. */

const SECRET_KEY =
  /(token|secret|password|passwd|authorization|signature|credential|cookie|access_?key|private|response_?url|session_?webhook|webhook_?url|presigned|manifest_?keys)/i;

/** Each shape with the part of it that may stay, so that a reader still sees what stood there. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\bxox[a-z]-[\w-]{8,}/g, 'xox*-[redacted]'],
  [/\bxapp-[\w-]{8,}/g, 'xapp-[redacted]'],
  [/https:\/\/hooks\.slack\.com\/\S+/g, 'https://hooks.slack.com/[redacted]'],
  [/\bbearer\s+[\w.~+/=-]{8,}/gi, 'Bearer [redacted]'],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?/g, '[redacted JWT]'],
  [/\bOSS4-HMAC-SHA256 Credential=\S+/g, 'OSS4-HMAC-SHA256 [redacted]'],
  [/\bOSS [\w.-]{8,}:[\w+/=]{8,}/g, 'OSS [redacted]'],
  [
    /\b(x-oss-signature|x-oss-credential|x-oss-security-token|security-token|signature|ossaccesskeyid|access_token|ticket|sign|session|app_?secret)=[^&\s"'<>]+/gi,
    '$1=[redacted]',
  ],
  [/\b(x-acs-dingtalk-access-token["']?\s*[:=]\s*["']?)[\w-]{8,}/gi, '$1[redacted]'],
  [
    /("(?:access_?token|client_?secret|app_?secret|session_?webhook|ticket)"\s*:\s*)"[^"]*"/gi,
    '$1"[redacted]"',
  ],
  [/\bSEC[0-9a-f]{16,}/g, 'SEC[redacted]'],
  [/\b(LTAI|STS\.)[\w.]{10,}/g, '$1[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi, '$1[redacted]@'],
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    '[redacted private key]',
  ],
];

export function redactText(text: string): string {
  let clean = text;
  for (const [shape, replacement] of SHAPES) clean = clean.replace(shape, replacement);
  return clean;
}

/** Sockets, requests and agents hold one another: as a tree, ten levels of that would not fit into memory. */
const MOST_OBJECTS = 500;

/** A copy in which no secret stands, ten levels and 500 objects at most; errors become plain objects with their causes. */
export function redact(value: unknown): unknown {
  return redactAt(value, [], { objectsLeft: MOST_OBJECTS });
}

function redactAt(value: unknown, above: readonly object[], budget: { objectsLeft: number }): unknown {
  if (typeof value === 'string') return redactText(value);
  if (value === null || typeof value !== 'object') return value;
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  // What they say is not in their own fields.
  if (value instanceof Date || value instanceof URL) return redactText(String(value.toJSON()));
  if (above.includes(value)) return '[circular]';
  if (above.length >= 10) return '[too deep]';
  budget.objectsLeft -= 1;
  if (budget.objectsLeft < 0) return '[too much]';
  const inside = (item: unknown): unknown => redactAt(item, [...above, value], budget);
  if (Array.isArray(value)) return value.map(inside);
  const fields = value instanceof Error ? errorFields(value) : value;
  return Object.fromEntries(
    Object.entries(fields).map(([key, item]) => [
      key,
      SECRET_KEY.test(key) && typeof item !== 'number' && typeof item !== 'boolean'
        ? '[redacted]'
        : inside(item),
    ]),
  );
}

function errorFields(error: Error): object {
  const { name, message, stack, cause, ...rest } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause }), ...rest };
}
