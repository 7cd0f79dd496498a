/** Links that let whoever has them download one object until they end. Signed here; nothing is asked of OSS. */
import { checkObjectKey, checkOssAddress, type OssAddress } from '../oss-client.ts';
import type { CredentialSource } from '../oss-credentials.ts';
import { LONGEST_URL_MS, presign } from '../oss-presign.ts';

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

/** The SDK signs with the machine's clock; another one here could only disagree with it. */
export function createLinkSigner(options: LinkOptions, credentials: CredentialSource): LinkSigner {
  const address = linkAddress(options);
  return {
    sign: async (objectKey, { fileName, lifetimeMs }) => {
      checkObjectKey(objectKey);
      // The SDK would look up new credentials in the middle of signing, and sign with both.
      const signing = await credentials.get({ goodUntil: Date.now() + Math.min(lifetimeMs, LONGEST_URL_MS) });
      return presign(address, signing, {
        method: 'GET',
        objectKey,
        lifetimeMs,
        queries: { 'response-content-disposition': attachment(fileName) },
      });
    },
  };
}

/** @throws TypeError for an endpoint that ali-oss would misunderstand */
export function linkAddress(options: LinkOptions): OssAddress {
  const address: OssAddress = {
    ...options,
    endpoint: options.publicEndpoint,
    pathStyle: options.cname ? false : options.pathStyle,
  };
  checkOssAddress(address);
  return address;
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
