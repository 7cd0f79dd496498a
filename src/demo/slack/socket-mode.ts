/** Socket Mode: https://docs.slack.dev/apis/events-api/using-socket-mode */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject, type JsonObject } from './block.ts';
import type { DeliveryKind, Envelope, Receipt, Transport } from './deliveries.ts';

const FRAME_TYPE: Record<DeliveryKind, string> = {
  slash_commands: 'slash_commands',
  block_actions: 'interactive',
  block_suggestion: 'interactive',
  view_submission: 'interactive',
  view_closed: 'interactive',
  event: 'events_api',
};

export class SocketMode implements Transport {
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #sockets: WebSocket[] = [];
  readonly #tickets = new Set<string>();
  readonly #waiting = new Map<string, (receipt: Receipt) => void>();
  readonly #appId: string;
  readonly #maxConnections: number;
  readonly #pingTimer: NodeJS.Timeout;
  #turn = 0;

  constructor(options: { readonly appId: string; readonly maxConnections: number; readonly pingMs: number }) {
    this.#appId = options.appId;
    this.#maxConnections = options.maxConnections;
    this.#pingTimer = setInterval(() => {
      for (const socket of this.#open()) socket.ping('Ping from applink');
    }, options.pingMs).unref();
  }

  /** @returns the path and query of a new connection's address; good once */
  issueTicket(): string {
    const ticket = randomBytes(12).toString('hex');
    this.#tickets.add(ticket);
    return `/link/?ticket=${ticket}&app_id=${this.#appId}`;
  }

  /** How many connections the bot has. */
  get connections(): number {
    return this.#open().length;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? '/', 'http://slack').searchParams.get('ticket') ?? '';
    if (!this.#tickets.delete(ticket)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => this.#welcome(client));
  }

  send(envelope: Envelope): Promise<Receipt> {
    const open = this.#open();
    // Any connection may get a payload; taking turns makes every one of them get some.
    const socket = open[this.#turn % Math.max(1, open.length)];
    this.#turn += 1;
    if (socket === undefined) return Promise.resolve({ acked: false, reason: 'connection_failed' });
    return new Promise((resolve) => {
      this.#waiting.set(envelope.id, resolve);
      socket.send(
        JSON.stringify({
          envelope_id: envelope.id,
          type: FRAME_TYPE[envelope.kind],
          payload: envelope.payload,
          accepts_response_payload: envelope.kind !== 'event',
          ...(envelope.kind === 'event' || envelope.retryNum !== undefined
            ? { retry_attempt: envelope.retryNum ?? 0, retry_reason: envelope.retryReason ?? '' }
            : {}),
        }),
      );
    });
  }

  /** Ends every connection without a word, as a broken network does. */
  cut(): void {
    for (const socket of this.#open()) socket.terminate();
  }

  /** Tells every connection to come back by a new one, and closes it soon after. */
  disconnect(reason: string): void {
    for (const socket of this.#open()) {
      socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-demo' } }));
    }
  }

  /** Closes with a handshake: Bolt's client keeps a timer of 30 s for a peer that goes without one. */
  async stop(): Promise<void> {
    clearInterval(this.#pingTimer);
    await Promise.all([...this.#sockets].map((socket) => closed(socket)));
    for (const resolve of this.#waiting.values()) resolve({ acked: false, reason: 'connection_failed' });
    this.#waiting.clear();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #open(): WebSocket[] {
    return this.#sockets.filter((socket) => socket.readyState === socket.OPEN);
  }

  #welcome(socket: WebSocket): void {
    if (this.connections >= this.#maxConnections) {
      socket.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets' }));
      socket.close();
      return;
    }
    this.#sockets.push(socket);
    socket.on('message', (frame) => this.#acknowledge(String(frame)));
    // The client is told by the close; there is nothing to add.
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      const index = this.#sockets.indexOf(socket);
      if (index >= 0) this.#sockets.splice(index, 1);
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.connections,
        debug_info: { host: 'applink-demo', build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: this.#appId },
      }),
    );
  }

  #acknowledge(frame: string): void {
    const parsed = parseFrame(frame);
    const id = String(parsed.envelope_id);
    const payload = parsed.payload;
    const nothing = isObject(payload) && Object.keys(payload).length === 0;
    this.#waiting.get(id)?.({ acked: true, body: nothing ? undefined : payload });
    this.#waiting.delete(id);
  }
}

const CLOSE_MS = 1000;

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(1001);
  });
}

/** @returns an empty object for what is no acknowledgement, which Slack drops */
function parseFrame(frame: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(frame);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
