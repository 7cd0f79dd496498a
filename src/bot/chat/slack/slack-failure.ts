/** Why a call of Slack's Web API failed, told by code. */
import { webApi } from '@slack/bolt';
import { ChatError } from '../chat-platform.ts';
import { neverConnected } from '../never-connected.ts';

export type SlackFailureKind =
  /** Slack answered `ok: false`; `slackCode` says why. */
  | 'refused'
  | 'rate-limited'
  /** It surely did not arrive: there was no connection. */
  | 'not-sent'
  /** It may have been done: the answer is missing, or says that something broke. */
  | 'unknown';

export class SlackFailure extends Error {
  override readonly name = 'SlackFailure';
  readonly kind: SlackFailureKind;
  readonly method: string;
  readonly slackCode: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: SlackFailureKind,
    method: string,
    options: { slackCode?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(`Slack call failed (${options.slackCode ?? kind}): ${method}`, { cause: options.cause });
    this.kind = kind;
    this.method = method;
    this.slackCode = options.slackCode;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Slack's own trouble under HTTP 200; what was asked may have been done. */
const SLACK_BROKE = new Set([
  'fatal_error',
  'internal_error',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
]);

export function slackFailure(error: unknown, method: string): SlackFailure {
  if (error instanceof SlackFailure) return error;
  const cause = error;
  if (error instanceof webApi.WebAPIPlatformError) {
    const slackCode = error.data.error;
    if (slackCode === 'ratelimited' || slackCode === 'rate_limited') {
      return new SlackFailure('rate-limited', method, { slackCode, cause });
    }
    return new SlackFailure(SLACK_BROKE.has(slackCode) ? 'unknown' : 'refused', method, { slackCode, cause });
  }
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return new SlackFailure('rate-limited', method, { retryAfterMs: error.retryAfter * 1000, cause });
  }
  if (error instanceof webApi.WebAPIHTTPError) return new SlackFailure('unknown', method, { cause });
  return new SlackFailure(neverConnected(error) ? 'not-sent' : 'unknown', method, { cause });
}

const MESSAGE_GONE = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);
const PLACE_GONE = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'is_inactive',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_non_threadable_channel',
  'user_not_found',
  'cannot_dm_bot',
  'user_disabled',
]);
const TOO_LONG = new Set([
  'msg_too_long',
  'msg_blocks_too_long',
  'metadata_too_large',
  'invalid_blocks',
  'invalid_blocks_format',
]);

/** As the port tells it. Whatever Slack refuses for a reason not listed here is 'refused', with Slack's word for it. */
export function chatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  if (!(error instanceof SlackFailure)) {
    return new ChatError('unreachable', 'Slack could not be asked', { cause: error });
  }
  const { kind, slackCode = '', retryAfterMs } = error;
  const options = { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  switch (kind) {
    case 'rate-limited':
      return new ChatError('rate-limited', `Slack wants a pause: ${error.method}`, options);
    case 'not-sent':
    case 'unknown':
      return new ChatError('unreachable', `Slack did not answer: ${error.method}`, options);
    case 'refused': {
      const code = MESSAGE_GONE.has(slackCode)
        ? 'message-gone'
        : PLACE_GONE.has(slackCode)
          ? 'place-gone'
          : TOO_LONG.has(slackCode)
            ? 'too-long'
            : 'refused';
      return new ChatError(code, `Slack refused (${slackCode}): ${error.method}`, options);
    }
  }
}
