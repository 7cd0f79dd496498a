/** How a worker proves who it is: every way is tried against a server that looks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { ClusterError, connectCluster } from '../../src/k8s/client.ts';
import { exec } from '../../src/k8s/exec.ts';
import { getPod } from '../../src/k8s/pods.ts';

const TARGET = { namespace: 'prod', pod: 'web', container: 'app' };

interface Seen {
  readonly kind: 'get' | 'exec';
  readonly token: string | undefined;
  readonly certificate: string | undefined;
}

let folder: string;
let server: Server;
let address: string;
const seen: Seen[] = [];
const pem = { ca: '', certificate: '', key: '', nextCertificate: '', nextKey: '', other: '' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-'));
  const kind = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const name = (value: string) => [{ name: 'commonName', value }];
  const ca = await generate(name('test-ca'), {
    ...kind,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const signed = { ...kind, ca: { key: ca.private, cert: ca.cert } };
  const host = await generate(name('apiserver'), {
    ...signed,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const client = await generate(name('system:worker'), signed);
  const next = await generate(name('system:worker-renewed'), signed);
  Object.assign(pem, {
    nextCertificate: next.cert,
    nextKey: next.private,
    ca: ca.cert,
    certificate: client.cert,
    key: client.private,
    other: (await generate(name('some-other-ca'), kind)).cert,
  });

  server = createServer({
    key: host.private,
    cert: host.cert,
    ca: ca.cert,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const note = (kind: Seen['kind'], socket: TLSSocket, token: string | undefined): void => {
    const subject = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined;
    seen.push({ kind, token, certificate: subject });
  };
  server.on('request', (request, response) => {
    note('get', request.socket as TLSSocket, request.headers.authorization);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: 'Pod', metadata: { name: 'web' } }));
  });
  const webSockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    note('exec', request.socket as TLSSocket, request.headers.authorization);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.send(Buffer.concat([Buffer.of(3), Buffer.from('{"status":"Success"}')]));
      webSocket.close(1000);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const kubeconfigOf = (user: object, cluster: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'c', cluster: { server: address, 'certificate-authority-data': base64(pem.ca), ...cluster } },
      { name: 'elsewhere', cluster: { server: 'https://127.0.0.1:1' } },
    ],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'here', context: { cluster: 'c', user: 'u' } },
      { name: 'away', context: { cluster: 'elsewhere', user: 'u' } },
    ],
    'current-context': 'here',
  });

/** One plain request and one exec. */
const tryBoth = async (cluster: ReturnType<typeof connectCluster>): Promise<Seen[]> => {
  seen.length = 0;
  await getPod(cluster, TARGET);
  await exec(cluster, TARGET, { argv: ['true'], timeoutMs: 60_000 });
  return [...seen];
};

const failureOf = async (work: () => unknown): Promise<ClusterError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
  throw new Error('It worked');
};

describe('a kubeconfig', () => {
  it('with a token sends it with requests and execs', async () => {
    const cluster = connectCluster({ kubeconfig: kubeconfigOf({ token: 't1' }) });
    expect(await tryBoth(cluster)).toEqual([
      { kind: 'get', token: 'Bearer t1', certificate: undefined },
      { kind: 'exec', token: 'Bearer t1', certificate: undefined },
    ]);
    expect(cluster.server).toBe(address);
  });

  it('with a client certificate shows it with requests and execs', async () => {
    const user = { 'client-certificate-data': base64(pem.certificate), 'client-key-data': base64(pem.key) };
    expect(await tryBoth(connectCluster({ kubeconfig: kubeconfigOf(user) }))).toEqual([
      { kind: 'get', token: undefined, certificate: 'system:worker' },
      { kind: 'exec', token: undefined, certificate: 'system:worker' },
    ]);
  });

  it('in a file finds certificates and tokens beside it, and reads a token again when it was rotated', async () => {
    writeFileSync(join(folder, 'client.crt'), pem.certificate);
    writeFileSync(join(folder, 'client.key'), pem.key);
    writeFileSync(join(folder, 'token'), 'first\n');
    const user = {
      'client-certificate': 'client.crt',
      'client-key': 'client.key',
      tokenFile: 'token',
      token: 'old',
    };
    const kubeconfigPath = join(folder, 'kubeconfig');
    writeFileSync(kubeconfigPath, kubeconfigOf(user));
    const cluster = connectCluster({ kubeconfigPath });
    const certificate = 'system:worker';
    expect(await tryBoth(cluster)).toEqual([
      { kind: 'get', token: 'Bearer first', certificate },
      { kind: 'exec', token: 'Bearer first', certificate },
    ]);
    writeFileSync(join(folder, 'token'), 'second\n');
    expect((await tryBoth(cluster)).map(({ token }) => token)).toEqual(['Bearer second', 'Bearer second']);
  });

  it('whose certificate file was renewed shows the new one', async () => {
    const paths = ['renewed.crt', 'renewed.key'].map((name) => join(folder, name)) as [string, string];
    const cluster = connectCluster({
      kubeconfig: kubeconfigOf({ 'client-certificate': paths[0], 'client-key': paths[1] }),
    });
    writeFileSync(paths[0], pem.certificate);
    writeFileSync(paths[1], pem.key);
    expect((await tryBoth(cluster)).map(({ certificate }) => certificate)).toEqual([
      'system:worker',
      'system:worker',
    ]);
    writeFileSync(paths[0], pem.nextCertificate);
    writeFileSync(paths[1], pem.nextKey);
    expect((await tryBoth(cluster)).map(({ certificate }) => certificate)).toEqual([
      'system:worker-renewed',
      'system:worker-renewed',
    ]);
  });

  it('with an exec plugin asks it for the token', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'p' },
    };
    const plugin = { apiVersion: credential.apiVersion, command: 'echo', args: [JSON.stringify(credential)] };
    const [get, run] = await tryBoth(connectCluster({ kubeconfig: kubeconfigOf({ exec: plugin }) }));
    expect([get?.token, run?.token]).toEqual(['Bearer p', 'Bearer p']);
  });

  it('has the context that is asked for', async () => {
    const kubeconfig = kubeconfigOf({ token: 't' });
    expect(connectCluster({ kubeconfig, context: 'away' }).server).toBe('https://127.0.0.1:1');
    const error = await failureOf(() => connectCluster({ kubeconfig, context: 'nowhere' }));
    expect(error).toMatchObject({ code: 'unreachable', retryable: false });
    expect(error.message).toContain('nowhere');
  });

  it.each([
    ['no YAML', ': : :'],
    ['nothing', ''],
    ['no cluster', '{"apiVersion":"v1"}'],
    [
      'a server that is no address',
      JSON.stringify({
        ...JSON.parse('{}'),
        clusters: [{ name: 'c', cluster: { server: 'x y' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    ],
  ])('that has %s is refused at once', async (_what, kubeconfig) => {
    const error = await failureOf(() => connectCluster({ kubeconfig }));
    expect(error).toMatchObject({ code: 'unreachable', retryable: false });
    expect(error.message).toContain('Cannot use this kubeconfig');
  });

  it('that is not there is refused at once, and so is a cluster that we are not inside', async () => {
    const kubeconfigPath = join(folder, 'nothing');
    expect((await failureOf(() => connectCluster({ kubeconfigPath }))).message).toContain('ENOENT');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined);
    const inside = failureOf(() => connectCluster({ inCluster: true }));
    vi.unstubAllEnvs();
    expect((await inside).message).toContain('not inside a cluster');
  });
});

describe('a server with a certificate of another authority', () => {
  it('gets no token: neither with a request nor with an exec', async () => {
    const kubeconfig = kubeconfigOf({ token: 'secret' }, { 'certificate-authority-data': base64(pem.other) });
    const cluster = connectCluster({ kubeconfig });
    seen.length = 0;
    expect(await failureOf(() => getPod(cluster, TARGET))).toMatchObject({
      code: 'unreachable',
      retryable: false,
    });
    await expect(exec(cluster, TARGET, { argv: ['true'] })).rejects.toMatchObject({
      code: 'refused',
      retryable: false,
    });
    expect(seen).toEqual([]);
  });
});
