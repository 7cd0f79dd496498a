/** Access keys, long-lived and from STS, each with what it may do. */
import { randomBytes } from 'node:crypto';
import type { Action } from './operation.ts';

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** With a token the key is one of STS: every request must carry the token. */
  readonly securityToken?: string | undefined;
  /** Unix ms on the stand-in's clock. */
  readonly expiresAt?: number | undefined;
  readonly allow: readonly Action[] | 'everything';
}

/** What a download key needs and no more. */
export const READ_ONLY: readonly Action[] = ['oss:GetObject', 'oss:GetObjectTagging', 'oss:ListObjects'];

/** What an upload key needs that may not delete what is stored. */
export const UPLOAD_WITHOUT_DELETE: readonly Action[] = [
  'oss:PutObject',
  'oss:GetObject',
  'oss:ListParts',
  'oss:ListObjects',
  'oss:ListMultipartUploads',
  'oss:AbortMultipartUpload',
];

export class AccessKeys {
  readonly #keys = new Map<string, AccessKey>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(key: AccessKey): void {
    this.#keys.set(key.id, key);
  }

  remove(id: string): void {
    this.#keys.delete(id);
  }

  /** From now on the key is over, in the middle of whatever it is used for. */
  expire(id: string): void {
    const key = this.#keys.get(id);
    if (key !== undefined) this.#keys.set(id, { ...key, expiresAt: this.#now() });
  }

  find(id: string): AccessKey | undefined {
    return this.#keys.get(id);
  }

  /** A long-lived key. */
  create(allow: AccessKey['allow']): AccessKey {
    const key = {
      id: `LTAI5t${randomBytes(9).toString('hex')}`,
      secret: randomBytes(15).toString('hex'),
      allow,
    };
    this.add(key);
    return key;
  }

  /** As AssumeRole gives them: a key pair with a token, for so long. */
  assumeRole(
    allow: AccessKey['allow'],
    lifetimeMs: number,
  ): Required<AccessKey> & { securityToken: string; expiresAt: number } {
    const key = {
      id: `STS.N${randomBytes(12).toString('base64url')}`,
      secret: randomBytes(22).toString('base64url'),
      // Real ones hold '+', '/' and '=': they must survive every query and header.
      securityToken: `CAIS+${randomBytes(300).toString('base64')}`,
      expiresAt: this.#now() + lifetimeMs,
      allow,
    };
    this.add(key);
    return key;
  }
}
