import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UPLOAD_WITHOUT_DELETE } from '../../src/demo/oss/demo-oss.ts';
import { refusalOf, type StartedOss, startedOss } from './started-oss.ts';

const MINUTE = 60_000;
let started: StartedOss;
/** How far the store's clock is ahead of the clients'. */
let aheadMs: number;

beforeEach(async () => {
  aheadMs = 0;
  started = await startedOss({ now: () => Date.now() + aheadMs });
  await started.client().put('a', Buffer.from('x'));
});
afterEach(() => started.stop());

describe.each([true, false])(
  'a request signed in its headers (version 4: %s) is refused',
  (authorizationV4) => {
    const client = (more: Record<string, unknown> = {}) => started.client({ authorizationV4, ...more });

    it('with a key that does not exist', async () => {
      expect(await refusalOf(client({ accessKeyId: 'LTAIunknown' }).get('a'))).toMatchObject({
        status: 403,
        code: 'InvalidAccessKeyId',
        requestId: expect.stringMatching(/^[0-9A-F]{24}$/),
      });
    });

    it('with the wrong secret', async () => {
      const error = await refusalOf(client({ accessKeySecret: 'wrong' }).get('a'));
      expect(error).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    });

    it.each([16, -16])('with a clock that is %i minutes off', async (minutes) => {
      aheadMs = minutes * MINUTE;

      expect(await refusalOf(client().get('a'))).toMatchObject({ status: 403, code: 'RequestTimeTooSkewed' });
      aheadMs -= Math.sign(minutes) * 5 * MINUTE;
      expect((await client().get('a')).res.status).toBe(200);
    });

    it('with a token that is over, is another one, or is missing', async () => {
      const key = started.oss.keys.assumeRole('everything', 5 * MINUTE);
      const sts = { accessKeyId: key.id, accessKeySecret: key.secret, refreshSTSTokenInterval: 1 };
      const token = key.securityToken;
      expect((await client({ ...sts, stsToken: token }).get('a')).res.status).toBe(200);

      expect(await refusalOf(client(sts).get('a'))).toMatchObject({ code: 'InvalidAccessKeyId' });
      expect(await refusalOf(client({ ...sts, stsToken: `${token}x` }).get('a'))).toMatchObject({
        status: 403,
        code: 'InvalidSecurityToken',
      });
      aheadMs = 5 * MINUTE;
      expect(await refusalOf(client({ ...sts, stsToken: token }).get('a'))).toMatchObject({
        status: 403,
        code: 'SecurityTokenExpired',
      });
    });

    it('for a bucket that is not there', async () => {
      expect(await refusalOf(client({ bucket: 'other-bucket' }).get('a'))).toMatchObject({
        status: 404,
        code: 'NoSuchBucket',
      });
    });

    it('to HEAD as well, with the reason in a header', async () => {
      expect(await refusalOf(client({ accessKeySecret: 'wrong' }).head('a'))).toMatchObject({
        status: 403,
        code: 'SignatureDoesNotMatch',
      });
    });
  },
);

describe('a presigned URL', () => {
  it.each([
    ['version 4', () => started.client().signatureUrlV4('GET', 60, undefined, 'a')],
    ['version 1', async () => started.client().signatureUrl('a', { expires: 60 })],
  ])('of %s ends, and then OSS names both times', async (_, sign) => {
    const url = await sign();
    expect((await fetch(url)).status).toBe(200);

    aheadMs = 61_000;
    const answer = await fetch(url);

    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(
      /<Code>AccessDenied<\/Code><Message>Request has expired\.<\/Message>.*<Expires>20\S+Z<\/Expires><ServerTime>20\S+Z</,
    );
  });

  it('is not good before its time, give or take 15 minutes', async () => {
    const url = await started.client().signatureUrlV4('GET', 60, undefined, 'a');

    aheadMs = -14 * MINUTE;
    expect((await fetch(url)).status).toBe(200);
    aheadMs = -16 * MINUTE;
    expect((await fetch(url)).status).toBe(403);
  });

  it('of more than seven days is an error, though ali-oss makes it', async () => {
    const [most, more] = await Promise.all(
      [604_800, 604_801].map((seconds) => started.client().signatureUrlV4('GET', seconds, undefined, 'a')),
    );

    expect((await fetch(most ?? '')).status).toBe(200);
    expect((await fetch(more ?? '')).status).toBe(400);
  });

  it('is bound to its method', async () => {
    const url = await started.client().signatureUrlV4('GET', 60, undefined, 'a');

    const answer = await fetch(url, { method: 'DELETE' });

    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
    expect(started.oss.objectKeys()).toEqual(['a']);
  });

  it('can bind headers too', async () => {
    const url = await started
      .client()
      .signatureUrlV4('GET', 60, { headers: { host: 'localhost' } }, 'a', ['host']);

    // The port is part of what a client sends as Host, so this one never matches.
    expect((await fetch(url)).status).toBe(403);
    expect((await fetchWithHost(url, 'localhost')).status).toBe(200);
  });
});

describe('a signature', () => {
  it('for another region is refused', async () => {
    const error = await refusalOf(started.client({ region: 'oss-cn-beijing' }).get('a'));
    expect(error).toMatchObject({ status: 400, code: 'InvalidArgument' });
  });

  it('that is missing is an anonymous request, and the bucket is private', async () => {
    const answer = await fetch(`${started.oss.endpoint}/${started.oss.bucket}/a`);

    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });

  it.each(['OSS', 'OSS nonsense', 'OSS4-HMAC-SHA256 nonsense', 'Basic eDp5', ''])(
    'that is none is refused, and harms nobody: %j',
    async (authorization) => {
      const answer = await fetch(`${started.oss.endpoint}/${started.oss.bucket}/a`, {
        headers: { authorization },
      });

      expect([400, 403]).toContain(answer.status);
    },
  );
});

describe('a key may do what it was made for', () => {
  it('the download key reads and lists, and does no more', async () => {
    const { id, secret } = started.oss.accessKeys.download;
    const sdk = started.client({ accessKeyId: id, accessKeySecret: secret });

    expect((await sdk.get('a')).content.toString()).toBe('x');
    expect((await sdk.listV2({ 'max-keys': 10 }, {})).objects).toHaveLength(1);
    const denied = { status: 403, code: 'AccessDenied' };
    expect(await refusalOf(sdk.put('a', Buffer.from('y')))).toMatchObject(denied);
    expect(await refusalOf(sdk.initMultipartUpload('a'))).toMatchObject(denied);
    expect(await refusalOf(sdk.delete('a'))).toMatchObject(denied);
    expect(started.oss.objectKeys()).toEqual(['a']);
  });

  it('an upload key can be kept from deleting', async () => {
    const { id, secret } = started.oss.keys.create(UPLOAD_WITHOUT_DELETE);
    const sdk = started.client({ accessKeyId: id, accessKeySecret: secret });

    await sdk.multipartUpload('b', Buffer.alloc(300_000), { partSize: 102_400 });

    expect(await refusalOf(sdk.delete('b'))).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(started.oss.objectKeys()).toEqual(['a', 'b']);
  });
});

/** fetch forbids to set Host. */
async function fetchWithHost(url: string, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}
