import { randomBytes } from 'node:crypto';
import type { lookup as realLookup } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type OSS from 'ali-oss';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import type { DemoOssOptions } from '../../src/demo/oss/demo-oss.ts';
import { type StartedOss, startedOss } from './started-oss.ts';

const KEY = "a b/堆+(1)*!'&=?#.hprof";

/** Every name is this machine. */
const lookup: typeof realLookup = ((...args: unknown[]) => {
  const callback = args.at(-1) as (error: null, address: unknown, family?: number) => void;
  const { all } = args[1] as { all?: boolean };
  return all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
}) as typeof realLookup;

interface Way {
  readonly name: string;
  readonly oss?: Omit<DemoOssOptions, 'workDir'>;
  readonly client: (port: number) => Record<string, unknown>;
}

const ways: Way[] = [
  { name: 'path style', client: () => ({}) },
  {
    name: 'virtual host',
    client: (port) => ({
      sldEnable: false,
      endpoint: `http://oss.test:${port}`,
      agent: new HttpAgent({ lookup }),
    }),
  },
  {
    name: 'own domain',
    oss: { cnames: ['dumps.example'] },
    client: (port) => ({
      sldEnable: false,
      cname: true,
      endpoint: `http://dumps.example:${port}`,
      agent: new HttpAgent({ lookup }),
    }),
  },
];

let started: StartedOss;
afterEach(() => started.stop());

describe.each([true, false])('an unmodified ali-oss client (version 4: %s)', (authorizationV4) => {
  it.each(ways)('stores, finds, lists, reads and deletes, by $name', async ({ oss, client }) => {
    started = await startedOss(oss);
    const sdk = started.client({ authorizationV4, ...client(started.oss.port) });

    await sdk.put(KEY, Buffer.from('heap'), { meta: { uid: 1, pid: 2 } });
    const head = await sdk.head(KEY);
    const got = await sdk.get(KEY);
    const listed = await sdk.listV2({ prefix: 'a b/', 'max-keys': 10 }, {});
    await sdk.delete(KEY);

    expect(head.meta).toEqual({ uid: '1', pid: '2' });
    expect(got.content.toString()).toBe('heap');
    expect(listed.objects.map(({ name }) => name)).toEqual([KEY]);
    expect(started.oss.objectKeys()).toEqual([]);
    expect(started.oss.requests.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'PutObject 200',
      'HeadObject 200',
      'GetObject 200',
      'ListObjectsV2 200',
      'DeleteObject 204',
    ]);
  });

  it('uploads in parts, and is told the checksums that OSS tells', async () => {
    started = await startedOss();
    const sdk = started.client({ authorizationV4 });
    const body = randomBytes(450_000);

    await sdk.multipartUpload(KEY, body, { partSize: 102_400, parallel: 3 });

    const { headers } = (await sdk.head(KEY)).res as { headers: Record<string, string> };
    expect((await sdk.get(KEY)).content.equals(body)).toBe(true);
    expect(headers).toMatchObject({
      'content-length': '450000',
      etag: expect.stringMatching(/^"[0-9A-F]{32}-5"$/),
      'x-oss-object-type': 'Multipart',
      'x-oss-hash-crc64ecma': expect.stringMatching(/^\d+$/),
    });
    expect(started.oss.pendingUploads()).toEqual([]);
  });

  it('stores a part through a URL that was signed for it', async () => {
    started = await startedOss();
    const sdk = started.client({ authorizationV4 });
    const { uploadId } = await sdk.initMultipartUpload(KEY);
    const queries = { partNumber: 1, uploadId };
    const url = authorizationV4
      ? await sdk.signatureUrlV4('PUT', 60, { queries }, KEY)
      : sdk.signatureUrl(KEY, {
          method: 'PUT',
          expires: 60,
          subResource: queries,
        } as OSS.SignatureUrlOptions);

    const answer = await fetch(url, { method: 'PUT', body: Buffer.from('part') });

    expect(answer.status).toBe(200);
    expect(started.oss.pendingUploads()).toEqual([
      { key: KEY, uploadId, parts: [{ number: 1, sizeBytes: 4 }] },
    ]);
    expect(
      (await fetch(url.replace('partNumber=1', 'partNumber=2'), { method: 'PUT', body: 'x' })).status,
    ).toBe(403);
  });
});

it('speaks https where it is given a certificate', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  started = await startedOss({ tls: { key, cert } });
  const sdk = started.client({ httpsAgent: new HttpsAgent({ ca: cert }) });

  await sdk.put('a', Buffer.from('x'));

  expect(started.oss.endpoint).toMatch(/^https:\/\/localhost:\d+$/);
  expect((await sdk.get('a')).content.toString()).toBe('x');
});

it('writes down what it was asked, and no signature, token or URL', async () => {
  started = await startedOss();
  const { oss } = started;
  const key = oss.keys.assumeRole('everything', 60_000);
  const sdk = started.client({
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    stsToken: key.securityToken,
    refreshSTSTokenInterval: 1,
  });

  await sdk.put('a', Buffer.from('12345'));
  await fetch(await sdk.signatureUrlV4('GET', 60, undefined, 'a')).then((answer) => answer.text());

  expect(oss.requests).toEqual([
    {
      method: 'PUT',
      operation: 'PutObject',
      key: 'a',
      partNumber: undefined,
      accessKeyId: key.id,
      status: 200,
      bytes: 5,
    },
    {
      method: 'GET',
      operation: 'GetObject',
      key: 'a',
      partNumber: undefined,
      accessKeyId: key.id,
      status: 200,
      bytes: 5,
    },
  ]);
});
