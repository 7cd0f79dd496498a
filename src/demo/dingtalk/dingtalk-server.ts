/** The one port of the stand-in, for api.dingtalk.com, oapi.dingtalk.com and the WebSockets. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoopbackServer, readBody } from '../loopback-server.ts';
import type { Faults, PathFault } from './faults.ts';
import { type Answer, apiRefusal, type Call, errcodeRefusal, type OpenApi } from './open-api.ts';
import { ApiRefusal, ErrcodeRefusal } from './refusal.ts';
import type { Stream } from './stream.ts';

/** One call as it came in; tokens, secrets and signatures are not kept. */
export interface RecordedCall {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  /** Milliseconds of the stand-in's clock. */
  readonly at: number;
  /** HTTP status of the answer; 0 where the connection was cut instead. */
  readonly status: number;
  readonly error: string | undefined;
}

export class DingtalkServer {
  readonly calls: RecordedCall[] = [];
  readonly #server: LoopbackServer;
  readonly #api: OpenApi;
  readonly #faults: Faults;
  readonly #now: () => number;

  constructor(api: OpenApi, stream: Stream, faults: Faults, now: () => number) {
    this.#api = api;
    this.#faults = faults;
    this.#now = now;
    this.#server = new LoopbackServer(
      'DingTalk',
      (request, response) => this.#serve(request, response),
      (request, socket, head) => stream.upgrade(request, socket, head),
    );
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  get root(): string {
    return this.#server.root;
  }

  get socketRoot(): string {
    return this.#server.socketRoot;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://dingtalk');
    const call: Call = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: await readBody(request),
    };
    const at = this.#now();
    const fault = this.#faults.take(call.method, call.path) ?? {};
    if (fault.delayMs !== undefined) await sleep(fault.delayMs);
    const done = cannedAnswer(fault) ?? (fault.reset === true ? undefined : this.#api.answer(call));
    const given = fault.doneThen504 === true ? GATEWAY_TIMEOUT : done;
    const cut = given === undefined || fault.dropResponseAfterDoing === true;
    this.calls.push({
      method: call.method,
      path: call.path,
      body: withoutSecrets(call.body),
      at,
      status: cut ? 0 : given.status,
      error: given?.error,
    });
    if (cut) request.socket.destroy();
    else response.writeHead(given.status, { 'content-type': given.type ?? JSON_TYPE }).end(given.body);
  }
}

const JSON_TYPE = 'application/json;charset=utf-8';

const GATEWAY_TIMEOUT: Answer = apiRefusal(new ApiRefusal('ServiceUnavailable', 'gateway timeout', 504));

function cannedAnswer({ status, code, errcode, errmsg, body }: PathFault): Answer | undefined {
  if (errcode !== undefined) return errcodeRefusal(new ErrcodeRefusal(errcode, errmsg ?? 'canned failure'));
  if (body !== undefined) return { status: status ?? 200, body, error: 'canned' };
  if (status !== undefined) return apiRefusal(new ApiRefusal(code ?? 'canned', 'canned failure', status));
  return undefined;
}

const SECRET_KEYS = new Set(['appSecret', 'clientSecret']);

function withoutSecrets(body: string): unknown {
  try {
    return JSON.parse(body, (key, value) => (SECRET_KEYS.has(key) ? '[redacted]' : value));
  } catch {
    return body;
  }
}
