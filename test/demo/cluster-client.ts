/** A bare client for the stand-in cluster: what the tests see of it goes through here and nothing of ours. */
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import WebSocket from 'ws';
import type { DemoCluster } from '../../src/demo/cluster/demo-cluster.ts';

export interface ExecCall {
  pod: string;
  command: string[];
  namespace?: string;
  container?: string | null;
  user?: string;
  protocols?: string[];
  stdin?: boolean;
  stdout?: boolean;
  stderr?: boolean;
}

export interface ExecFrame {
  channel: number;
  bytes: Buffer;
}

export interface ExecEnd {
  /** Refused before the upgrade. */
  refused?: { status: number; contentType: string | undefined; headers: IncomingHttpHeaders; body: string };
  protocol?: string;
  frames: ExecFrame[];
  close?: { code: number; reason: string };
  error?: Error;
}

export interface OpenExec {
  ws: WebSocket;
  frames: ExecFrame[];
  /** Resolves with the upgrade, or with the refusal. */
  upgraded: Promise<void>;
  ended: Promise<ExecEnd>;
  stdin(text: string | Buffer): void;
  /** Resolves once stdout so far holds the text. */
  stdoutHas(text: string): Promise<void>;
}

export const execUrl = (cluster: DemoCluster, call: ExecCall): string => {
  const query = new URLSearchParams();
  for (const word of call.command) query.append('command', word);
  if (call.container !== null) query.set('container', call.container ?? 'app');
  query.set('stdin', String(call.stdin ?? false));
  query.set('stdout', String(call.stdout ?? true));
  query.set('stderr', String(call.stderr ?? true));
  return `${cluster.url}/api/v1/namespaces/${call.namespace ?? 'prod'}/pods/${call.pod}/exec?${query}`;
};

export const openExec = (cluster: DemoCluster, call: ExecCall): OpenExec => {
  const ws = new WebSocket(
    execUrl(cluster, call).replace('https:', 'wss:'),
    call.protocols ?? ['v5.channel.k8s.io'],
    {
      ca: cluster.caPem,
      headers: { authorization: `Bearer ${cluster.token(call.user ?? 'admin')}` },
      perMessageDeflate: false,
    },
  );
  const end: ExecEnd = { frames: [] };
  let resolveUpgraded = () => {};
  const upgraded = new Promise<void>((resolve) => {
    resolveUpgraded = resolve;
  });
  const ended = new Promise<ExecEnd>((resolve) => {
    ws.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        end.refused = {
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'],
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        };
        resolveUpgraded();
        resolve(end);
      });
    });
    ws.on('error', (error) => {
      end.error = error;
    });
    ws.on('close', (code, reason) => {
      end.close = { code, reason: reason.toString() };
      resolveUpgraded();
      resolve(end);
    });
  });
  ws.on('upgrade', (response) => {
    end.protocol = response.headers['sec-websocket-protocol'] ?? '';
  });
  ws.on('open', () => resolveUpgraded());
  ws.on('message', (message: Buffer) => {
    end.frames.push({ channel: message[0] ?? -1, bytes: message.subarray(1) });
  });
  return {
    ws,
    frames: end.frames,
    upgraded,
    ended,
    stdin: (text) => ws.send(Buffer.concat([Buffer.of(0), Buffer.from(text)])),
    stdoutHas: (text) => until(() => textOf(end.frames, 1).includes(text)),
  };
};

export const runExec = (cluster: DemoCluster, call: ExecCall): Promise<ExecEnd> =>
  openExec(cluster, call).ended;

export const textOf = (frames: ExecFrame[], channel: number): string =>
  Buffer.concat(frames.filter((frame) => frame.channel === channel).map(({ bytes }) => bytes)).toString();

export const stdoutOf = (end: { frames: ExecFrame[] }): string => textOf(end.frames, 1);

/** The parsed frame of channel 3. */
export const statusOf = (
  end: ExecEnd,
):
  | {
      status: string;
      reason?: string;
      message?: string;
      details?: { causes?: { reason?: string; message: string }[] };
    }
  | undefined => {
  const text = textOf(end.frames, 3);
  return text === '' ? undefined : JSON.parse(text);
};

/** As clients read it: 0 for Success, the cause's number for an exit code, else undefined. */
export const exitCodeOf = (end: ExecEnd): number | undefined => {
  const status = statusOf(end);
  if (status?.status === 'Success') return 0;
  const cause = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  return cause && Number(cause.message);
};

/** Waits for something that must come; a hang ends in the test's own time limit. */
export const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Parsed JSON, or the text. */
  body: unknown;
}

export interface HttpCall {
  method?: string;
  path: string;
  accept?: string;
  user?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

export const callApi = (cluster: DemoCluster, call: HttpCall): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const sent = call.body === undefined ? undefined : JSON.stringify(call.body);
    const outgoing = request(
      new URL(call.path, cluster.url),
      {
        method: call.method ?? 'GET',
        ca: cluster.caPem,
        agent: false,
        headers: {
          accept: call.accept ?? 'application/json',
          ...(call.user !== null && { authorization: `Bearer ${cluster.token(call.user ?? 'admin')}` }),
          // Node leaves the length out of a DELETE.
          ...(sent !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(sent),
          }),
          ...call.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          let body: unknown = text;
          try {
            body = JSON.parse(text);
          } catch {
            // Text stays text.
          }
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(sent);
  });
