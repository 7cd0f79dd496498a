/** `/healthz`, `/readyz` and `/metrics`, and nothing else. Nothing is taken in, and nothing that is told is secret. */
import { createServer, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';

export interface HealthAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

interface Told {
  readonly registry: Registry;
  readiness(): Promise<Readiness>;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** @throws Error that names the setting, for a port that cannot be had */
export async function serveHealth(
  { host, port }: HealthAddress,
  told: Told,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    const [path] = (request.url ?? '/').split('?');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply(response, 405, 'text/plain', 'Only GET.\n', { allow: 'GET, HEAD' });
    answer(response, path ?? '', told).catch(() => reply(response, 500, 'text/plain', 'Not now.\n'));
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what = `${host}:${port} cannot be listened on (${cause.code ?? cause.message})`;
      reject(new Error(`health.port: ${what}; allowed: a free port, also by --health-port PORT`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${boundPort}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(response: ServerResponse, path: string, told: Told): Promise<void> {
  switch (path) {
    case '/healthz':
      // That it is answered is the answer: the event loop turns.
      return reply(response, 200, 'text/plain', 'ok\n');
    case '/readyz': {
      const readiness = await told.readiness();
      return reply(
        response,
        readiness.ready ? 200 : 503,
        'application/json',
        `${JSON.stringify(readiness)}\n`,
      );
    }
    case '/metrics':
      return reply(response, 200, told.registry.contentType, await told.registry.metrics());
    default:
      return reply(response, 404, 'text/plain', 'There are /healthz, /readyz and /metrics.\n');
  }
}

function reply(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent) return;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}
