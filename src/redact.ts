/** Takes secrets out of what leaves the process: by the name of the field, and by the shape of the text. */

const SECRET_KEY =
  /(token|secret|password|passwd|authorization|signature|credential|cookie|access_?key|private|response_?url|presigned)/i;

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
    /\b(x-oss-signature|x-oss-credential|x-oss-security-token|security-token|signature|ossaccesskeyid|access_token|ticket|sign)=[^&\s"'<>]+/gi,
    '$1=[redacted]',
  ],
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

/** A copy in which no secret stands, ten levels deep; errors become plain objects with their causes. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth >= 10) return '[too deep]';
  if (value instanceof Error) {
    const { name, message, stack, cause, ...rest } = value;
    return redact({ name, message, stack, ...(cause === undefined ? {} : { cause }), ...rest }, depth + 1);
  }
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_KEY.test(key) && typeof item !== 'number' && typeof item !== 'boolean'
        ? '[redacted]'
        : redact(item, depth + 1),
    ]),
  );
}
