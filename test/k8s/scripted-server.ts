/** A bare API server on plain HTTP: each exec is answered by a script of the test, or as a recording of a real one goes. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Cluster, connectCluster } from '../../src/k8s/client.ts';

export interface RecordedEvent {
  readonly ms: number;
  readonly upgrade?: { readonly http: number; readonly protocol: string };
  readonly frame?: { readonly ch: number; readonly len: number; readonly text: string };
  readonly close?: { readonly code: number; readonly reason: string };
  readonly http?: { readonly code: number; readonly type?: string; readonly body: string };
}

export interface RecordedExec {
  readonly name: string;
  readonly protocols: readonly string[];
  readonly events: readonly RecordedEvent[];
}

export const EXEC_RECORDINGS: readonly RecordedExec[] = JSON.parse(
  readFileSync(new URL('../recordings/kubernetes-exec.json', import.meta.url), 'utf8'),
);

export const recordingNamed = (name: string): RecordedExec => {
  const found = EXEC_RECORDINGS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`No recording named ${name}`);
  return found;
};

export interface HttpAnswer {
  readonly status: number;
  readonly body?: string;
  readonly type?: string;
}

export interface ScriptedServer {
  readonly cluster: Cluster;
  readonly kubeconfig: string;
  /** Of all requests, upgrades included: method, path with query, headers. */
  readonly requests: { method: string; url: URL; headers: IncomingMessage['headers'] }[];
  /** How many connections clients hold open. */
  connections(): number;
  close(): Promise<void>;
}

export interface Script {
  /** Before an upgrade, or for a plain request; undefined lets an upgrade happen. */
  readonly answer?: (url: URL, headers: IncomingMessage['headers']) => HttpAnswer | 'never' | undefined;
  /** For a plain request whose body matters; goes before `answer`. */
  readonly answerTo?: (body: string) => HttpAnswer;
  readonly onExec?: (socket: WebSocket, raw: Socket, url: URL) => void;
}

export const startScriptedServer = async (script: Script): Promise<ScriptedServer> => {
  const requests: ScriptedServer['requests'] = [];
  const sockets = new Set<Socket>();
  const note = (request: IncomingMessage): URL => {
    const url = new URL(request.url ?? '/', 'http://server');
    requests.push({ method: request.method ?? '', url, headers: request.headers });
    return url;
  };
  const server = createServer((request, response) => {
    const url = note(request);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const answer = script.answerTo?.(body) ?? script.answer?.(url, request.headers) ?? { status: 404 };
      if (answer === 'never') return;
      response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' });
      response.end(answer.body);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  const webSockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket: Socket, head) => {
    const url = note(request);
    const answer = script.answer?.(url, request.headers);
    if (answer === 'never') return;
    if (answer !== undefined) {
      const { status, body = '', type = 'text/plain' } = answer;
      const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${type}\r\n`;
      socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => {});
      script.onExec?.(webSocket, socket, url);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'u', user: { token: 'sekret-token' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
  return {
    cluster: connectCluster({ kubeconfig }),
    kubeconfig,
    requests,
    connections: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** The script that answers as the recorded server did, without its waits. */
export const replay = (recording: RecordedExec): Script => {
  const refusal = recording.events.find((event) => event.http !== undefined)?.http;
  return {
    answer: () =>
      refusal === undefined
        ? undefined
        : { status: refusal.code, body: refusal.body, type: refusal.type ?? 'text/plain' },
    onExec: (socket) => {
      for (const { frame, close } of recording.events) {
        if (frame !== undefined) socket.send(Buffer.concat([Buffer.of(frame.ch), Buffer.from(frame.text)]));
        if (close !== undefined) socket.close(close.code, close.reason);
      }
    },
  };
};
