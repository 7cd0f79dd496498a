/**
 * HMAC-SHA-256 over what a manifest says, not over its bytes: however it is spaced and ordered, it says the same. Two
 * texts of one content have one signature, and a change of any name or value has another.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const signatureShape = z.strictObject({
  algorithm: z.literal('HMAC-SHA-256'),
  /** Tells a manifest that was changed from one that was signed with another key. Says nothing of the key itself. */
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  value: z.string().regex(/^[0-9a-f]{64}$/),
});
type Signature = z.infer<typeof signatureShape>;

/** So that no signature made for another purpose with the same key fits here. */
const PURPOSE = { key: 'heapdump-bot manifest key\n', content: 'heapdump-bot manifest\n' };

export const sign = (content: unknown, key: string): Signature => ({
  algorithm: 'HMAC-SHA-256',
  keyId: keyIdOf(key),
  value: hmac(key, PURPOSE.content + canonical(content)),
});

/** @param signature as it was read; null or undefined where there is none */
export function checkSignature(
  content: unknown,
  signature: unknown,
  keys: readonly string[],
): 'signed' | 'unsigned' | 'foreign-key' | 'tampered' {
  if (signature === null || signature === undefined) return 'unsigned';
  const given = signatureShape.safeParse(signature);
  if (!given.success) return 'tampered';
  // Without a key nothing can be told: then it counts for as much as one that nobody signed.
  if (keys.length === 0) return 'unsigned';
  const key = keys.find((each) => keyIdOf(each) === given.data.keyId);
  if (key === undefined) return 'foreign-key';
  let expected: string;
  try {
    expected = hmac(key, PURPOSE.content + canonical(content));
  } catch (error) {
    // Nested deeper than anything that was ever signed.
    if (error instanceof RangeError) return 'tampered';
    throw error;
  }
  return timingSafeEqual(Buffer.from(expected), Buffer.from(given.data.value)) ? 'signed' : 'tampered';
}

const keyIdOf = (key: string): string => hmac(key, PURPOSE.key).slice(0, 16);

const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex');

/** JSON with the names of each object in order and no spaces. Only for what JSON.parse gave, or could have given. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join(',')}}`;
}
