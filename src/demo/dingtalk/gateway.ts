/** POST /v1.0/gateway/connections/open: the address and ticket of one WebSocket. */
import type { AccessTokens } from './access-tokens.ts';
import { isObject, type JsonObject, listOf, textOf } from './json.ts';
import { ApiRefusal } from './refusal.ts';
import type { Stream, Subscription } from './stream.ts';

/** @param endpoint such as `ws://127.0.0.1:40000/connect` */
export function openConnection(
  body: JsonObject,
  tokens: AccessTokens,
  stream: Stream,
  endpoint: string,
): JsonObject {
  if (!tokens.isApp(body.clientId, body.clientSecret)) throw new ApiRefusal('authFailed', '鉴权失败', 401);
  const subscriptions = listOf(body.subscriptions).filter(isObject).map(subscriptionOf);
  if (subscriptions.length === 0) throw new ApiRefusal('paramError', 'subscriptions 参数错误');
  return { endpoint, ticket: stream.issueTicket(subscriptions, textOf(body.ua)) };
}

/** DingTalk answers in XML where nobody asked for JSON. */
export function connectionAsXml(answer: JsonObject): string {
  const { endpoint, ticket } = answer;
  return `<?xml version="1.0" encoding="UTF-8"?><OpenConnectionResponse><endpoint>${endpoint}</endpoint><ticket>${ticket}</ticket></OpenConnectionResponse>`;
}

function subscriptionOf(given: JsonObject): Subscription {
  const { type, topic } = given;
  if ((type !== 'EVENT' && type !== 'CALLBACK') || typeof topic !== 'string') {
    throw new ApiRefusal('paramError', 'subscriptions 参数错误');
  }
  // Events can be had all together only; which ones there are is set in the developer console.
  if (type === 'EVENT' && topic !== '*') throw new ApiRefusal('paramError', 'EVENT 仅支持 *');
  return { type, topic };
}
