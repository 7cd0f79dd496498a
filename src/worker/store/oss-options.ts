import type { OssAddress } from '../../oss-client.ts';
import type { RetryOptions } from './back-off.ts';

/** The endpoint is the one for uploads: inside Alibaba Cloud the internal one. */
export interface OssOptions extends OssAddress {
  readonly serverSideEncryption?: 'AES256' | 'KMS' | undefined;
  /** For KMS; the bucket's default key unless given. */
  readonly kmsKeyId?: string | undefined;
  readonly storageClass?: 'Standard' | 'IA' | 'Archive' | undefined;
  /** Object tags; a lifecycle rule can match them. */
  readonly tagging?: Readonly<Record<string, string>> | undefined;
  /** For one attempt at one part, sending included. */
  readonly partTimeoutMs: number;
  /** For one attempt at any other call; completing 10 000 parts is the slowest. 60 s unless given. */
  readonly callTimeoutMs?: number | undefined;
  readonly retry: RetryOptions;
}
