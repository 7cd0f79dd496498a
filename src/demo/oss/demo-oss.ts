/**
 * A stand-in for Alibaba Cloud OSS: one bucket behind a real HTTP server. It checks signatures, rights, sizes and
 * checksums as OSS does, so that an unmodified ali-oss, curl or browser can be pointed at it.
 */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { AccessKeys, READ_ONLY } from './access-keys.ts';
import { BucketFiles } from './bucket-files.ts';
import { OssFaults } from './faults.ts';
import { serve } from './oss-server.ts';
import { Pace } from './pace.ts';
import { type LoggedRequest, RequestLog } from './request-log.ts';

export { type AccessKey, UPLOAD_WITHOUT_DELETE } from './access-keys.ts';
export type { OssCall, OssFault } from './faults.ts';
export type { LoggedRequest } from './request-log.ts';

export interface DemoOssOptions {
  /** Objects and parts become files below it; it must exist and is not removed. */
  readonly workDir: string;
  readonly bucket?: string;
  /** Such as `cn-hangzhou`; signatures of version 4 for another region are refused. */
  readonly region?: string;
  /** Unix ms. */
  readonly now?: () => number;
  /** Where to listen; the loopback interface and a free port unless said. */
  readonly host?: string;
  readonly port?: number;
  /** The name that clients are to use; `localhost`. An IP address would confuse ali-oss. */
  readonly publicName?: string;
  /** Hosts, without port, that are the bucket's own domain: no bucket in name or path. */
  readonly cnames?: readonly string[];
  /** How many parts or uploads a list gives at a time; 1000, as with OSS. */
  readonly largestPage?: number;
  /** Bytes are hashed and counted and not kept: for measuring. Objects cannot be read then. */
  readonly discard?: boolean;
  /** PEM; then the stand-in speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface PendingUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly parts: readonly { readonly number: number; readonly sizeBytes: number }[];
}

export interface DemoOss {
  /** Such as `http://localhost:40000`; for ali-oss with `sldEnable: true`. */
  readonly endpoint: string;
  readonly port: number;
  readonly bucket: string;
  /** As ali-oss wants it: `oss-cn-hangzhou`. */
  readonly region: string;
  /** `upload` may do everything, `download` may only read and list. */
  readonly accessKeys: {
    readonly upload: { readonly id: string; readonly secret: string };
    readonly download: { readonly id: string; readonly secret: string };
  };
  /** For further keys, with fewer rights or with tokens that expire. */
  readonly keys: AccessKeys;
  readonly faults: OssFaults;
  readonly requests: LoggedRequest[];
  /** One file that holds an object's bytes. */
  objectPath(key: string): string | undefined;
  objectKeys(): string[];
  pendingUploads(): PendingUpload[];
  /** Bytes of bodies that came in for each part of a key: more than the part has means that it was sent again. */
  receivedPartBytes(key: string): ReadonlyMap<number, number>;
  stop(): Promise<void>;
}

export async function startOss(options: DemoOssOptions): Promise<DemoOss> {
  const bucket = options.bucket ?? 'heap-dumps';
  const region = (options.region ?? 'cn-hangzhou').replace(/^oss-/, '');
  const now = options.now ?? Date.now;
  const sockets = new Set<Socket>();
  const files = new BucketFiles(options.workDir, now, options.discard ?? false);
  const pace = new Pace();
  const faults = new OssFaults(pace, () => {
    for (const socket of sockets) socket.destroy();
  });
  const keys = new AccessKeys(now);
  const log = new RequestLog();
  const shop = {
    bucket,
    region,
    now,
    cnames: options.cnames ?? [],
    keys,
    files,
    largestPage: options.largestPage ?? 1000,
    faults,
    pace,
    log,
  };

  const listener: RequestListener = (request, response) => void serve(shop, request, response);
  const server =
    options.tls === undefined ? createHttpServer(listener) : createHttpsServer(options.tls, listener);
  // Uploads of gigabytes over slow lines are the point of it.
  server.requestTimeout = 0;
  server.on('connection', (socket: Socket) => {
    if (faults.gone) {
      socket.resetAndDestroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls === undefined ? 'http' : 'https';

  return {
    endpoint: `${scheme}://${options.publicName ?? 'localhost'}:${port}`,
    port,
    bucket,
    region: `oss-${region}`,
    accessKeys: {
      upload: keys.create('everything'),
      download: keys.create(READ_ONLY),
    },
    keys,
    faults,
    requests: log.requests,
    objectPath: (key) => files.pathOf(key),
    objectKeys: () => [...files.objects.keys()].sort(),
    pendingUploads: () =>
      [...files.uploads.values()].map(({ key, uploadId, parts }) => ({
        key,
        uploadId,
        parts: [...parts.values()]
          .map(({ number, sizeBytes }) => ({ number, sizeBytes }))
          .sort((a, b) => a.number - b.number),
      })),
    receivedPartBytes: (key) => log.partBytes(key),
    stop: async () => {
      faults.comeBack();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
