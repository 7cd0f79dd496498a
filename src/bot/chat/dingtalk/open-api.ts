/**
 * Calls of DingTalk's interfaces. Which call may be repeated is said here, call by call: a message that was sent twice
 * stands there twice, while a card has an id of ours.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessToken } from './access-token.ts';
import { DingtalkFailure, isTokenSpent } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import { fetchJson } from './fetch-json.ts';

export interface CallOptions {
  /**
   * Which failures may be tried again. 'reading': any, it changes nothing or the same call twice is the same as once.
   * 'writing': those that surely did nothing. 'once': none.
   */
  readonly again: 'reading' | 'writing' | 'once';
}

export interface OpenApi {
  /** Of `api.dingtalk.com`. @returns the answer, to be parsed; @throws DingtalkFailure */
  call(method: 'POST' | 'PUT', path: string, body: object, options: CallOptions): Promise<unknown>;
  /** Of `oapi.dingtalk.com`, with its `errcode` looked at. */
  callOld(path: string, body: object, options: CallOptions): Promise<unknown>;
}

const PAUSES_MS = [400, 1200, 3000];
/** Longer pauses are the caller's: it may have something newer to say by then. */
const LONGEST_PAUSE_MS = 15_000;

export function createOpenApi(deps: {
  readonly apiUrl: string;
  readonly oapiUrl: string;
  readonly token: AccessToken;
  readonly log: DingtalkLog;
}): OpenApi {
  const { token, log } = deps;

  const withToken = async (send: (token: string) => Promise<unknown>): Promise<unknown> => {
    const first = await token.get();
    try {
      return await send(first);
    } catch (error) {
      // Ended early, or by hand in the console. It did nothing, so that every call may be tried with another.
      if (!isTokenSpent(error)) throw error;
      token.drop(first);
      return send(await token.get());
    }
  };

  const repeated = async (call: string, options: CallOptions, send: (token: string) => Promise<unknown>) => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await withToken(send);
      } catch (error) {
        const pauseMs =
          error instanceof DingtalkFailure ? pauseBefore(error, options.again, tries) : undefined;
        if (pauseMs === undefined) throw error;
        log.debug({ call, pauseMs, tries }, 'dingtalk call is tried again');
        await sleep(pauseMs);
      }
    }
  };

  return {
    call: (method, path, body, options) =>
      repeated(path, options, (secret) =>
        fetchJson(`${deps.apiUrl}${path}`, path, {
          method,
          body,
          headers: { 'x-acs-dingtalk-access-token': secret },
        }),
      ),

    callOld: (path, body, options) =>
      repeated(path, options, (secret) =>
        fetchJson(`${deps.oapiUrl}${path}?access_token=${encodeURIComponent(secret)}`, path, {
          method: 'POST',
          body,
        }),
      ),
  };
}

function pauseBefore(
  failure: DingtalkFailure,
  again: CallOptions['again'],
  tries: number,
): number | undefined {
  const pauseMs = PAUSES_MS[tries];
  if (again === 'once' || pauseMs === undefined) return undefined;
  switch (failure.kind) {
    case 'rate-limited': {
      const asked = Math.max(failure.retryAfterMs ?? 0, pauseMs);
      return asked <= LONGEST_PAUSE_MS ? asked : undefined;
    }
    case 'not-sent':
      return pauseMs;
    case 'unknown':
      return again === 'reading' ? pauseMs : undefined;
    case 'refused':
      return undefined;
  }
}
