import {
  connect as connectPlainly,
  isIP,
  type OnReadOpts,
  type Socket,
  type TcpNetConnectOpts,
} from 'node:net';
import { type ConnectionOptions, connect as connectByTls } from 'node:tls';
import { ReceiveBuffer } from './receive-buffer.ts';

export type ConnectOptions = TcpNetConnectOpts & ConnectionOptions;

/**
 * A connection for a WebSocket, read into memory of its own that is used again (Node's `onread`), where Node would
 * allocate anew for each read. On a GB that is half of the CPU that receiving takes, and all of the garbage.
 *
 * Messages that it lends to the reader are valid until the reader returns; if the reader has paused it by then, for good.
 *
 * @param options of the HTTP request, which are those of `net.connect` and `tls.connect` as well
 */
export const connect = (options: ConnectOptions, secure: boolean): Socket => {
  const received = new ReceiveBuffer((bytes, lent) => {
    // The reader may have ended it over what came just before.
    if (socket.destroyed) return;
    // Node's own way to do it: at once if nothing waits before it, else by the stream's buffer.
    if (lent && socket.readableFlowing && socket.readableLength === 0) {
      socket.emit('data', bytes);
      if (socket.isPaused()) received.keepLent();
    } else {
      socket.push(lent ? Buffer.from(bytes) : bytes);
    }
  });
  const onread: OnReadOpts = {
    buffer: () => received.room,
    callback: (bytes) => {
      received.took(bytes);
      return !socket.isPaused();
    },
  };
  // The request's path would be that of a Unix socket.
  const own = { ...options, path: undefined, onread };
  const socket = secure ? connectByTls({ ...own, ...serverNameOf(options) }) : connectPlainly(own);
  return socket;
};

/** No name is sent for an address; the certificate is compared with the host all the same. */
const serverNameOf = ({ servername, host = '' }: ConnectionOptions): { servername: string } => ({
  servername: servername ?? (isIP(host) === 0 ? host : ''),
});
