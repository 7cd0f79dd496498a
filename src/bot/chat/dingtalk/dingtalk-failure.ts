/** Why a call of DingTalk failed, told by code. */
import { ChatError } from '../chat-platform.ts';
import { neverConnected } from '../never-connected.ts';

export type DingtalkFailureKind =
  /** DingTalk said no; `dingtalkCode` says why. */
  | 'refused'
  | 'rate-limited'
  /** It surely did not arrive: there was no connection. */
  | 'not-sent'
  /** It may have been done: the answer is missing, or says that something broke. */
  | 'unknown';

export class DingtalkFailure extends Error {
  override readonly name = 'DingtalkFailure';
  readonly kind: DingtalkFailureKind;
  /** The interface: `/v1.0/robot/groupMessages/send`. */
  readonly call: string;
  /** `code` of the new API, `errcode` of the old one. */
  readonly dingtalkCode: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: DingtalkFailureKind,
    call: string,
    options: {
      dingtalkCode?: string | undefined;
      status?: number | undefined;
      requestId?: string | undefined;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(`DingTalk call failed (${options.dingtalkCode ?? kind}): ${call}`, { cause: options.cause });
    this.kind = kind;
    this.call = call;
    this.dingtalkCode = options.dingtalkCode;
    this.status = options.status;
    this.requestId = options.requestId;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * Twenty calls a second, and twenty messages a minute: https://open.dingtalk.com/document/orgapp/server-api-error-codes-1
 * 88 with subcode 90018 and its like is told by `sub_code`.
 */
const RATE_LIMITED =
  /^(429|Throttling.*|Forbidden\.AccessDenied\.Qps.*|invalidParameter\.send\.tooFast|130101|410100|90002|90006|90018|1111)$/i;
/** For the rest of the month: https://open.dingtalk.com/document/orgapp/api-call-quota */
const QUOTA = /^(Forbidden\.AccessDenied\.ApiCountLimitForOrg|90020|90019)$/;
const TOKEN_SPENT = /^(InvalidAuthentication|Forbidden\.AccessDenied\.AccessTokenExpired|40014|42001|40001)$/;
const CARD_GONE = /cardNotExist|cardInstanceNotExist|outTrackIdNotExist/i;
const CARD_THERE = /cardAlreadyExist|outTrackId.*(exist|duplicat|repeat)/i;
const TEMPLATE = /template/i;
const PLACE_GONE =
  /openConversationId|conversation.*(notExist|invalid)|robot.*not.?in|staffId\.notExisted|bot\.stopped|spaceId|param\.openSpaceId/i;
const TOO_LONG = /msgParam\.invalid|460101|tooLong|overMax/i;

export function kindOf(status: number, code: string | undefined): DingtalkFailureKind {
  if (status === 429 || (code !== undefined && RATE_LIMITED.test(code))) return 'rate-limited';
  // DingTalk's gateway gives up after three seconds: what was asked may have been done.
  if (status >= 500) return 'unknown';
  return 'refused';
}

export const isQuotaSpent = (error: unknown): boolean => codeMatches(error, QUOTA);
export const isTokenSpent = (error: unknown): boolean =>
  codeMatches(error, TOKEN_SPENT) || (error instanceof DingtalkFailure && error.status === 401);
export const isCardGone = (error: unknown): boolean => codeMatches(error, CARD_GONE);
export const isCardThere = (error: unknown): boolean => codeMatches(error, CARD_THERE);
/** The template does not exist, is not published, or belongs to another app. */
export const isTemplateTrouble = (error: unknown): boolean => codeMatches(error, TEMPLATE);
export const isRefused = (error: unknown): error is DingtalkFailure =>
  error instanceof DingtalkFailure && error.kind === 'refused';
export const isPlaceGone = (error: unknown): boolean => isRefused(error) && codeMatches(error, PLACE_GONE);

function codeMatches(error: unknown, pattern: RegExp): boolean {
  return (
    error instanceof DingtalkFailure && error.dingtalkCode !== undefined && pattern.test(error.dingtalkCode)
  );
}

export function networkFailure(error: unknown, call: string): DingtalkFailure {
  if (error instanceof DingtalkFailure) return error;
  return new DingtalkFailure(neverConnected(error) ? 'not-sent' : 'unknown', call, { cause: error });
}

/** As the port tells it. Whatever DingTalk refuses for a reason not listed here is 'refused', with its code. */
export function chatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  if (!(error instanceof DingtalkFailure)) {
    return new ChatError('unreachable', 'DingTalk could not be asked', { cause: error });
  }
  const { kind, dingtalkCode = '', retryAfterMs, call } = error;
  const options = { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  switch (kind) {
    case 'rate-limited':
      return new ChatError('rate-limited', `DingTalk wants a pause: ${call}`, options);
    case 'not-sent':
    case 'unknown':
      return new ChatError('unreachable', `DingTalk did not answer: ${call}`, options);
    case 'refused': {
      const code = CARD_GONE.test(dingtalkCode)
        ? 'message-gone'
        : PLACE_GONE.test(dingtalkCode)
          ? 'place-gone'
          : TOO_LONG.test(dingtalkCode)
            ? 'too-long'
            : 'refused';
      return new ChatError(code, `DingTalk refused (${dingtalkCode || error.status}): ${call}`, options);
    }
  }
}
