/** One call over HTTP: JSON there and back, a deadline, and every way to fail as a DingtalkFailure. */

import { DingtalkFailure, kindOf, networkFailure } from './dingtalk-failure.ts';
import { jsonOf } from './payloads.ts';

/** DingTalk's own gateway gives up after three seconds. */
const DEADLINE_MS = 10_000;
/** Longer answers than that are none of DingTalk's. */
const MAX_ANSWER_CHARS = 2_000_000;

/**
 * @param url may hold a token: it stands in no error
 * @param call what the error names
 * @returns the answer's JSON
 * @throws DingtalkFailure
 */
export async function fetchJson(
  url: string,
  call: string,
  options: {
    readonly method: 'POST' | 'PUT';
    readonly body: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  },
): Promise<unknown> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  let status: number;
  let text: string;
  let retryAfter: string | null;
  try {
    const response = await fetch(url, {
      method: options.method,
      headers: { 'content-type': 'application/json', accept: 'application/json', ...options.headers },
      body: JSON.stringify(options.body),
      redirect: 'error',
      signal,
    });
    status = response.status;
    retryAfter = response.headers.get('retry-after');
    text = (await response.text()).slice(0, MAX_ANSWER_CHARS);
  } catch (error) {
    throw networkFailure(error, call);
  }
  const answer = jsonOf(text);
  const refusal = refusalOf(answer);
  if (status === 200 && refusal === undefined && answer !== undefined) return answer;
  const dingtalkCode = refusal?.code;
  // Something in between answered in DingTalk's place, and what became of the request nobody knows.
  if (status === 200 && answer === undefined) throw new DingtalkFailure('unknown', call, { status });
  throw new DingtalkFailure(kindOf(status, dingtalkCode), call, {
    dingtalkCode,
    status,
    requestId: refusal?.requestId,
    retryAfterMs: retryAfter === null ? undefined : (Number(retryAfter) || 1) * 1000,
  });
}

interface Refusal {
  readonly code: string;
  readonly requestId: string | undefined;
}

/** `{ code, requestid }` of the new API, `{ errcode, sub_code }` of the old one and of webhooks, `{ status, punish }` of the edge. */
function refusalOf(answer: unknown): Refusal | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const requestId =
    'requestid' in answer
      ? String(answer.requestid)
      : 'request_id' in answer
        ? String(answer.request_id)
        : undefined;
  if ('errcode' in answer && answer.errcode !== 0) {
    const isWrapped = String(answer.errcode) === '88' && 'sub_code' in answer;
    return { code: String(isWrapped ? answer.sub_code : answer.errcode), requestId };
  }
  if (
    'code' in answer &&
    typeof answer.code === 'string' &&
    !('success' in answer && answer.success === true)
  ) {
    return { code: answer.code, requestId };
  }
  if ('punish' in answer && 'status' in answer) return { code: String(answer.status), requestId };
  return undefined;
}
