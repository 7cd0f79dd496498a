/** The one port of the stand-in: Web API, response URLs and Socket Mode behind it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Refusal } from './refusal.ts';
import type { ResponseUrls } from './response-urls.ts';
import type { SocketMode } from './socket-mode.ts';
import type { Answer, WebApi } from './web-api.ts';

export class SlackServer {
  readonly #server: Server;
  #port = 0;

  constructor(api: WebApi, responseUrls: ResponseUrls, sockets: SocketMode) {
    this.#server = createServer((request, response) => {
      route(api, responseUrls, request, response).catch((error: unknown) => {
        // A fault of the stand-in itself: loud on both sides.
        response.destroy(error instanceof Error ? error : new Error(String(error)));
        console.error('stand-in Slack failed', error);
      });
    });
    this.#server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
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
}

async function route(
  api: WebApi,
  responseUrls: ResponseUrls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://slack').pathname;
  const [, method] = /^\/api\/([\w.]+)$/.exec(path) ?? [];
  if (method !== undefined) return api.serve(method, request, response);
  if (/^\/(commands|actions)\//.test(path)) {
    return api.exchange('response_url', request, response, (args) => {
      try {
        responseUrls.respond(path, args);
        return { status: 200, body: 'ok' };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return refusedResponse(error);
      }
    });
  }
  response.writeHead(404).end();
}

/** Unlike the Web API, response URLs refuse by HTTP status. */
function refusedResponse(refusal: Refusal): Answer {
  const gone = refusal.code === 'expired_url' || refusal.code === 'used_url';
  const body = JSON.stringify({ ok: false, error: refusal.code, ...refusal.extra });
  return { status: gone ? 404 : 400, body, error: refusal.code };
}
