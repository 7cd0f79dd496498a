/** An ali-oss client for one use, from where the bucket is and whose credentials it signs with. */
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import OSS from 'ali-oss';
import type { OssCredentials } from './oss-credentials.ts';

export interface OssAddress {
  readonly bucket: string;
  /** `oss-cn-hangzhou` or `cn-hangzhou`; part of every signature of version 4. */
  readonly region: string;
  /** With or without `https://`. A name: ali-oss drops the bucket from the URL of an IP address. */
  readonly endpoint: string;
  /** Bucket in the path instead of the host's name: for stand-ins and on-premises gateways; OSS itself refuses it. */
  readonly pathStyle?: boolean | undefined;
  /** The endpoint is the bucket's own domain. */
  readonly cname?: boolean | undefined;
  /** Decides the scheme of an endpoint that names none. */
  readonly secure?: boolean | undefined;
  /** v1 is refused for new buckets since 2025-09. */
  readonly signatureVersion: 'v4' | 'v1';
}

export interface OssAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** @throws TypeError for an endpoint that ali-oss would misunderstand */
export function checkOssAddress(address: OssAddress): void {
  const { endpoint, pathStyle, cname } = address;
  const url = endpointUrl(address);
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new TypeError(`OSS endpoint is not an http or https address: ${endpoint}`);
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0)
    throw new TypeError(`OSS endpoint must be a host name, not an IP address: ${endpoint}`);
  if (pathStyle && cname) throw new TypeError('OSS endpoint cannot be path style and cname at once');
}

/** Of the bucket itself, without a signature. @throws TypeError */
export function bucketUrl(address: OssAddress): string {
  checkOssAddress(address);
  const url = endpointUrl(address) ?? new URL(address.endpoint);
  if (address.pathStyle) url.pathname = `/${address.bucket}/`;
  else if (!address.cname) url.hostname = `${address.bucket}.${url.hostname}`;
  return url.href;
}

function endpointUrl({ endpoint, secure }: OssAddress): URL | undefined {
  const text = /^[a-z]+:\/\//i.test(endpoint) ? endpoint : `http${secure ? 's' : ''}://${endpoint}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

/**
 * The SDK strips leading slashes in some calls and not in others, and `.` segments vanish when it parses its URL:
 * such keys would name different objects in different calls.
 * @throws RangeError
 */
export function checkObjectKey(objectKey: string): void {
  const bytes = Buffer.byteLength(objectKey);
  if (bytes < 1 || bytes > 1023) throw new RangeError(`Object key must have 1 to 1023 bytes, not ${bytes}`);
  if (/^[/\\?]/.test(objectKey))
    throw new RangeError(`Object key must not begin with / \\ or ?: ${objectKey}`);
  if (objectKey.split('/').some((segment) => segment === '.' || segment === '..'))
    throw new RangeError(`Object key must not have . or .. between slashes: ${objectKey}`);
  if (Buffer.from(objectKey, 'utf8').toString('utf8') !== objectKey)
    throw new RangeError('Object key must be well-formed Unicode');
}

export function createOssClient(address: OssAddress, credentials: OssCredentials, agents?: OssAgents): OSS {
  const { securityToken } = credentials;
  const options: OSS.Options & { sldEnable: boolean; agent?: HttpAgent; httpsAgent?: HttpsAgent } = {
    bucket: address.bucket,
    region: address.region,
    endpoint: address.endpoint,
    secure: address.secure ?? false,
    cname: address.cname ?? false,
    sldEnable: address.pathStyle ?? false,
    authorizationV4: address.signatureVersion === 'v4',
    accessKeyId: credentials.accessKeyId,
    accessKeySecret: credentials.accessKeySecret,
    // The interval has no effect without a function to refresh with, but its absence makes the SDK warn each time.
    ...(securityToken === undefined ? {} : { stsToken: securityToken, refreshSTSTokenInterval: 300_000 }),
    ...(agents === undefined ? {} : { agent: agents.http, httpsAgent: agents.https }),
  };
  return new OSS(options);
}
