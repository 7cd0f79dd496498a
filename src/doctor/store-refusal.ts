/** What a refusal of OSS means for the operator: https://www.alibabacloud.com/help/en/oss/developer-reference/error-code */
import { redactText } from '../redact.ts';
import { StoreError } from '../worker/store/object-store.ts';
import type { Answer } from './ask.ts';
import { type Finding, type FindingCode, finding } from './finding.ts';

export interface Attempted {
  /** Of the config: `uploadCredentials` or `downloadCredentials`. */
  readonly credentials: string;
  /** RAM's name of the right that it takes: `oss:PutObject`. */
  readonly right: string;
  readonly bucket: string;
}

const MEANINGS: Readonly<Record<string, FindingCode>> = {
  NoSuchBucket: 'store-no-bucket',
  InvalidAccessKeyId: 'store-key-refused',
  InvalidSecurityToken: 'store-key-refused',
  SecurityTokenExpired: 'store-key-refused',
  SignatureDoesNotMatch: 'store-secret-wrong',
  RequestTimeTooSkewed: 'store-clock-skewed',
  PublicEndpointForbidden: 'store-endpoint-forbidden',
};

/** @param optional whether all works without it, with less comfort */
export function refusalOfStore(error: unknown, attempted: Attempted, optional = false): Finding {
  if (!(error instanceof StoreError)) throw error;
  // The reason follows what was tried, which the finding says itself.
  const reason = error.message.slice(error.message.indexOf(': ') + 2);
  return judge(error.vendor.code, error.vendor.status, reason, attempted, optional);
}

/** Of an answer that is no success. */
export function refusalOfAnswer(answer: Answer, attempted: Attempted): Finding {
  const field = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]{1,300})</${name}>`).exec(answer.text)?.[1];
  const reason = `HTTP ${answer.status} ${field('Code') ?? ''} ${redactText(field('Message') ?? '')}`.trim();
  return judge(field('Code'), answer.status, reason, attempted, false);
}

function judge(
  code: string | undefined,
  status: number | undefined,
  reason: string,
  { credentials, right, bucket }: Attempted,
  optional: boolean,
): Finding {
  const facts = { credentials, right, bucket, reason };
  const meaning = MEANINGS[code ?? ''];
  if (meaning !== undefined) return finding(meaning, facts);
  if (code === 'InvalidArgument' && /region/i.test(reason)) return finding('store-region-wrong', facts);
  if (status === 403) return finding(optional ? 'store-right-optional' : 'store-right-missing', facts);
  return finding('store-refused', facts);
}
