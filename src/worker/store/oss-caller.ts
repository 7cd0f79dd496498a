/**
 * One call to OSS, tried until it works, is refused, or is aborted. Closes what ali-oss leaves open: back-off with jitter for 5xx and time-outs too, abort, a deadline per attempt, and credentials that are
 * asked for anew before each attempt.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type OSS from 'ali-oss';
import { createOssClient, type OssAddress } from '../../oss-client.ts';
import type { CredentialSource, OssCredentials } from '../../oss-credentials.ts';
import { backOffMs, type RetryOptions } from './back-off.ts';
import { sendingFromMemory } from './bytes-in-memory.ts';
import { StoreError } from './object-store.ts';
import { OneCall } from './one-call-agent.ts';
import { AttemptTimeout, classify, type Failure, toStoreError } from './oss-failure.ts';

export interface Call<T> {
  /** Begins the message of an error: `Part 3 of prod/a.hprof could not be stored`. */
  readonly what: string;
  /** For one attempt, all of it: connecting, sending, waiting, reading. */
  readonly timeoutMs: number;
  /** Does the call; `timeoutMs` is to be given to the SDK, whose own would be 60 s. */
  readonly run: (client: OSS, timeoutMs: number, credentials: OssCredentials) => Promise<T>;
  /** So long from now the credentials should be good. */
  readonly goodForMs?: number;
}

export interface OssCaller {
  /** @throws StoreError */
  call<T>(call: Call<T>, signal: AbortSignal): Promise<T>;
}

/** Later than our own deadline, which also cuts the connection. */
const SDK_GRACE_MS = 5_000;
/** OSS closes a connection that idles; leaving first spares a failed attempt. */
const IDLE_SOCKET_MS = 10_000;

export function createOssCaller(
  address: OssAddress,
  credentials: CredentialSource,
  retry: RetryOptions,
  random: () => number,
): OssCaller {
  const shared = {
    http: new HttpAgent({ keepAlive: true, timeout: IDLE_SOCKET_MS }),
    https: new HttpsAgent({ keepAlive: true, timeout: IDLE_SOCKET_MS }),
  };

  const attempt = <T>(call: Call<T>, used: OssCredentials, signal: AbortSignal): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const once = new OneCall();
      // A client of its own for each attempt: one pair of credentials from the first byte to the last.
      const client = sendingFromMemory(
        createOssClient(address, used, { http: once.lend(shared.http), https: once.lend(shared.https) }),
      );
      const stop = (error: Error): void => {
        reject(error); // first: what the SDK says to the cut comes too late to matter
        once.cutOff(error.name);
      };
      const onAbort = () => stop(abortedError(call.what, signal));
      const timer = setTimeout(() => stop(new AttemptTimeout(call.timeoutMs)), call.timeoutMs);
      signal.addEventListener('abort', onAbort, { once: true });
      call
        .run(client, call.timeoutMs + SDK_GRACE_MS, used)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
        });
    });

  return {
    call: async (call, signal) => {
      let insteadOf: OssCredentials | undefined;
      for (let failures = 0; ; ) {
        if (signal.aborted) throw abortedError(call.what, signal);
        let used: OssCredentials | undefined;
        let failure: Failure;
        try {
          used = await credentials.get({
            ...(insteadOf === undefined ? {} : { insteadOf }),
            ...(call.goodForMs === undefined ? {} : { goodUntil: Date.now() + call.goodForMs }),
          });
          if (signal.aborted) throw abortedError(call.what, signal);
          return await attempt(call, used, signal);
        } catch (error) {
          if (error instanceof StoreError) throw error;
          failure = classify(error);
        }
        failures += 1;
        // Refused credentials are looked up again once, at once; if the next ones are refused too, they are wrong.
        if (failure.credentialsRefused && used !== undefined && insteadOf === undefined) {
          insteadOf = used;
          continue;
        }
        if (!failure.retry || failures >= retry.attempts) throw toStoreError(call.what, failure, failures);
        await pause(backOffMs(retry, failures, random), call.what, signal);
      }
    },
  };
}

/** @param what as in `Call` @throws StoreError 'aborted' */
export async function pause(ms: number, what: string, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw abortedError(what, signal);
  }
}

export const abortedError = (what: string, signal: AbortSignal): StoreError =>
  new StoreError('aborted', `${what}: aborted`, {}, signal.reason);
