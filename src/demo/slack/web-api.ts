/** The Web API at `/api/METHOD`: who is calling, may they, how often, and what comes back. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBody } from '../loopback-server.ts';
import { Arguments } from './arguments.ts';
import type { JsonObject } from './block.ts';
import type { Desk } from './desk.ts';
import type { Faults, MethodFault } from './faults.ts';
import type { Method } from './method-table.ts';
import { RateLimiter, SLACK_RATE_LIMITS } from './rate-limits.ts';
import { Refusal } from './refusal.ts';

/** One call as it came in; tokens are not kept. */
export interface RecordedCall {
  readonly method: string;
  readonly args: JsonObject;
  /** Milliseconds of the workspace's clock. */
  readonly at: number;
  /** HTTP status of the answer; 0 where the connection was cut instead. */
  readonly status: number;
  /** Slack's error code, where `ok` was false. */
  readonly error: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly error?: string | undefined;
}

export class WebApi {
  readonly calls: RecordedCall[] = [];
  /** Methods that were called although the stand-in does not know them. */
  readonly unexpected: string[] = [];
  readonly #desk: Desk;
  readonly #tokens: { readonly bot: string; readonly app: string };
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #faults: Faults;
  readonly #limiter: RateLimiter | undefined;

  constructor(
    desk: Desk,
    tokens: { readonly bot: string; readonly app: string },
    methods: ReadonlyMap<string, Method>,
    faults: Faults,
  ) {
    this.#desk = desk;
    this.#tokens = tokens;
    this.#methods = methods;
    this.#faults = faults;
    const { rate } = desk.limits;
    this.#limiter = rate === 'off' ? undefined : new RateLimiter({ ...SLACK_RATE_LIMITS, ...rate });
  }

  async serve(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.exchange(name, request, response, (args) => this.#answer(name, args, request));
  }

  /**
   * Reads a body, meets the fault that waits for this method, and answers.
   * @param answer does what was asked; called at most once
   */
  async exchange(
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
    answer: (args: Arguments) => Answer,
  ): Promise<void> {
    const body = await readBody(request);
    const at = this.#desk.now();
    let args = new Arguments({});
    const work = (): Answer => {
      args = Arguments.parse(body, request.headers['content-type'] ?? '');
      return answer(args);
    };
    const fault = this.#faults.take(name) ?? {};
    if (fault.delayMs !== undefined) await sleep(fault.delayMs);
    const given = cannedAnswer(fault) ?? (fault.reset === true ? undefined : guarded(work));
    const cut = given === undefined || fault.dropResponseAfterDoing === true;
    this.calls.push({
      method: name,
      args: withoutToken(args.raw),
      at,
      status: cut ? 0 : given.status,
      error: given?.error,
    });
    if (cut) request.socket.destroy();
    else response.writeHead(given.status, { 'content-type': JSON_TYPE, ...given.headers }).end(given.body);
  }

  #answer(name: string, args: Arguments, request: IncomingMessage): Answer {
    const method = this.#methods.get(name);
    if (method === undefined) {
      this.unexpected.push(name);
      throw new Refusal('unknown_method', { req_method: name });
    }
    this.#authenticate(method, request);
    const channel = args.text('channel') ?? '';
    const wait = this.#limiter?.take(name, method.tier, channel, this.#desk.now());
    if (wait !== undefined) return rateLimited(wait);
    const needed = method.scope?.(args, this.#desk);
    const provided = [...this.#desk.scopes].join(',');
    if (needed !== undefined && !this.#desk.scopes.has(needed)) {
      throw new Refusal('missing_scope', { needed, provided });
    }
    const result = method.run(args, this.#desk);
    return {
      status: 200,
      headers: {
        'x-oauth-scopes': provided,
        ...(needed === undefined ? {} : { 'x-accepted-oauth-scopes': needed }),
      },
      body: JSON.stringify({ ok: true, ...result }),
    };
  }

  #authenticate(method: Method, request: IncomingMessage): void {
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) throw new Refusal('not_authed');
    const kind = token === this.#tokens.bot ? 'bot' : token === this.#tokens.app ? 'app' : undefined;
    if (kind === undefined) throw new Refusal('invalid_auth');
    if (kind !== method.token) throw new Refusal('not_allowed_token_type');
  }
}

const JSON_TYPE = 'application/json; charset=utf-8';

function guarded(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refusalAnswer(error);
  }
}

/** Slack refuses with HTTP 200. */
function refusalAnswer(refusal: Refusal): Answer {
  const body = JSON.stringify({ ok: false, error: refusal.code, ...refusal.extra });
  return { status: 200, body, error: refusal.code };
}

function cannedAnswer(fault: MethodFault): Answer | undefined {
  if (fault.retryAfter !== undefined) return rateLimited(fault.retryAfter);
  if (fault.slackError !== undefined) return refusalAnswer(new Refusal(fault.slackError));
  if (fault.status !== undefined) return { status: fault.status, body: 'canned failure', error: 'canned' };
  return undefined;
}

function rateLimited(seconds: number): Answer {
  return {
    status: 429,
    headers: { 'retry-after': String(seconds) },
    body: JSON.stringify({ ok: false, error: 'ratelimited' }),
    error: 'ratelimited',
  };
}

function withoutToken(args: JsonObject): JsonObject {
  return 'token' in args ? { ...args, token: '[redacted]' } : args;
}
