/** The least there is: one command's output through a bare WebSocket, as fast as it comes. */
import { type ClientOptions, WebSocket } from 'ws';
import type { Cluster } from '../../src/k8s/client.ts';
import type { ExecTarget } from '../../src/k8s/exec.ts';

const STDOUT = 1;
const STATUS = 3;

/**
 * @param onChunk what is done with the bytes; nothing unless given
 * @returns how many bytes came
 */
export async function barePipe(
  cluster: Cluster,
  target: ExecTarget,
  argv: readonly string[],
  subprotocol: 'v4' | 'v5',
  onChunk?: (chunk: Buffer) => void,
): Promise<number> {
  const options: ClientOptions = {};
  await cluster.kubeConfig.applyToHTTPSOptions(options);
  const query = new URLSearchParams({ container: target.container, stdout: 'true', stderr: 'true' });
  for (const argument of argv) query.append('command', argument);
  const server = (cluster.kubeConfig.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  const url = `${server.replace(/^http/, 'ws')}/api/v1/namespaces/${target.namespace}/pods/${target.pod}/exec?${query}`;
  const socket = new WebSocket(url, `${subprotocol}.channel.k8s.io`, {
    ...options,
    perMessageDeflate: false,
  });
  let bytes = 0;
  let status = '';
  socket.on('message', (message: Buffer) => {
    if (message[0] === STDOUT) {
      bytes += message.length - 1;
      onChunk?.(message.subarray(1));
    } else if (message[0] === STATUS) {
      status = message.toString('utf8', 1);
    }
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).once('close', () => resolve());
  });
  if (!status.includes('"Success"')) throw new Error(`The pipe broke: ${status || 'no status'}`);
  return bytes;
}
