/** The WebSockets of Stream mode: https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type JsonObject, objectOf, parseJson, textOf } from './json.ts';

export type FrameType = 'SYSTEM' | 'EVENT' | 'CALLBACK';

export interface Subscription {
  readonly type: string;
  readonly topic: string;
}

export interface Frame {
  readonly type: FrameType;
  readonly topic: string;
  readonly messageId: string;
  readonly data: JsonObject;
  /** Beside those that every frame has. */
  readonly headers?: JsonObject;
}

export interface Acknowledgement {
  readonly code: number;
  /** What its `data` says, parsed. */
  readonly data: unknown;
}

/** One WebSocket as the tests see it. */
export interface StreamConnection {
  readonly id: string;
  readonly subscriptions: readonly Subscription[];
  readonly ua: string | undefined;
  readonly isOpen: boolean;
  /** Was told to go, and gets no more messages. */
  readonly isLeaving: boolean;
  readonly isSilent: boolean;
  /** Frames of any kind that went to it. */
  readonly sent: number;
  readonly pingsAnswered: number;
}

interface Connection extends StreamConnection {
  readonly socket: WebSocket;
  isOpen: boolean;
  isLeaving: boolean;
  isSilent: boolean;
  sent: number;
  pingsAnswered: number;
}

interface Ticket {
  readonly subscriptions: readonly Subscription[];
  readonly ua: string | undefined;
  readonly until: number;
}

export class Stream {
  /** Every connection that there was, the oldest first. */
  readonly connections: StreamConnection[] = [];
  readonly #server = new WebSocketServer({ noServer: true, autoPong: false });
  readonly #open = new Set<Connection>();
  readonly #tickets = new Map<string, Ticket>();
  readonly #waiting = new Map<string, (ack: Acknowledgement) => void>();
  readonly #listeners = new Set<() => void>();
  readonly #options: {
    readonly now: () => number;
    readonly random: () => number;
    readonly ticketMs: number;
    readonly disconnectGraceMs: number;
  };
  readonly #appId = randomUUID();
  #refusals = 0;
  readonly #pingTimer: NodeJS.Timeout;
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param options.random from 0 to below 1, for the choice of a connection */
  constructor(options: {
    readonly now: () => number;
    readonly random: () => number;
    readonly ticketMs: number;
    readonly disconnectGraceMs: number;
    readonly pingMs: number;
  }) {
    this.#options = options;
    this.#pingTimer = setInterval(() => this.ping(), options.pingMs).unref();
  }

  /** @returns the ticket for one WebSocket */
  issueTicket(subscriptions: readonly Subscription[], ua: string | undefined): string {
    const ticket = randomUUID();
    this.#tickets.set(ticket, { subscriptions, ua, until: this.#options.now() + this.#options.ticketMs });
    return ticket;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://dingtalk');
    if (this.#refusals > 0) {
      this.#refusals -= 1;
      socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    const given = url.searchParams.get('ticket') ?? '';
    const ticket = this.#tickets.get(given);
    this.#tickets.delete(given);
    if (url.pathname !== '/connect' || ticket === undefined || ticket.until <= this.#options.now()) {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => this.#welcome(client, ticket));
  }

  /**
   * Sends to one of those that are subscribed to the topic, by chance, as DingTalk does.
   * @returns undefined when there is none
   */
  push(frame: Frame, onAck: (ack: Acknowledgement) => void): StreamConnection | undefined {
    const able = [...this.#open].filter(
      (each) =>
        !each.isLeaving &&
        each.subscriptions.some(
          ({ type, topic }) => type === frame.type && (topic === frame.topic || topic === '*'),
        ),
    );
    const chosen = able[Math.floor(this.#options.random() * able.length)];
    if (chosen === undefined) return undefined;
    this.#waiting.set(frame.messageId, onAck);
    this.#send(chosen, frame);
    return chosen;
  }

  /** Asks every connection whether it is alive. */
  ping(): void {
    for (const each of this.#open) {
      if (each.isLeaving) continue;
      const messageId = newMessageId(this.#options.now());
      this.#waiting.set(messageId, ({ code }) => {
        if (code === 200) each.pingsAnswered += 1;
      });
      this.#send(each, { type: 'SYSTEM', topic: 'ping', messageId, data: { opaque: randomUUID() } });
    }
  }

  /** Announces the end of every connection; none of them gets a message any more, and each is closed after a while. */
  disconnect(): void {
    for (const each of this.#open) {
      if (each.isLeaving) continue;
      each.isLeaving = true;
      const messageId = newMessageId(this.#options.now());
      const data = { reason: 'connection is expired' };
      this.#send(each, { type: 'SYSTEM', topic: 'disconnect', messageId, data });
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        each.socket.close(1000);
      }, this.#options.disconnectGraceMs).unref();
      this.#timers.add(timer);
    }
  }

  /** Ends every connection without a word, as a broken network does. */
  cut(): void {
    for (const each of [...this.#open]) each.socket.terminate();
  }

  /** From now on the connections that are open hear and say nothing, while the server believes in them. */
  goSilent(): void {
    for (const each of this.#open) each.isSilent = true;
  }

  /** So many of the next handshakes fail with 503. */
  refuse(count: number): void {
    this.#refusals = count;
  }

  /** Sends this text as it is to every connection. */
  junk(text: string): void {
    for (const each of this.#open) if (!each.isSilent) each.socket.send(text);
  }

  get open(): StreamConnection[] {
    return [...this.#open];
  }

  /** @returns how to end it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    clearInterval(this.#pingTimer);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#waiting.clear();
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #welcome(socket: WebSocket, ticket: Ticket): void {
    const connection: Connection = {
      id: randomBytes(8).toString('hex'),
      subscriptions: ticket.subscriptions,
      ua: ticket.ua,
      socket,
      isOpen: true,
      isLeaving: false,
      isSilent: false,
      sent: 0,
      pingsAnswered: 0,
    };
    this.#open.add(connection);
    this.connections.push(connection);
    socket.on('message', (frame) => {
      if (!connection.isSilent) this.#acknowledge(String(frame));
    });
    socket.on('ping', (payload) => {
      if (!connection.isSilent) socket.pong(payload);
    });
    // The client is told by the close; there is nothing to add.
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      connection.isOpen = false;
      this.#open.delete(connection);
      this.#tell();
    });
    this.#tell();
  }

  #send(to: Connection, frame: Frame): void {
    to.sent += 1;
    if (to.isSilent) return;
    to.socket.send(
      JSON.stringify({
        specVersion: '1.0',
        type: frame.type,
        headers: {
          appId: this.#appId,
          connectionId: to.id,
          contentType: 'application/json',
          messageId: frame.messageId,
          time: String(this.#options.now()),
          topic: frame.topic,
          ...frame.headers,
        },
        data: JSON.stringify(frame.data),
      }),
    );
  }

  #acknowledge(text: string): void {
    const frame = objectOf(parseJson(text));
    const messageId = textOf(objectOf(frame.headers).messageId) ?? '';
    const code = typeof frame.code === 'number' ? frame.code : 0;
    const data = typeof frame.data === 'string' ? parseJson(frame.data) : undefined;
    const waiting = this.#waiting.get(messageId);
    this.#waiting.delete(messageId);
    waiting?.({ code, data });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Such as `213d841d_972_1898bb26334_70a7`. */
export function newMessageId(nowMs: number): string {
  return `${randomBytes(4).toString('hex')}_972_${Math.floor(nowMs).toString(16)}_${randomBytes(2).toString('hex')}`;
}
