/** Who is calling, may they, how often, and what comes back: on both of DingTalk's hosts. */
import { randomUUID } from 'node:crypto';
import type { AccessTokens } from './access-tokens.ts';
import { type Interface, NEW_API, OLD_API } from './api-table.ts';
import type { Desk } from './desk.ts';
import { connectionAsXml, openConnection } from './gateway.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import type { Quota } from './quota.ts';
import { ApiRefusal, ErrcodeRefusal, gatewayRefusal } from './refusal.ts';
import type { SessionWebhooks } from './session-webhooks.ts';
import type { Stream } from './stream.ts';
import type { WebhookRobots } from './webhook-robots.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
  /** Code of the new API or errcode of the old one, where it was refused. */
  readonly error?: string | undefined;
}

export interface ApiParts {
  readonly desk: Desk;
  readonly tokens: AccessTokens;
  readonly quota: Quota;
  readonly stream: Stream;
  readonly sessions: SessionWebhooks;
  readonly webhooks: WebhookRobots;
  readonly permissions: ReadonlySet<string>;
  /** Such as `ws://127.0.0.1:40000/connect`. */
  readonly endpoint: () => string;
}

export class OpenApi {
  /** Calls to what the stand-in does not know. */
  readonly unexpected: string[] = [];
  readonly #parts: ApiParts;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  answer(call: Call): Answer {
    try {
      return this.#route(call);
    } catch (error) {
      if (error instanceof ApiRefusal) return apiRefusal(error);
      if (error instanceof ErrcodeRefusal) return errcodeRefusal(error);
      throw error;
    }
  }

  #route(call: Call): Answer {
    const { tokens, sessions, webhooks } = this.#parts;
    const name = `${call.method} ${call.path}`;
    switch (name) {
      case 'POST /v1.0/oauth2/accessToken':
        return json(tokens.issue(bodyOf(call)));
      case 'POST /v1.0/gateway/connections/open':
        return this.#openConnection(call);
      case 'GET /gettoken':
        return json(tokens.issueOld(call.query));
      case 'POST /robot/sendBySession':
        return json(sessions.send(call.query, bodyOf(call)));
      case 'POST /robot/send':
        return json(webhooks.send(call.query, call.body));
    }
    const fresh = NEW_API.get(name);
    if (fresh !== undefined) return json(this.#callNew(name, fresh, call));
    const old = OLD_API.get(name);
    if (old !== undefined)
      return json({ errcode: 0, errmsg: 'ok', ...this.#callOld(name, old, call), request_id: requestId() });
    this.unexpected.push(name);
    if (call.path.startsWith('/v'))
      throw new ApiRefusal('InvalidAction.NotFound', 'Specified api is not found.', 404);
    throw new ErrcodeRefusal(22, 'Invalid method');
  }

  #openConnection(call: Call): Answer {
    const { tokens, stream, endpoint } = this.#parts;
    const answer = openConnection(bodyOf(call), tokens, stream, endpoint());
    const wantsJson = String(call.headers.accept ?? '').includes('application/json');
    return wantsJson
      ? json(answer)
      : { status: 200, type: 'text/xml;charset=utf-8', body: connectionAsXml(answer) };
  }

  #callNew(name: string, called: Interface, call: Call): JsonObject {
    const { tokens, quota, permissions, desk } = this.#parts;
    const token = call.headers['x-acs-dingtalk-access-token'];
    if (typeof token !== 'string' || token === '') {
      throw new ApiRefusal('AuthenticationFailed.MissingParameter', '缺少参数：x-acs-dingtalk-access-token');
    }
    if (!tokens.isGood(token)) throw new ApiRefusal('InvalidAuthentication', '不合法的access_token');
    if (!permissions.has(called.permission)) {
      throw new ApiRefusal(
        'Forbidden.AccessDenied.AccessTokenPermissionDenied',
        '没有调用该接口的权限',
        403,
        {
          accessdenieddetail: { requiredScopes: [called.permission] },
        },
      );
    }
    switch (quota.take(name)) {
      case 'month':
        throw new ApiRefusal('Forbidden.AccessDenied.ApiCountLimitForOrg', overMonth(quota), 403);
      case 'second':
        throw new ApiRefusal('Forbidden.AccessDenied.QpsLimitForAppkeyAndApi', TOO_FAST, 403);
    }
    return called.run(bodyOf(call), desk);
  }

  #callOld(name: string, called: Interface, call: Call): JsonObject {
    const { tokens, quota, permissions, desk } = this.#parts;
    if (!tokens.isGood(call.query.get('access_token') ?? ''))
      throw gatewayRefusal('40014', '不合法的access_token');
    if (!permissions.has(called.permission)) {
      throw gatewayRefusal('60011', `没有调用该接口的权限，requiredScopes=[${called.permission}]`);
    }
    switch (quota.take(name)) {
      case 'month':
        throw new ErrcodeRefusal(90020, overMonth(quota));
      case 'second':
        throw gatewayRefusal('90018', TOO_FAST);
    }
    return called.run(bodyOf(call), desk);
  }
}

const TOO_FAST = '您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了，禁用时间为1秒';

function overMonth({ used, limit }: Quota): string {
  return `您的企业本月api调用量已超过限制，调用量:${used + 1}次，额度:${limit}次，请登录开发者后台-资源管理-查看用量明细`;
}

/** JSON, or a form as the old API takes it too. @throws ApiRefusal where there is none */
function bodyOf({ body, headers }: Call): JsonObject {
  if (body === '') throw new ApiRefusal('Missingbody', 'body is mandatory for this action.');
  if (String(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(body));
  }
  const parsed = parseJson(body);
  if (!isObject(parsed)) throw new ApiRefusal('InvalidParameter.Json', 'body is not valid json');
  return parsed;
}

export function json(body: JsonObject): Answer {
  return { status: 200, body: JSON.stringify(body) };
}

export function apiRefusal({ code, message, status, extra }: ApiRefusal): Answer {
  const body = JSON.stringify({ code, requestid: requestId().toUpperCase(), message, ...extra });
  return { status, body, error: code };
}

export function errcodeRefusal({ errcode, message, extra }: ErrcodeRefusal): Answer {
  const body = JSON.stringify({ errcode, errmsg: message, ...extra, request_id: requestId() });
  return { status: 200, body, error: String(errcode) };
}

function requestId(): string {
  return randomUUID();
}
