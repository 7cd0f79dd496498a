/**
 * Makes `https://api.dingtalk.com` and its sisters end at a stand-in, for clients whose hosts are constants: an HTTPS
 * proxy, to be named in `https_proxy`, which answers CONNECT with a certificate of its own making.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';

export interface DingtalkHosts {
  /** For `https_proxy`. */
  readonly proxyUrl: string;
  /** The hosts that were asked for, each as often as it was. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

export async function startDingtalkHosts(baseUrl: string): Promise<DingtalkHosts> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'api.dingtalk.com' }]);
  const secureContext = createSecureContext({ key, cert });
  const port = Number(new URL(baseUrl).port);
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket: Socket) => {
    asked.push(request.url ?? '');
    sockets.add(socket);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const plain = new TLSSocket(socket, { isServer: true, secureContext });
    const behind = connect(port, '127.0.0.1');
    plain.pipe(behind).pipe(plain);
    for (const each of [socket, plain, behind]) {
      each.on('error', () => socket.destroy());
      each.on('close', () => behind.destroy());
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
