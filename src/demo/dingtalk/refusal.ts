import type { JsonObject } from './json.ts';

/**
 * What the new API (`/v1.0/…`) answers with a status of 400 or more: `{ code, requestid, message }`.
 * https://open.dingtalk.com/document/orgapp/server-api-error-codes-1
 */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly code: string;
  readonly status: number;
  readonly extra: JsonObject;

  constructor(code: string, message: string = code, status = 400, extra: JsonObject = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.extra = extra;
  }
}

/** What the old API and the webhooks answer with HTTP 200: `{ errcode, errmsg }`. */
export class ErrcodeRefusal extends Error {
  override readonly name = 'ErrcodeRefusal';
  readonly errcode: number;
  readonly extra: JsonObject;

  constructor(errcode: number, errmsg: string, extra: JsonObject = {}) {
    super(errmsg);
    this.errcode = errcode;
    this.extra = extra;
  }
}

/** The old API wraps what its gateway refuses: errcode 88, and the reason one level down. */
export function gatewayRefusal(subCode: string, subMessage: string): ErrcodeRefusal {
  return new ErrcodeRefusal(88, `ding talk error[subcode=${subCode},submsg=${subMessage}]`, {
    sub_code: subCode,
    sub_msg: subMessage,
  });
}
