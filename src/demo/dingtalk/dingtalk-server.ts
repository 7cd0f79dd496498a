/** The one port of the stand-in, for api.dingtalk.com, oapi.dingtalk.com and the WebSockets. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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

const MAX_BODY_BYTES = 1024 * 1024;

export class DingtalkServer {
  readonly calls: RecordedCall[] = [];
  readonly #server: Server;
  readonly #api: OpenApi;
  readonly #faults: Faults;
  readonly #now: () => number;
  #port = 0;

  constructor(api: OpenApi, stream: Stream, faults: Faults, now: () => number) {
    this.#api = api;
    this.#faults = faults;
    this.#now = now;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        // A fault of the stand-in itself: loud on both sides.
        response.destroy(error instanceof Error ? error : new Error(String(error)));
        console.error('stand-in DingTalk failed', error);
      });
    });
    this.#server.on('upgrade', (request, socket, head) => stream.upgrade(request, socket, head));
  }

  /** @returns when it listens, on a free port of the loopback interface */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Such as `http://127.0.0.1:40000`. */
  get root(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get socketRoot(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
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

/** @throws Error when it is larger than DingTalk takes */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`body of more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
