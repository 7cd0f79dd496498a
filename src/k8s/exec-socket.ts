import type { IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import type { Cluster } from './client.ts';
import { type ClusterError, errorOfAnswer, errorOfFailure } from './cluster-error.ts';
import { type ConnectOptions, connect } from './connect.ts';
import { untilAborted } from './deadline.ts';

export type Subprotocol = 'v4' | 'v5';

/** Frames are 32 KiB and a byte; this bounds what a strange server can make us hold. */
const MOST_FRAME_BYTES = 4 * 1024 * 1024;
const MOST_BODY_BYTES = 64 * 1024;
/** Names the verb of the one refusal that does not: without get the server says so itself. */
const ACTION = 'create pods/exec';

/** Clusters that took v5 after they had refused v4. */
const withoutV4 = new WeakSet<Cluster>();

/**
 * Opens the WebSocket of an exec; asks for v5 if the server does not know v4, which it says with an empty 403 or 400
 *.
 * @param path after the server's address, with its query
 * @throws ClusterError, or the signal's reason
 */
export const openExecSocket = async (
  cluster: Cluster,
  path: string,
  subprotocol: Subprotocol,
  signal: AbortSignal,
): Promise<{ socket: WebSocket; protocol: Subprotocol }> => {
  const first = withoutV4.has(cluster) ? 'v5' : subprotocol;
  const opened = await open(cluster, path, first, signal);
  if (opened instanceof WebSocket) return { socket: opened, protocol: first };
  if (first === 'v5' || !opened.empty) throw opened.error;
  const second = await open(cluster, path, 'v5', signal);
  if (!(second instanceof WebSocket)) throw second.error;
  withoutV4.add(cluster);
  return { socket: second, protocol: 'v5' };
};

interface Refusal {
  readonly error: ClusterError;
  /** A refusal without a word. */
  readonly empty: boolean;
}

const open = async (
  cluster: Cluster,
  path: string,
  protocol: Subprotocol,
  signal: AbortSignal,
): Promise<WebSocket | Refusal> => {
  const options = await authenticated(cluster, signal);
  const server = (cluster.kubeConfig.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  const address = `${server.replace(/^http/, 'ws')}${path}`;
  const secure = address.startsWith('wss:');
  const socket = new WebSocket(address, `${protocol}.channel.k8s.io`, {
    ...options,
    // A proxy's agent makes its own.
    createConnection: ((request: ConnectOptions) =>
      connect(request, secure)) as ClientOptions['createConnection'],
    perMessageDeflate: false,
    maxPayload: MOST_FRAME_BYTES,
    // What is lent by the connection is taken at once or not at all.
    allowSynchronousEvents: true,
  });
  return new Promise<WebSocket | Refusal>((resolve, reject) => {
    const done = (): void => signal.removeEventListener('abort', onAbort);
    const onAbort = (): void => {
      reject(signal.reason);
      socket.terminate();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays: an error without a listener would end the process.
    socket.on('error', (error) => {
      done();
      reject(errorOfFailure(error, ACTION));
    });
    socket.once('open', () => {
      done();
      // Whoever waits for us subscribes a little later; no frame may be emitted before that.
      socket.pause();
      resolve(socket);
    });
    socket.once('unexpected-response', (_request, response) => {
      readBody(response).then((body) => {
        done();
        const status = response.statusCode ?? 0;
        const empty = body === '' && (status === 403 || status === 400);
        resolve({ error: errorOfAnswer(status, body, ACTION), empty });
        socket.terminate();
      });
    });
  });
};

/** Certificates, headers and proxy as the library makes them. */
const authenticated = async (cluster: Cluster, signal: AbortSignal): Promise<ClientOptions> => {
  const options: ClientOptions = {};
  try {
    await untilAborted(cluster.kubeConfig.applyToHTTPSOptions(options), signal);
  } catch (thrown) {
    throw signal.aborted ? signal.reason : errorOfFailure(thrown, ACTION);
  }
  // The library keeps one agent for ever, with the client certificate of its first use; ws needs none but for proxies.
  if (!cluster.kubeConfig.getCurrentCluster()?.proxyUrl) delete options.agent;
  return options;
};

const readBody = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MOST_BODY_BYTES) break;
    }
  } catch {
    // A body cut short is still worth reading; the HTTP status was there.
  }
  return Buffer.concat(chunks).toString('utf8').trim();
};
