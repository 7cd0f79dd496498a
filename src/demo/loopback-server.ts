/** What every stand-in of a chat platform is at the bottom: one HTTP server with WebSockets on the loopback interface. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

const MAX_BODY_BYTES = 1024 * 1024;

export class LoopbackServer {
  readonly #server: Server;
  #port = 0;

  /** @param name of the stand-in, for what it says when it fails itself */
  constructor(
    name: string,
    serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
  ) {
    this.#server = createServer((request, response) => {
      serve(request, response).catch((error: unknown) => {
        // A fault of the stand-in itself: loud on both sides.
        response.destroy(error instanceof Error ? error : new Error(String(error)));
        console.error(`stand-in ${name} failed`, error);
      });
    });
    this.#server.on('upgrade', upgrade);
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

/** @throws Error when it is larger than any call of these platforms */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`body of more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
