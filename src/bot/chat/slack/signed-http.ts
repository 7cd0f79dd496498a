/** Payloads as signed HTTP requests: https://docs.slack.dev/authentication/verifying-requests-from-slack */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, HTTPReceiver, type Receiver } from '@slack/bolt';
import { boltLogger, type SlackLog } from './slack-log.ts';

/** What Bolt allows for old timestamps; it lets all future ones pass, which would be good for ever. */
const CLOCK_SKEW_SECONDS = 300;
/** An event is a few kilobytes. */
const BODY_LIMIT_BYTES = 1024 * 1024;
/** Requests are answered at once; what is still open after this is none of Slack's. */
const CLOSE_MS = 2000;

export class SignedHttp implements Receiver {
  readonly #receiver: HTTPReceiver;
  readonly #listen: { readonly port: number; readonly host: string };
  readonly #path: string;
  readonly #now: () => number;
  #server: Server | undefined;

  constructor(options: {
    readonly signingSecret: string;
    readonly port: number;
    readonly host: string;
    readonly path: string;
    readonly log: SlackLog;
    readonly now: () => number;
  }) {
    this.#listen = { port: options.port, host: options.host };
    this.#path = options.path;
    this.#now = options.now;
    this.#receiver = new HTTPReceiver({
      signingSecret: options.signingSecret,
      endpoints: [options.path],
      logger: boltLogger(options.log),
      bodyLimit: BODY_LIMIT_BYTES,
      processEventErrorHandler: async ({ error }) => {
        options.log.warn({ err: error }, 'a payload of Slack was not handled');
        return false;
      },
    });
  }

  init(app: App): void {
    this.#receiver.init(app);
  }

  /** @returns where it listens, such as `http://127.0.0.1:3000/slack/events`; @throws Error when the port is taken */
  async start(): Promise<string> {
    const server = createServer((request, response) => this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#listen, resolve);
    });
    const { address, port, family } = server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}${this.#path}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    clearTimeout(timer);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://bot');
    if (pathname !== this.#path || request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    if (!this.#isOfThisTime(request.headers['x-slack-request-timestamp'])) {
      response.writeHead(401).end();
      return;
    }
    this.#receiver.requestListener(request, response);
  }

  #isOfThisTime(timestamp: string | string[] | undefined): boolean {
    if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return false;
    return Math.abs(Number(timestamp) - this.#now() / 1000) <= CLOCK_SKEW_SECONDS;
  }
}
