/**
 * Where the credentials for OSS come from: fixed ones, or a file that a sidecar keeps fresh (STS).
 * Whoever signs asks anew for each request and signs with what it got, so a rotation never mixes two pairs;
 * the SDK's own refresh does mix them and is not used.
 */
import { readFile } from 'node:fs/promises';

export interface OssCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Present with credentials of STS. */
  readonly securityToken?: string | undefined;
  /** Unix ms; absent if they do not end. */
  readonly expiresAt?: number | undefined;
}

export interface CredentialWish {
  /** Credentials that the store has just refused: others are wanted, if there are any. */
  readonly insteadOf?: OssCredentials;
  /** Unix ms. Credentials that end earlier are looked up again, and still given if there are no longer ones. */
  readonly goodUntil?: number;
}

export interface CredentialSource {
  /** @throws CredentialError */
  get(wish?: CredentialWish): Promise<OssCredentials>;
}

export type CredentialErrorCode = 'unreadable' | 'malformed' | 'expired';

export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  readonly code: CredentialErrorCode;

  constructor(code: CredentialErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** A key pair from the configuration. */
export function fixedCredentials(credentials: OssCredentials): CredentialSource {
  return { get: async () => credentials };
}

export interface FileCredentialOptions {
  readonly now: () => number;
  /** So long before their end credentials are looked up again; a token of STS lives 15 minutes at least. */
  readonly refreshBeforeMs?: number;
  /** So long a file that names no end is trusted before it is read again. */
  readonly rereadMs?: number;
}

/**
 * A JSON file `{ AccessKeyId, AccessKeySecret, SecurityToken?, Expiration? }`, Expiration in ISO 8601.
 * All who ask at the same time wait for one read. A file that cannot be read, or is half written, does no harm
 * as long as the credentials read before are good.
 */
export function credentialsFromFile(file: string, options: FileCredentialOptions): CredentialSource {
  const { now, refreshBeforeMs = 5 * 60_000, rereadMs = 60_000 } = options;
  let current: OssCredentials | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<OssCredentials> | undefined;

  const fresh = (known: OssCredentials, wish: CredentialWish): boolean => {
    if (wish.insteadOf !== undefined && samePair(known, wish.insteadOf)) return false;
    if (known.expiresAt === undefined) return now() - readAt < rereadMs;
    return (
      known.expiresAt - now() > refreshBeforeMs &&
      (wish.goodUntil === undefined || known.expiresAt >= wish.goodUntil)
    );
  };

  const readOnce = (): Promise<OssCredentials> => {
    reading ??= readCredentials(file)
      .then((read) => {
        current = read;
        readAt = now();
        return read;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  return {
    get: async (wish = {}) => {
      if (current !== undefined && fresh(current, wish)) return current;
      try {
        return alive(await readOnce(), now());
      } catch (error) {
        const known = current;
        if (known === undefined || isOver(known, now())) throw error;
        return known;
      }
    },
  };
}

async function readCredentials(file: string): Promise<OssCredentials> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new CredentialError('unreadable', `Credential file cannot be read: ${file}`, cause);
  }
  // No cause below: an error of JSON.parse quotes the text, and the text is the secret.
  let parsed: Readonly<Record<string, unknown>>;
  try {
    const value: unknown = JSON.parse(text);
    parsed = typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    throw new CredentialError('malformed', `Credential file is not JSON: ${file}`);
  }
  const accessKeyId = textIn(parsed, 'AccessKeyId');
  const accessKeySecret = textIn(parsed, 'AccessKeySecret');
  if (accessKeyId === undefined || accessKeySecret === undefined)
    throw new CredentialError('malformed', `Credential file lacks AccessKeyId or AccessKeySecret: ${file}`);
  const expiration = textIn(parsed, 'Expiration');
  const expiresAt = expiration === undefined ? undefined : Date.parse(expiration);
  if (Number.isNaN(expiresAt))
    throw new CredentialError('malformed', `Credential file has an Expiration that is no date: ${file}`);
  return { accessKeyId, accessKeySecret, securityToken: textIn(parsed, 'SecurityToken'), expiresAt };
}

function textIn(parsed: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = parsed[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function alive(credentials: OssCredentials, now: number): OssCredentials {
  if (!isOver(credentials, now)) return credentials;
  const ended = new Date(credentials.expiresAt ?? 0).toISOString();
  throw new CredentialError('expired', `Credentials of the file ended at ${ended} and were not renewed`);
}

const isOver = ({ expiresAt }: OssCredentials, now: number): boolean =>
  expiresAt !== undefined && expiresAt <= now;

const samePair = (a: OssCredentials, b: OssCredentials): boolean =>
  a.accessKeyId === b.accessKeyId && a.securityToken === b.securityToken;
