/** The app's access token: https://open.dingtalk.com/document/orgapp/obtain-the-access_token-of-an-internal-app */
import { z } from 'zod';
import { DingtalkFailure } from './dingtalk-failure.ts';
import { fetchJson } from './fetch-json.ts';

const CALL = '/v1.0/oauth2/accessToken';
const answerShape = z.object({ accessToken: z.string().min(1), expireIn: z.number().positive() });
/** DingTalk gives the same token again until it ends; in its last minutes a new one beside it. */
const EARLY_MS = 5 * 60_000;

export interface AccessToken {
  /** Asks DingTalk once for all who wait. @throws DingtalkFailure */
  get(): Promise<string>;
  /** It was refused: the next one who asks gets another. */
  drop(token: string): void;
}

export function createAccessToken(deps: {
  readonly apiUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly now: () => number;
}): AccessToken {
  let known: { readonly token: string; readonly freshUntil: number } | undefined;
  let underWay: Promise<string> | undefined;

  const ask = async (): Promise<string> => {
    const answer = answerShape.safeParse(
      await fetchJson(`${deps.apiUrl}${CALL}`, CALL, {
        method: 'POST',
        body: { appKey: deps.clientId, appSecret: deps.clientSecret },
      }),
    );
    if (!answer.success) throw new DingtalkFailure('unknown', CALL);
    const { accessToken, expireIn } = answer.data;
    const lifeMs = expireIn * 1000;
    known = { token: accessToken, freshUntil: deps.now() + lifeMs - Math.min(EARLY_MS, lifeMs / 2) };
    return accessToken;
  };

  return {
    get() {
      if (known !== undefined && deps.now() < known.freshUntil) return Promise.resolve(known.token);
      underWay ??= ask().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    drop(token) {
      if (known?.token === token) known = undefined;
    },
  };
}
