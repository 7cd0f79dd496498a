import type { OssAddress } from '../../oss-client.ts';
import type { RetryOptions } from './back-off.ts';

/** The endpoint is the one for uploads: inside Alibaba Cloud the internal one. */
export interface OssOptions extends OssAddress {
  /** Where pods reach the bucket, for presigned parts; the endpoint unless given. Its style is the endpoint's. */
  readonly podEndpoint?: string | undefined;
  /** The pods' endpoint is the bucket's own domain; the endpoint's `cname` unless given. */
  readonly podCname?: boolean | undefined;
  readonly serverSideEncryption?: 'AES256' | 'KMS' | undefined;
  /** For KMS; the bucket's default key unless given. */
  readonly kmsKeyId?: string | undefined;
  readonly storageClass?: 'Standard' | 'IA' | 'Archive' | undefined;
  /** Object tags; a lifecycle rule can match them. */
  readonly tagging?: Readonly<Record<string, string>> | undefined;
  /** For one attempt at one part, beside the time that its bytes take at the least rate. */
  readonly partTimeoutMs: number;
  /**
   * Per part, bytes a second. A store that is slower is taken for broken; one of 1 MB/s that is shared by some lanes is
   * not. 32 KiB/s unless given.
   */
  readonly leastRate?: number | undefined;
  /** For one attempt at any other call; completing 10 000 parts is the slowest. 60 s unless given. */
  readonly callTimeoutMs?: number | undefined;
  readonly retry: RetryOptions;
}
