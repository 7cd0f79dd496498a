import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLinkSigner, type LinkOptions } from '../../src/bot/download-link.ts';
import type { AccessKey } from '../../src/demo/oss/demo-oss.ts';
import {
  CredentialError,
  type CredentialSource,
  type CredentialWish,
  fixedCredentials,
} from '../../src/oss-credentials.ts';
import { type StartedOss, startedOss } from '../demo/started-oss.ts';

const KEY = 'shop/order-service/prod/堆 dump+(1)*!&?=#.hprof';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const asSource = (key: AccessKey): CredentialSource =>
  fixedCredentials({
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    securityToken: key.securityToken,
    expiresAt: key.expiresAt,
  });

const ways: { name: string; options: Partial<LinkOptions>; cnames: string[] }[] = [
  { name: 'version 4, path style', options: { pathStyle: true }, cnames: [] },
  { name: 'version 1, path style', options: { pathStyle: true, signatureVersion: 'v1' }, cnames: [] },
  {
    name: 'version 4, the bucket’s own domain',
    options: { cname: true, pathStyle: true },
    cnames: ['localhost'],
  },
  {
    name: 'version 1, the bucket’s own domain',
    options: { cname: true, signatureVersion: 'v1' },
    cnames: ['localhost'],
  },
];

describe.each(ways)('a download link ($name)', ({ options, cnames }) => {
  let started: StartedOss;
  /** How far the store's clock is ahead. */
  let aheadMs: number;

  beforeEach(async () => {
    aheadMs = 0;
    started = await startedOss({ now: () => Date.now() + aheadMs, cnames });
    const cname = cnames.length > 0;
    await started.client({ sldEnable: !cname, cname }).put(KEY, Buffer.from('heap dump'));
  });
  afterEach(() => started.stop());

  const signer = (credentials?: CredentialSource) =>
    createLinkSigner(
      {
        bucket: started.oss.bucket,
        region: started.oss.region,
        publicEndpoint: started.oss.endpoint,
        signatureVersion: 'v4',
        ...options,
      },
      credentials ?? asSource({ ...started.oss.accessKeys.download, allow: [] }),
    );
  const wish = { fileName: 'order service 堆.hprof', lifetimeMs: 30 * MINUTE };

  it('gives the object to whoever has it, under the name that was chosen', async () => {
    const { url } = await signer().sign(KEY, wish);

    const answer = await fetch(url);

    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('heap dump');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="order_service__.hprof"; filename*=UTF-8''order%20service%20%E5%A0%86.hprof`,
    );
  });

  it('ends when it says', async () => {
    const { url, expiresAt } = await signer().sign(KEY, wish);
    const leftMs = expiresAt - Date.now();
    expect(Math.abs(leftMs - 30 * MINUTE)).toBeLessThan(MINUTE);

    aheadMs = leftMs - MINUTE;
    expect((await fetch(url)).status).toBe(200);
    aheadMs = leftMs;
    const answer = await fetch(url);

    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(
      /<Code>AccessDenied<\/Code><Message>Request has expired\.<\/Message>/,
    );
  });

  it('is refused when anything in it was changed', async () => {
    const { url } = await signer().sign(KEY, wish);
    const others = [
      url.replace('/shop/', '/shop2/'),
      url.replace(/filename%3D%22order_/, 'filename%3D%22other_'),
      url.replace(/(x-oss-expires|Expires)=(\d+)/, (_, name, seconds) => `${name}=${Number(seconds) + 60}`),
      url.replace(/(ignature=)./, (_, name) => `${name}${url.includes('ignature=0') ? '1' : '0'}`),
    ];

    for (const other of others) {
      expect(other).not.toBe(url);
      const answer = await fetch(other);
      expect(answer.status).toBe(403);
      expect(await answer.text()).toMatch(/<Code>SignatureDoesNotMatch<\/Code>.*<StringToSign>/s);
    }
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
  });

  it('never outlives seven days, which is the most that OSS allows', async () => {
    const { url, expiresAt } = await signer().sign(KEY, { ...wish, lifetimeMs: 30 * DAY });

    expect(expiresAt - Date.now()).toBeLessThan(7 * DAY + 1000); // the SDK rounds to seconds
    expect(expiresAt - Date.now()).toBeGreaterThan(7 * DAY - MINUTE);
    expect((await fetch(url)).status).toBe(200);
  });

  it('never outlives the credentials that signed it, and says so', async () => {
    const key = started.oss.keys.assumeRole(['oss:GetObject'], 40 * MINUTE);

    const { url, expiresAt } = await signer(asSource(key)).sign(KEY, { ...wish, lifetimeMs: DAY });

    expect(expiresAt).toBeLessThanOrEqual(key.expiresAt);
    expect((await fetch(url)).status).toBe(200);
    aheadMs = expiresAt - Date.now();
    expect((await fetch(url)).status).toBe(403);
  });

  it('is signed with credentials that last as long, if there are any', async () => {
    const { oss } = started;
    const [short, long] = [
      oss.keys.assumeRole(['oss:GetObject'], 20 * MINUTE),
      oss.keys.assumeRole(['oss:GetObject'], 60 * MINUTE),
    ];
    const asked: CredentialWish[] = [];
    const source: CredentialSource = {
      get: async (credentialWish = {}) => {
        asked.push(credentialWish);
        const longEnough = (credentialWish.goodUntil ?? 0) <= short.expiresAt;
        return asSource(longEnough ? short : long).get();
      },
    };

    const { url, expiresAt } = await signer(source).sign(KEY, wish);

    expect(asked).toHaveLength(1);
    expect(expiresAt).toBeGreaterThan(short.expiresAt);
    expect((await fetch(url)).status).toBe(200);
  });

  it('is not made with credentials that are over', async () => {
    const over = asSource({
      id: 'STS.x',
      secret: 'y',
      securityToken: 'z',
      expiresAt: Date.now() - 1,
      allow: [],
    });

    await expect(signer(over).sign(KEY, wish)).rejects.toThrow(CredentialError);
  });

  it('is not made for a key that would name another object', async () => {
    for (const objectKey of ['/a', 'a/../b', ''])
      await expect(signer().sign(objectKey, wish)).rejects.toThrow(RangeError);
  });
});

it('an endpoint that is an IP address is refused, for ali-oss would forget the bucket', () => {
  const options = {
    bucket: 'b-b-b',
    region: 'cn-hangzhou',
    publicEndpoint: 'https://10.0.0.1',
    signatureVersion: 'v4',
  } as const;

  expect(() =>
    createLinkSigner(options, fixedCredentials({ accessKeyId: 'a', accessKeySecret: 'b' })),
  ).toThrow(/not an IP address/);
});
