/** One WebSocket of Stream mode, from its ticket to its end: https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol */
import { WebSocket } from 'ws';
import { z } from 'zod';
import { DingtalkFailure, networkFailure } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import { fetchJson } from './fetch-json.ts';
import { jsonOf } from './payloads.ts';

export const ROBOT_TOPIC = '/v1.0/im/bot/messages/get';
export const CARD_TOPIC = '/v1.0/card/instances/callback';
const OPEN = '/v1.0/gateway/connections/open';

const openedShape = z.object({ endpoint: z.url({ protocol: /^wss?$/ }), ticket: z.string().min(1) });
const frameShape = z.object({
  type: z.string(),
  headers: z.looseObject({ topic: z.string(), messageId: z.string() }),
  data: z.string().optional(),
});

const HANDSHAKE_MS = 10_000;
/** After `disconnect` DingTalk leaves the socket up for about ten seconds. */
const GOODBYE_MS = 15_000;
const CLOSE_MS = 2000;
const MAX_FRAME_BYTES = 4 * 1024 * 1024;

export interface Callback {
  readonly topic: string;
  /** Of the frame; the same when it is delivered again. */
  readonly messageId: string;
  readonly data: unknown;
}

export interface StreamOptions {
  readonly apiUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Called after the acknowledgement; must not throw. */
  readonly onCallback: (callback: Callback) => void;
  readonly log: DingtalkLog;
  /** A socket that was not heard of for so long is dead. */
  readonly silenceMs: number;
}

/** planned: DingTalk said that it ends. lost: it broke, or fell silent. */
export type End = 'planned' | 'lost';

export interface Connection {
  /** Resolves when it brings nothing any more; a planned end comes before the socket's own. */
  readonly ended: Promise<End>;
  readonly closed: Promise<void>;
  /** Says goodbye. Resolves when it is closed, by force if need be. */
  close(): Promise<void>;
}

/** @throws DingtalkFailure 'refused' for credentials that DingTalk does not take; the signal's reason */
export async function connectStream(options: StreamOptions, signal: AbortSignal): Promise<Connection> {
  const { endpoint, ticket } = await openConnection(options, signal);
  signal.throwIfAborted();
  const url = new URL(endpoint);
  url.searchParams.set('ticket', ticket);
  const socket = new WebSocket(url, { handshakeTimeout: HANDSHAKE_MS, maxPayload: MAX_FRAME_BYTES });
  // From the beginning: the first frame can come in one piece with the end of the handshake.
  const connection = attend(socket, options);
  const giveUp = () => socket.terminate();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await opened(socket);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  return connection;
}

async function openConnection({ apiUrl, clientId, clientSecret }: StreamOptions, signal: AbortSignal) {
  const answer = await fetchJson(`${apiUrl}${OPEN}`, OPEN, {
    method: 'POST',
    body: {
      clientId,
      clientSecret,
      ua: 'heapdump-bot',
      subscriptions: [ROBOT_TOPIC, CARD_TOPIC].map((topic) => ({ type: 'CALLBACK', topic })),
    },
    signal,
  });
  const parsed = openedShape.safeParse(answer);
  if (!parsed.success) throw new DingtalkFailure('unknown', OPEN);
  return parsed.data;
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    // The error may name the address with its ticket.
    socket.once('error', (error) => reject(new DingtalkFailure('not-sent', OPEN, { cause: codeOf(error) })));
    socket.once('close', () => reject(new DingtalkFailure('not-sent', OPEN)));
    socket.once('open', () => resolve());
  });
}

function attend(socket: WebSocket, options: StreamOptions): Connection {
  const { log, silenceMs } = options;
  let end: (how: End) => void = () => undefined;
  const ended = new Promise<End>((resolve) => {
    end = resolve;
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let heardAt = performance.now();
  const hear = () => {
    heardAt = performance.now();
  };
  const watch = setInterval(() => {
    if (performance.now() - heardAt >= silenceMs) {
      log.warn({ silenceMs }, 'dingtalk socket fell silent');
      socket.terminate();
    } else if (socket.readyState === WebSocket.OPEN) {
      socket.ping();
    }
  }, silenceMs / 3);
  let goodbye: NodeJS.Timeout | undefined;

  socket.on('ping', hear);
  socket.on('pong', hear);
  socket.on('error', (error) => log.info({ reason: codeOf(error) }, 'dingtalk socket broke'));
  socket.on('message', (bytes) => {
    hear();
    const frame = frameShape.safeParse(jsonOf(String(bytes)));
    if (!frame.success) {
      log.warn({}, 'a frame that is none came from dingtalk');
      return;
    }
    const { type, headers, data } = frame.data;
    const { topic, messageId } = headers;
    switch (type) {
      case 'SYSTEM':
        if (topic === 'ping') acknowledge(socket, messageId, data ?? '{}');
        else if (topic === 'disconnect') {
          end('planned');
          goodbye ??= setTimeout(() => socket.terminate(), GOODBYE_MS);
        }
        return;
      case 'EVENT':
        acknowledge(socket, messageId, '{"status":"SUCCESS","message":"success"}');
        return;
      case 'CALLBACK':
        // At once, whatever becomes of it: a card waits two seconds for this, and what is not acknowledged comes again.
        acknowledge(socket, messageId, '{"response":{}}');
        options.onCallback({ topic, messageId, data: jsonOf(data) });
        return;
      default:
        log.info({ type, topic }, 'a frame of an unknown type came from dingtalk');
    }
  });
  socket.once('close', () => {
    clearInterval(watch);
    clearTimeout(goodbye);
    end('lost');
  });

  return {
    ended,
    closed,
    async close() {
      socket.close(1000);
      const force = setTimeout(() => socket.terminate(), CLOSE_MS);
      await closed;
      clearTimeout(force);
    },
  };
}

function acknowledge(socket: WebSocket, messageId: string, data: string): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(
    JSON.stringify({
      code: 200,
      headers: { contentType: 'application/json', messageId },
      message: 'OK',
      data,
    }),
  );
}

function codeOf(error: Error): string {
  const { kind } = networkFailure(error, OPEN);
  return 'code' in error && typeof error.code === 'string' ? error.code : kind;
}
