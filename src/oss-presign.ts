/** URLs that carry a signature: good for one request of anybody, until they end. Nothing is asked of OSS. */
import { createOssClient, type OssAddress } from './oss-client.ts';
import { CredentialError, type OssCredentials } from './oss-credentials.ts';

export interface UrlWish {
  readonly method: 'GET' | 'PUT';
  readonly objectKey: string;
  /** 1000 or more. Cut to OSS's limit of 7 days, and to the end of the credentials. */
  readonly lifetimeMs: number;
  /** Names in lower case. OSS signs `content-md5` and `content-type` whatever they are, so both sides must agree. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly queries?: Readonly<Record<string, string | number>>;
}

/** https://help.aliyun.com/en/oss/user-guide/0002-00000232; the SDK does not check it. */
export const LONGEST_URL_MS = 7 * 24 * 3_600_000;

/**
 * Signs with the credentials given and no others: an SDK client that may renew its own would put the old key's id
 * beside the new key's signature, and OSS would refuse the URL. The SDK signs with the machine's clock.
 * @returns expiresAt in unix ms
 * @throws RangeError, CredentialError 'expired'
 */
export async function presign(
  address: OssAddress,
  credentials: OssCredentials,
  { method, objectKey, lifetimeMs, headers = {}, queries = {} }: UrlWish,
): Promise<{ readonly url: string; readonly expiresAt: number }> {
  const seconds = lifetimeSeconds(lifetimeMs, credentials);
  const client = createOssClient(address, credentials);
  const url =
    address.signatureVersion === 'v4'
      ? await client.signatureUrlV4(method, seconds, { headers, queries }, objectKey)
      : // Its types know neither these headers nor a part's number.
        client.signatureUrl(objectKey, { method, expires: seconds, ...headers, subResource: { ...queries } });
  return { url, expiresAt: Math.min(endOf(url), credentials.expiresAt ?? Number.POSITIVE_INFINITY) };
}

/** A URL dies with the credentials that signed it, whatever it says. */
function lifetimeSeconds(lifetimeMs: number, { expiresAt }: OssCredentials): number {
  checkLifetime(lifetimeMs);
  const leftMs = expiresAt === undefined ? lifetimeMs : Math.min(lifetimeMs, expiresAt - Date.now());
  const seconds = Math.floor(Math.min(LONGEST_URL_MS, leftMs) / 1000);
  if (seconds < 1)
    throw new CredentialError('expired', `Credentials end too soon to sign a URL: in ${leftMs} ms`);
  return seconds;
}

/** @throws RangeError */
export function checkLifetime(lifetimeMs: number): void {
  if (!(lifetimeMs >= 1000)) throw new RangeError(`Lifetime of a URL must be 1000 ms or more: ${lifetimeMs}`);
}

/** As the URL itself says: version 4 counts from its own date, version 1 names the second. */
function endOf(url: string): number {
  const { searchParams } = new URL(url);
  const seconds = searchParams.get('Expires');
  if (seconds !== null) return Number(seconds) * 1000;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('x-oss-date') ?? '') ?? [];
  const from = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return from + Number(searchParams.get('x-oss-expires')) * 1000;
}
