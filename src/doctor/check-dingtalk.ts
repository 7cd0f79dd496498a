/** DingTalk: whether it takes the app's credentials, and gives it a place on the Stream. Nothing is said there. */
import type { Config } from '../config-schema.ts';
import { type Answer, ask, fieldsOf, NoAnswer } from './ask.ts';
import { type Finding, finding } from './finding.ts';

type DingtalkConfig = NonNullable<Config['chat']['dingtalk']>;

const DINGTALK = 'https://api.dingtalk.com';

export async function checkDingtalk(dingtalk: DingtalkConfig, signal: AbortSignal): Promise<Finding[]> {
  const { clientId, clientSecret, apiUrl = DINGTALK } = dingtalk;
  const post = async (path: string, body: object): Promise<Answer | Finding> => {
    try {
      return await ask(
        `${apiUrl.replace(/\/+$/, '')}${path}`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify(body),
        },
        signal,
      );
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return finding('dingtalk-unreachable', { reason: error.reason });
    }
  };

  const token = await post('/v1.0/oauth2/accessToken', { appKey: clientId, appSecret: clientSecret });
  if ('code' in token) return [token];
  if (typeof fieldsOf(token.text).accessToken !== 'string')
    return [finding('dingtalk-token-refused', { error: errorText(token) })];

  // A ticket that nobody uses ends after 90 s; no socket is opened, so no message of the real bot comes here.
  const stream = await post('/v1.0/gateway/connections/open', {
    clientId,
    clientSecret,
    ua: 'heapdump-bot-doctor',
    subscriptions: [{ type: 'CALLBACK', topic: '/v1.0/im/bot/messages/get' }],
  });
  if ('code' in stream) return [finding('dingtalk-token'), stream];
  return [
    finding('dingtalk-token'),
    typeof fieldsOf(stream.text).ticket === 'string'
      ? finding('dingtalk-stream')
      : finding('dingtalk-stream-refused', { error: errorText(stream) }),
  ];
}

function errorText({ status, text }: Answer): string {
  const { code } = fieldsOf(text);
  return typeof code === 'string' && /^[\w.-]{1,80}$/.test(code) ? code : `HTTP ${status}`;
}
