import type { Duplex } from 'node:stream';
import { type Answer, encodeAnswer } from './status-object.ts';

/** An HTTP answer to a request that asked for an upgrade; the connection ends with it. */
export const refuseUpgrade = (socket: Duplex, answer: Answer): void => {
  const { body, contentType } = encodeAnswer(answer);
  const headers = {
    ...(contentType && { 'Content-Type': contentType }),
    'Cache-Control': 'no-cache, private',
    ...answer.headers,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${answer.status} ${REASONS[answer.status] ?? 'Unknown'}\r\n${lines.join('')}\r\n${body}`,
  );
};

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
