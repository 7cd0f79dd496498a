/** Links that let whoever has them download one object until they end. Signed here; nothing is asked of OSS. */
import { checkObjectKey, checkOssAddress, createOssClient, type OssAddress } from '../oss-client.ts';
import { CredentialError, type CredentialSource, type OssCredentials } from '../oss-credentials.ts';

export interface LinkOptions extends Omit<OssAddress, 'endpoint'> {
  /**
   * Where browsers reach the bucket. Of new accounts in mainland regions OSS demands a domain of their own, with
   * `cname`. With `cname`, `pathStyle` says nothing.
   */
  readonly publicEndpoint: string;
}

export interface LinkWish {
  /** The name under which a browser saves the file. */
  readonly fileName: string;
  readonly lifetimeMs: number;
}

export interface LinkSigner {
  /**
   * @returns expiresAt in unix ms: when the link really ends, which is sooner than wished where OSS's limit of 7 days
   * or the end of the credentials comes first
   * @throws CredentialError, RangeError for an object key that OSS does not take or a lifetime below a second
   */
  sign(objectKey: string, wish: LinkWish): Promise<{ readonly url: string; readonly expiresAt: number }>;
}

/** https://help.aliyun.com/en/oss/user-guide/0002-00000232; the SDK does not check it. */
const LONGEST_S = 7 * 24 * 3600;

/** The SDK signs with the machine's clock; another one here could only disagree with it. */
export function createLinkSigner(options: LinkOptions, credentials: CredentialSource): LinkSigner {
  const address: OssAddress = {
    ...options,
    endpoint: options.publicEndpoint,
    pathStyle: options.cname ? false : options.pathStyle,
  };
  checkOssAddress(address);
  return {
    sign: async (objectKey, { fileName, lifetimeMs }) => {
      checkObjectKey(objectKey);
      // The SDK would look up new credentials in the middle of signing, and sign with both.
      const signing = await credentials.get({
        goodUntil: Date.now() + Math.min(lifetimeMs, LONGEST_S * 1000),
      });
      const seconds = lifetimeSeconds(lifetimeMs, signing);
      const client = createOssClient(address, signing);
      const disposition = attachment(fileName);
      const url =
        address.signatureVersion === 'v4'
          ? await client.signatureUrlV4(
              'GET',
              seconds,
              { headers: {}, queries: { 'response-content-disposition': disposition } },
              objectKey,
            )
          : client.signatureUrl(objectKey, {
              method: 'GET',
              expires: seconds,
              response: { 'content-disposition': disposition },
            });
      return { url, expiresAt: Math.min(endOf(url), signing.expiresAt ?? Number.POSITIVE_INFINITY) };
    },
  };
}

/** A link dies with the credentials that signed it, whatever it says. */
function lifetimeSeconds(lifetimeMs: number, { expiresAt }: OssCredentials): number {
  if (!(lifetimeMs >= 1000))
    throw new RangeError(`Lifetime of a link must be 1000 ms or more: ${lifetimeMs}`);
  const leftMs = expiresAt === undefined ? lifetimeMs : Math.min(lifetimeMs, expiresAt - Date.now());
  const seconds = Math.min(LONGEST_S, Math.floor(leftMs / 1000));
  if (seconds < 1)
    throw new CredentialError('expired', `Credentials end too soon to sign a link: in ${leftMs} ms`);
  return seconds;
}

/** As the link itself says: version 4 counts from its own date, version 1 names the second. */
function endOf(url: string): number {
  const { searchParams } = new URL(url);
  const seconds = searchParams.get('Expires');
  if (seconds !== null) return Number(seconds) * 1000;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('x-oss-date') ?? '') ?? [];
  const from = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return from + Number(searchParams.get('x-oss-expires')) * 1000;
}

/** RFC 6266: a plain name for old clients, the true one in UTF-8 for all others. */
function attachment(fileName: string): string {
  const plain = fileName.replace(/[^A-Za-z0-9._-]/g, '_');
  const full = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${full}`;
}
