/**
 * OSS signature version 1: base64(hmac-sha1(secret, string to sign)).
 * https://www.alibabacloud.com/help/en/oss/developer-reference/include-signatures-in-the-authorization-header
 */
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Address } from './address.ts';

/** Version 1 signs these query parameters and no others. */
const SUB_RESOURCES: ReadonlySet<string> = new Set([
  'acl',
  'append',
  'bucketInfo',
  'callback',
  'callback-var',
  'comp',
  'continuation-token',
  'cors',
  'delete',
  'encryption',
  'lifecycle',
  'location',
  'logging',
  'objectMeta',
  'partNumber',
  'policy',
  'position',
  'referer',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'restore',
  'security-token',
  'stat',
  'symlink',
  'tagging',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
  'worm',
  'x-oss-process',
  'x-oss-traffic-limit',
]);

export const isSubResource = (name: string): boolean => SUB_RESOURCES.has(name);

/** @param date the Date line: `x-oss-date` or `Date`; in a presigned URL the `Expires` in unix seconds */
export function stringToSignV1(
  method: string,
  address: Address,
  headers: IncomingHttpHeaders,
  date: string,
): string {
  const ossHeaders = Object.keys(headers)
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const subResources = [...address.query]
    .filter(([name]) => isSubResource(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const resource = `/${address.bucket}/${address.key}`;
  return [
    method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    date,
    `${ossHeaders.join('')}${resource}${subResources.length > 0 ? `?${subResources.join('&')}` : ''}`,
  ].join('\n');
}

export const signV1 = (secret: string, stringToSign: string): string =>
  createHmac('sha1', secret).update(stringToSign, 'utf8').digest('base64');
