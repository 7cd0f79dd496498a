/**
 * OSS signature version 4, `OSS4-HMAC-SHA256`.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Address } from './address.ts';

export interface Scope {
  readonly accessKeyId: string;
  /** yyyymmdd */
  readonly day: string;
  readonly region: string;
  readonly product: string;
}

/** `AK/20261124/cn-hangzhou/oss/aliyun_v4_request` → its words; undefined if it is no scope. */
export function parseScope(credential: string): Scope | undefined {
  const [accessKeyId, day, region, product, end, ...more] = credential.split('/');
  if (!accessKeyId || !day || !region || !product || end !== 'aliyun_v4_request' || more.length > 0)
    return undefined;
  return { accessKeyId, day, region, product };
}

/**
 * @param equalsFor query parameters that are written with '=' though they have no value. ali-oss leaves it out for
 * sub-resources and writes it for other parameters, while both look the same in the URL.
 */
export function canonicalRequestV4(
  method: string,
  address: Address,
  headers: IncomingHttpHeaders,
  additionalHeaders: readonly string[],
  equalsFor: (name: string) => boolean,
): string {
  const query = [...address.query]
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]) =>
      value === '' && !equalsFor(name) ? encode(name) : `${encode(name)}=${encode(value)}`,
    )
    .sort();
  const signed = Object.keys(headers)
    .filter((name) => /^(content-type|content-md5|x-oss-.*)$/.test(name) || additionalHeaders.includes(name))
    .sort()
    .map((name) => `${name}:${String(headers[name]).trim()}\n`);
  return [
    method,
    encode(`/${address.bucket}/${address.key}`).replaceAll('%2F', '/'),
    query.join('&'),
    signed.join(''),
    additionalHeaders.join(';'),
    headers['x-oss-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

/** @param date as in `x-oss-date`: 20261124T150051Z */
export const stringToSignV4 = (scope: Scope, date: string, canonicalRequest: string): string =>
  [
    'OSS4-HMAC-SHA256',
    date,
    `${scope.day}/${scope.region}/${scope.product}/aliyun_v4_request`,
    createHash('sha256').update(canonicalRequest, 'utf8').digest('hex'),
  ].join('\n');

export function signV4(secret: string, scope: Scope, stringToSign: string): string {
  const hmac = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text, 'utf8').digest();
  const key = [scope.day, scope.region, scope.product, 'aliyun_v4_request'].reduce<string | Buffer>(
    hmac,
    `aliyun_v4${secret}`,
  );
  return hmac(key, stringToSign).toString('hex');
}

/** RFC 3986: what encodeURIComponent leaves alone although it is reserved is encoded too. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
