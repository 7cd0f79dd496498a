import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerCertificate } from '../certificate.ts';
import { type ApiCluster, handleRequest } from './routes.ts';

const KEEP_ALIVE_MS = 180_000;
/** Go's default, with its slop: request line and headers. */
const MAX_HEADER_BYTES = 1024 * 1024 + 4096;

export interface ApiServer {
  port: number;
  /** Breaks all connections and refuses new ones for a while; then listens on the same port. */
  down(durationMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** HTTPS on 127.0.0.1; `onUpgrade` gets every request for an upgrade. */
export const startApiServer = async (options: {
  certificate: ServerCertificate;
  cluster: ApiCluster;
  port: number;
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}): Promise<ApiServer> => {
  const { certificate, cluster } = options;
  const sockets = new Set<Duplex>();
  const server = createServer({
    key: certificate.keyPem,
    cert: certificate.certPem,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Watches are open for hours.
    requestTimeout: 0,
    // As Go's: a client that comes back after a while finds its connection open.
    keepAliveTimeout: KEEP_ALIVE_MS,
    ALPNProtocols: ['http/1.1'],
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => {
    handleRequest(request, response, cluster).catch((error: unknown) => {
      // A client that broke off while it was sending.
      if (request.destroyed && !request.complete) return;
      console.error('request failed', request.method, error);
      response.destroy();
    });
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    options.onUpgrade(request, socket, head);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code !== 'HPE_HEADER_OVERFLOW' || !socket.writable) return void socket.destroy();
    const status = '431 Request Header Fields Too Large';
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`,
    );
  });
  server.on('tlsClientError', (_error, socket) => void socket.destroy());
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const port = await listen(server, options.port);
  const stopping = new AbortController();
  return {
    port,
    down: async (durationMs) => {
      const closed = close(server);
      breakAll();
      await closed;
      await sleep(durationMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (!stopping.signal.aborted) await listen(server, port);
    },
    stop: async () => {
      stopping.abort();
      const closed = server.listening ? close(server) : undefined;
      breakAll();
      await closed;
    },
  };
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
