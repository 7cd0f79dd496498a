import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { Access } from '../api/access.ts';
import { refuseUpgrade } from '../api/refuse-upgrade.ts';
import { requestInfo } from '../api/request-info.ts';
import { type Answer, badRequest, faultAnswer, noSuchResource, unauthorized } from '../api/status-object.ts';
import type { FaultQueue } from '../faults.ts';
import type { PodStore } from '../pod-store.ts';
import type { RecordedExec } from './exec-record.ts';
import { execTarget } from './exec-request.ts';
import { ExecSession } from './exec-session.ts';
import { startCommand } from './start-command.ts';
import { chooseSubprotocol, type Subprotocol } from './subprotocol.ts';

/** A client that is slow to read its last bytes is not cut off. */
const CLOSE_TIMEOUT_MS = 10 * 60_000;

export interface ExecEndpoint {
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Lets go of all sessions, without a word to their clients. Their commands are the containers' to end. */
  abort(): void;
  /** Resolves when the commands of all sessions have ended. */
  ended(): Promise<void>;
}

/** Accepts execs by WebSocket and keeps them in `execs`. */
export const execEndpoint = (cluster: {
  access: Access;
  pods: PodStore;
  faults: FaultQueue;
  execs: RecordedExec[];
  whenClientGone: 'drain' | 'stuck';
  now: () => number;
}): ExecEndpoint => {
  const sessions = new Map<ExecSession, Promise<void>>();
  const chosen = new WeakMap<IncomingMessage, Subprotocol>();
  // closeTimeout is in ws 8.19 and later, and not yet in its types.
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    clientTracking: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (_offered, request) => chosen.get(request) || false,
  };
  const server = new WebSocketServer(options);
  server.on('headers', (headers, request) => {
    // Nothing was offered: the API server answers with a header that is there and empty.
    if (chosen.get(request) === '') headers.push('Sec-WebSocket-Protocol: ');
  });

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const url = new URL(request.url ?? '/', 'https://cluster');
    const accepted = acceptExec(request, url);
    if ('status' in accepted) {
      refuseUpgrade(socket, accepted);
      return;
    }
    const { target, protocol, user } = accepted;
    const record: RecordedExec = {
      namespace: target.pod.namespace,
      pod: target.pod.name,
      container: target.container.spec.name,
      command: target.command,
      user,
      protocol,
      startedAt: cluster.now(),
      stdoutBytes: 0,
      stderrBytes: 0,
      stdinBytes: 0,
    };
    const fault = cluster.faults.takeForExec(record);
    if (fault?.kind === 'refuse') {
      refuseUpgrade(socket, faultAnswer(fault));
      return;
    }
    cluster.execs.push(record);
    chosen.set(request, protocol);
    server.handleUpgrade(request, socket, head, (ws) => {
      const session = new ExecSession({
        ws,
        socket,
        protocol,
        streams: target.streams,
        record,
        fault,
        start: () => startCommand(target, protocol),
        endContainer: () => target.container.running?.signal('SIGKILL'),
        whenClientGone: cluster.whenClientGone,
      });
      const run = session
        .run()
        .catch((error: unknown) => {
          console.error('exec failed', record.pod, error);
          session.abort();
        })
        .finally(() => sessions.delete(session));
      sessions.set(session, run);
    });
  };

  const acceptExec = (request: IncomingMessage, url: URL) => {
    const method = request.method ?? 'GET';
    const user = cluster.access.userOf(request.headers.authorization);
    if (user === undefined) return unauthorized();
    const info = requestInfo(method, url);
    if (info.kind === 'path' || info.resource !== 'pods' || info.subresource !== 'exec')
      return noSuchResource();
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    const target = execTarget(
      {
        user,
        namespace: info.namespace ?? '',
        pod: info.name ?? '',
        query: url.searchParams,
        isWebSocket,
        verb: method === 'GET' ? 'get' : 'create',
      },
      cluster,
    );
    if ('status' in target) return target;
    // SPDY is not spoken here: kubectl before 1.31 learns what a client without any upgrade does.
    if (!isWebSocket) return badRequest('Upgrade request required');
    const protocol = chooseSubprotocol(request.headers['sec-websocket-protocol']);
    if (protocol === undefined) return NO_SUBPROTOCOL;
    return { target, protocol, user };
  };

  return {
    onUpgrade,
    abort: () => {
      for (const session of sessions.keys()) session.abort();
    },
    ended: async () => {
      await Promise.all(sessions.values());
    },
  };
};

const NO_SUBPROTOCOL: Answer = { status: 403, body: '' };
