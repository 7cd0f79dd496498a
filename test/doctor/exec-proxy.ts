/** An API server behind something that has its own mind about exec: every review allows, every upgrade is answered so. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export async function startProxy(
  status: number,
  said: string,
): Promise<{ kubeconfig: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          kind: 'SelfSubjectAccessReview',
          apiVersion: 'authorization.k8s.io/v1',
          metadata: {},
          spec: {},
          status: { allowed: true },
        }),
      );
    });
  });
  server.on('upgrade', (_request, socket) => {
    socket.end(
      `HTTP/1.1 ${status} No\r\ncontent-type: text/plain\r\ncontent-length: ${said.length}\r\nconnection: close\r\n\r\n${said}`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    kubeconfig: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'proxy',
      clusters: [
        { name: 'proxy', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
      ],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'worker' } }],
      users: [{ name: 'worker', user: { token: 'some-token' } }],
    }),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
