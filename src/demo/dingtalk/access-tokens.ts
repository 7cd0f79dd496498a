/** Tokens of the app: https://open.dingtalk.com/document/orgapp/obtain-the-access_token-of-an-internal-app */
import { randomBytes } from 'node:crypto';
import type { JsonObject } from './json.ts';
import { textOf } from './json.ts';
import { ApiRefusal, ErrcodeRefusal } from './refusal.ts';

export class AccessTokens {
  readonly #app: { readonly clientId: string; readonly clientSecret: string };
  readonly #now: () => number;
  readonly #seconds: number;
  /** The time when each ends. */
  readonly #tokens = new Map<string, number>();

  constructor(
    app: { readonly clientId: string; readonly clientSecret: string },
    now: () => number,
    seconds: number,
  ) {
    this.#app = app;
    this.#now = now;
    this.#seconds = seconds;
  }

  /** POST /v1.0/oauth2/accessToken */
  issue(body: JsonObject): JsonObject {
    if (textOf(body.appKey) === undefined)
      throw new ApiRefusal('MissingappKey', 'appKey is mandatory for this action.');
    if (textOf(body.appSecret) === undefined) {
      throw new ApiRefusal('MissingappSecret', 'appSecret is mandatory for this action.');
    }
    if (!this.isApp(body.appKey, body.appSecret)) {
      throw new ApiRefusal('invalidClientIdOrSecret', '无效的clientId或者clientSecret');
    }
    return { expireIn: this.#seconds, accessToken: this.#new() };
  }

  /** GET /gettoken of the old API, which the Stream SDK uses. */
  issueOld(query: URLSearchParams): JsonObject {
    if (!this.isApp(query.get('appkey'), query.get('appsecret')))
      throw new ErrcodeRefusal(40089, '不合法的corpid或corpsecret');
    return { errcode: 0, access_token: this.#new(), errmsg: 'ok', expires_in: this.#seconds };
  }

  isApp(clientId: unknown, clientSecret: unknown): boolean {
    return clientId === this.#app.clientId && clientSecret === this.#app.clientSecret;
  }

  isGood(token: string): boolean {
    return (this.#tokens.get(token) ?? Number.NEGATIVE_INFINITY) > this.#now();
  }

  /** Whatever was issued so far is good no more. */
  endAll(): void {
    this.#tokens.clear();
  }

  #new(): string {
    const token = randomBytes(16).toString('hex');
    this.#tokens.set(token, this.#now() + this.#seconds * 1000);
    return token;
  }
}
