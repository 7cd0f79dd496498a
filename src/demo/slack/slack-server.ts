/** The one port of the stand-in: Web API, response URLs and Socket Mode behind it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LoopbackServer } from '../loopback-server.ts';
import { Refusal } from './refusal.ts';
import type { ResponseUrls } from './response-urls.ts';
import type { SocketMode } from './socket-mode.ts';
import type { Answer, WebApi } from './web-api.ts';

export const createSlackServer = (
  api: WebApi,
  responseUrls: ResponseUrls,
  sockets: SocketMode,
): LoopbackServer =>
  new LoopbackServer(
    'Slack',
    (request, response) => route(api, responseUrls, request, response),
    (request, socket, head) => sockets.upgrade(request, socket, head),
  );

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
