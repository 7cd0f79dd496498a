import { once } from 'node:events';
import { createServer } from 'node:net';

/** @returns a port of 127.0.0.1 that nobody had a moment ago, for servers that cannot be told to take any */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port of 127.0.0.1 is free');
  return address.port;
}
