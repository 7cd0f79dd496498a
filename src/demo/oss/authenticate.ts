/** Who asks: finds the signature in the headers or in the URL, and recomputes it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AccessKey, AccessKeys } from './access-keys.ts';
import type { Address } from './address.ts';
import { OssError } from './oss-error.ts';
import { isSubResource, signV1, stringToSignV1 } from './signature-v1.ts';
import { canonicalRequestV4, parseScope, type Scope, signV4, stringToSignV4 } from './signature-v4.ts';

const SKEW_MS = 15 * 60_000;
const LONGEST_PRESIGNED_S = 604_800;

export interface Gate {
  readonly keys: AccessKeys;
  /** Such as `cn-hangzhou`. */
  readonly region: string;
  readonly now: () => number;
}

/** @returns the key that signed the request @throws OssError as OSS refuses */
export function authenticate(gate: Gate, request: IncomingMessage, address: Address): AccessKey {
  const { query } = address;
  const authorization = request.headers.authorization;
  if (authorization?.startsWith('OSS4-HMAC-SHA256 ')) return headerV4(gate, request, address, authorization);
  if (authorization?.startsWith('OSS ')) return headerV1(gate, request, address, authorization);
  if (authorization !== undefined) throw badAuthorization();
  if (query.get('x-oss-signature-version') === 'OSS4-HMAC-SHA256') return urlV4(gate, request, address);
  if (query.has('OSSAccessKeyId')) return urlV1(gate, request, address);
  throw new OssError(
    403,
    'AccessDenied',
    'You have no right to access this object because of bucket acl.',
    '0003-00000001',
  );
}

function headerV1(gate: Gate, request: IncomingMessage, address: Address, authorization: string): AccessKey {
  const [, id, signature] = /^OSS ([^:\s]+):(\S+)$/.exec(authorization) ?? [];
  if (id === undefined || signature === undefined) throw badAuthorization();
  const date = request.headers['x-oss-date'] ?? request.headers.date;
  checkSkew(gate, typeof date === 'string' ? Date.parse(date) : Number.NaN);
  const key = liveKey(gate, id, request.headers['x-oss-security-token']);
  const toSign = stringToSignV1(request.method ?? '', address, request.headers, String(date));
  checkV1(key, signature, toSign);
  return key;
}

function urlV1(gate: Gate, request: IncomingMessage, address: Address): AccessKey {
  const { query } = address;
  const expires = query.get('Expires') ?? '';
  const key = liveKey(gate, query.get('OSSAccessKeyId') ?? '', query.get('security-token'));
  if (!/^\d+$/.test(expires)) throw badAuthorization();
  checkExpiry(gate, Number(expires) * 1000, '0002-00000069');
  const toSign = stringToSignV1(request.method ?? '', address, request.headers, expires);
  checkV1(key, query.get('Signature') ?? '', toSign);
  return key;
}

function headerV4(gate: Gate, request: IncomingMessage, address: Address, authorization: string): AccessKey {
  const fields = new Map(
    authorization
      .slice('OSS4-HMAC-SHA256 '.length)
      .split(',')
      .map((field): [string, string] => {
        const [name = '', ...value] = field.trim().split('=');
        return [name, value.join('=')];
      }),
  );
  const scope = checkScope(gate, fields.get('Credential') ?? '');
  const date = String(request.headers['x-oss-date'] ?? '');
  checkSkew(gate, parseDateV4(date));
  if (!date.startsWith(scope.day)) throw badAuthorization();
  const key = liveKey(gate, scope.accessKeyId, request.headers['x-oss-security-token']);
  const additional = fields.get('AdditionalHeaders')?.split(';') ?? [];
  checkV4(key, fields.get('Signature') ?? '', request, address, scope, date, additional);
  return key;
}

function urlV4(gate: Gate, request: IncomingMessage, address: Address): AccessKey {
  const { query } = address;
  const scope = checkScope(gate, query.get('x-oss-credential') ?? '');
  const date = query.get('x-oss-date') ?? '';
  const from = parseDateV4(date);
  const lifetime = Number(query.get('x-oss-expires') ?? Number.NaN);
  if (!Number.isInteger(lifetime) || lifetime < 1 || lifetime > LONGEST_PRESIGNED_S)
    throw new OssError(
      400,
      'InvalidArgument',
      `x-oss-expires must be an integer from 1 to ${LONGEST_PRESIGNED_S}.`,
      '0002-00000232',
    );
  if (Number.isNaN(from) || !date.startsWith(scope.day)) throw badAuthorization();
  const key = liveKey(gate, scope.accessKeyId, query.get('x-oss-security-token'));
  if (gate.now() < from - SKEW_MS)
    throw new OssError(403, 'AccessDenied', 'Request is not yet valid.', '0002-00000235');
  checkExpiry(gate, from + lifetime * 1000, '0002-00000236');
  const additional = query.get('x-oss-additional-headers')?.split(';') ?? [];
  checkV4(key, query.get('x-oss-signature') ?? '', request, address, scope, date, additional);
  return key;
}

function checkV4(
  key: AccessKey,
  signature: string,
  request: IncomingMessage,
  address: Address,
  scope: Scope,
  date: string,
  additional: readonly string[],
): void {
  // As the vendor's page has it, and as ali-oss does it.
  const canonical = [() => false, (name: string) => !isSubResource(name)].map((equalsFor) =>
    canonicalRequestV4(request.method ?? '', address, request.headers, additional, equalsFor),
  );
  const toSign = canonical.map((text) => stringToSignV4(scope, date, text));
  if (toSign.some((text) => sameText(signature, signV4(key.secret, scope, text)))) return;
  throw doesNotMatch(key, signature, toSign[0] ?? '', { CanonicalRequest: canonical[0] ?? '' });
}

function checkScope(gate: Gate, credential: string): Scope {
  const scope = parseScope(credential);
  if (scope === undefined || scope.product !== 'oss') throw badAuthorization();
  if (scope.region !== gate.region)
    throw new OssError(
      400,
      'InvalidArgument',
      `Invalid signing region in Authorization header, expected '${gate.region}'.`,
      '0002-00000226',
    );
  return scope;
}

function liveKey(gate: Gate, id: string, token: string | string[] | undefined): AccessKey {
  const key = gate.keys.find(id);
  // A key of STS without its token is to OSS a key that it does not know.
  if (key === undefined || (key.securityToken !== undefined && token === undefined))
    throw new OssError(
      403,
      'InvalidAccessKeyId',
      'The OSS Access Key Id you provided does not exist in our records.',
      '0002-00000902',
      { OSSAccessKeyId: id },
    );
  if (key.securityToken !== undefined && !sameText(String(token), key.securityToken))
    throw new OssError(
      403,
      'InvalidSecurityToken',
      'The security token you provided is invalid.',
      '0002-00000801',
    );
  if (key.expiresAt !== undefined && gate.now() >= key.expiresAt)
    throw new OssError(
      403,
      'SecurityTokenExpired',
      'The security token you provided has expired.',
      '0002-00000803',
    );
  return key;
}

function checkV1(key: AccessKey, signature: string, toSign: string): void {
  if (!sameText(signature, signV1(key.secret, toSign))) throw doesNotMatch(key, signature, toSign, {});
}

function doesNotMatch(
  key: AccessKey,
  given: string,
  toSign: string,
  details: Readonly<Record<string, string>>,
): OssError {
  return new OssError(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    '0002-00000040',
    {
      OSSAccessKeyId: key.id,
      SignatureProvided: given,
      StringToSign: toSign,
      StringToSignBytes: Buffer.from(toSign)
        .toString('hex')
        .replace(/..(?=.)/g, '$& '),
      ...details,
    },
  );
}

function checkSkew(gate: Gate, at: number): void {
  if (Number.isNaN(at))
    throw new OssError(403, 'AccessDenied', 'OSS authentication requires a valid Date.', '0002-00000201');
  if (Math.abs(gate.now() - at) > SKEW_MS)
    throw new OssError(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      '0002-00000504',
      {
        MaxAllowedSkewMilliseconds: String(SKEW_MS),
        RequestTime: new Date(at).toISOString(),
        ServerTime: new Date(gate.now()).toISOString(),
      },
    );
}

function checkExpiry(gate: Gate, end: number, ec: string): void {
  if (gate.now() < end) return;
  throw new OssError(403, 'AccessDenied', 'Request has expired.', ec, {
    Expires: new Date(end).toISOString(),
    ServerTime: new Date(gate.now()).toISOString(),
  });
}

/** 20261124T150051Z → unix ms, or NaN */
function parseDateV4(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

const badAuthorization = (): OssError =>
  new OssError(400, 'InvalidArgument', 'Authorization header is invalid.', '0002-00000222');

/** In a time that does not depend on where the two differ. */
const sameText = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
