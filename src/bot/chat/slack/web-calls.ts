/**
 * Calls of Slack's Web API. The package's own retries are switched off: they repeat a chat.postMessage whose answer was
 * lost, and one 429 pauses every other call of the client. Which call may be repeated is said here, call by call.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { webApi } from '@slack/bolt';
import { SlackFailure, slackFailure } from './slack-failure.ts';
import { boltLogger, type SlackLog } from './slack-log.ts';

export interface CallOptions {
  /**
   * Which failures may be tried again. 'reading': any, it changes nothing or the same call twice is the same as once.
   * 'writing': those that surely did nothing. 'once': none.
   */
  readonly again: 'reading' | 'writing' | 'once';
}

export interface WebCalls {
  /** @returns Slack's answer, to be parsed; @throws SlackFailure */
  call(method: string, args: Record<string, unknown>, options: CallOptions): Promise<webApi.WebAPICallResult>;
}

const DEADLINE_MS = 10_000;
const PAUSES_MS = [300, 1000, 3000];
/** Longer pauses are the caller's: it may have something newer to say by then. */
const LONGEST_PAUSE_MS = 30_000;
const PAUSE_WITHOUT_WORD_MS = 1000;

export function createWebCalls(options: {
  readonly token: string;
  readonly apiUrl: string | undefined;
  readonly log: SlackLog;
}): WebCalls {
  const { log } = options;
  const client = new webApi.WebClient(options.token, {
    ...clientOptions(options.apiUrl, log),
    allowAbsoluteUrls: false,
  });

  const once = async (method: string, args: Record<string, unknown>) => {
    try {
      return await client.apiCall(method, args);
    } catch (error) {
      throw slackFailure(error, method);
    }
  };

  return {
    async call(method, args, { again }) {
      for (let tries = 0; ; tries += 1) {
        try {
          return await once(method, args);
        } catch (error) {
          const pauseMs = error instanceof SlackFailure ? pauseBefore(error, again, tries) : undefined;
          if (pauseMs === undefined) throw error;
          log.debug({ method, pauseMs, tries }, 'slack call is tried again');
          await sleep(pauseMs);
        }
      }
    },
  };
}

/** Options for a client of Slack's packages. Fresh each time: they write into what they are given. */
export function clientOptions(apiUrl: string | undefined, log: SlackLog): webApi.WebClientOptions {
  return {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    logger: boltLogger(log),
    // Left out, the Socket Mode package puts a hundred retries here. `headers` are never set: it would send them
    // with the wrong token.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: DEADLINE_MS,
  };
}

function pauseBefore(failure: SlackFailure, again: CallOptions['again'], tries: number): number | undefined {
  const pauseMs = PAUSES_MS[tries];
  if (again === 'once' || pauseMs === undefined) return undefined;
  switch (failure.kind) {
    case 'rate-limited': {
      const asked = failure.retryAfterMs ?? PAUSE_WITHOUT_WORD_MS;
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
