import { describe, expect, it } from 'vitest';
import { redact, redactText } from '../../src/redact.ts';

const SECRETS: readonly (readonly [string, string, string])[] = [
  ['a bot token of Slack', 'token xoxb-123456789012-abcDEF was refused', 'xoxb-123456789012-abcDEF'],
  ['an app token of Slack', 'xapp-1-A0123-456-abcdef0123', 'A0123-456'],
  ['a configuration token of Slack', 'xoxe.xoxp-1-Mi0yLTEyMzQ1', 'Mi0yLTEyMzQ1'],
  ['a response URL', 'POST https://hooks.slack.com/commands/T1/2/s3cret failed', 's3cret'],
  ['a bearer token', 'authorization: Bearer abcdef.123456-s3cret', 's3cret'],
  ['a service account token', 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.s3cretsig', 's3cretsig'],
  ['a V1 signature in a header', 'Authorization: OSS LTAI5tSecretId:c2lnbmF0dXJl=', 'c2lnbmF0dXJl'],
  ['a V4 signature in a header', 'OSS4-HMAC-SHA256 Credential=LTAI5tX/2026,Signature=s3cret', 's3cret'],
  ['a presigned V4 URL', 'https://b.oss/x?x-oss-expires=60&x-oss-signature=s3cret&a=1', 's3cret'],
  ['a presigned V4 URL’s credential', 'https://b.oss/x?x-oss-credential=LTAI%2F2026&a=1', 'LTAI%2F2026'],
  ['a presigned V1 URL', 'GET https://b.oss/x?OSSAccessKeyId=LTAI1&Expires=1&Signature=s3cret', 's3cret'],
  ['an STS token in a URL', 'https://b.oss/x?security-token=CAISs3cret', 'CAISs3cret'],
  ['an access key id', 'InvalidAccessKeyId: LTAI5tAbCdEfGhIjKlMn', 'AbCdEfGhIjKlMn'],
  ['an STS key id', 'STS.NUs3cretKeyId12', 'NUs3cretKeyId12'],
  ['a password in the URL of Redis', 'connect redis://:s3cret@redis:6379/0', 's3cret'],
  ['a user and a password in a URL', 'rediss://bot:s3cret%40x@redis:6379', 's3cret'],
  ['a token of DingTalk', 'https://oapi.dingtalk.com/robot/send?access_token=s3cret', 's3cret'],
  [
    'a session webhook of DingTalk',
    'POST https://oapi.dingtalk.com/robot/sendBySession?session=s3cret',
    's3cret',
  ],
  ['an answer with a token of DingTalk', '{"expireIn":7200,"accessToken":"s3cret"}', 's3cret'],
  ['a header with a token of DingTalk', 'x-acs-dingtalk-access-token: 0123abcds3cret', 's3cret'],
  ['a signing secret of a group robot', 'SEC0123456789abcdef0123456789', '0123456789abcdef'],
  ['a ticket of a Socket Mode URL', 'wss://wss-primary.slack.com/link/?ticket=s3cret&app_id=1', 's3cret'],
  [
    'a private key',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIs3cret\n-----END RSA PRIVATE KEY-----\nbehind',
    'MIIs3cret',
  ],
  ['a private key that was cut off', '-----BEGIN PRIVATE KEY-----\nMIIs3cret\nmore', 'more'],
];

describe('a text that leaves the process', () => {
  it.each(SECRETS)('has %s taken out, also twice in a line', (_what, text, secret) => {
    expect(redactText(text)).not.toContain(secret);
    expect(redactText(`${text} and ${text}`)).not.toContain(secret);
    expect(redactText(text)).toContain('[redacted');
  });

  it('keeps what is needed to find the cause', () => {
    expect(
      redactText('GET https://b.oss-cn-hangzhou.aliyuncs.com/a/b.hprof?Expires=17&Signature=x%2B 403'),
    ).toBe('GET https://b.oss-cn-hangzhou.aliyuncs.com/a/b.hprof?Expires=17&Signature=[redacted] 403');
    expect(redactText('connect redis://:pw@redis.prod:6379/0: ECONNREFUSED')).toContain('redis.prod:6379/0');
  });

  it.each([
    'prod/order-service-7d9f8-x2x4k uses 950 MB of 1.00 GB at 15:15:00',
    'slack:U012ABC approved request abcd1234',
    'https://kubernetes.default.svc:443/api/v1/namespaces/prod/pods/api-0/exec?command=sh&stdin=true',
    'design=1 assigned=2 sha256=abc',
    'Bearer of bad news',
  ])('is left as it is where there is no secret in it: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('is clean after one time: a second time changes nothing', () => {
    for (const [, text] of SECRETS) expect(redactText(redactText(text))).toBe(redactText(text));
  });

  it('does not take for ever where it is made to be slow', () => {
    for (const text of [
      `${'a'.repeat(50_000)}://`,
      'x'.repeat(200_000),
      'eyJ'.repeat(30_000),
      'a:'.repeat(50_000),
    ])
      expect(redactText(text).length).toBeGreaterThan(0);
  });
});

describe('a value that is logged', () => {
  it('loses what stands under a secret name, and keeps the rest', () => {
    const logged = redact({
      requestId: 'abcd1234',
      botToken: 'x',
      nested: {
        accessKeySecret: 'x',
        Authorization: 'x',
        response_url: 'x',
        sessionWebhook: 'x',
        'set-cookie': ['x'],
      },
      list: [{ password: { deep: 'x' } }],
      url: 'redis://:pw@redis:6379',
    });

    expect(logged).toEqual({
      requestId: 'abcd1234',
      botToken: '[redacted]',
      nested: {
        accessKeySecret: '[redacted]',
        Authorization: '[redacted]',
        response_url: '[redacted]',
        sessionWebhook: '[redacted]',
        'set-cookie': '[redacted]',
      },
      list: [{ password: '[redacted]' }],
      url: 'redis://[redacted]@redis:6379',
    });
  });

  it('keeps numbers and flags whatever their name: a count of tokens is no token', () => {
    expect(redact({ tokens: 3, hasPassword: true, limit: null })).toEqual({
      tokens: 3,
      hasPassword: true,
      limit: null,
    });
  });

  it('is taken out of errors, their causes, and what hangs on them', () => {
    const cause = Object.assign(new Error('GET https://b.oss/x?Signature=s3cret'), {
      code: 'AccessDenied',
      headers: { authorization: 'OSS LTAI5tSecretId:c2ln' },
    });
    const logged = redact(new Error('upload failed with xoxb-123456789012-s3cret', { cause }));

    expect(JSON.stringify(logged)).not.toMatch(/s3cret|c2ln/);
    expect(logged).toMatchObject({
      name: 'Error',
      stack: expect.stringContaining('redact.test.ts'),
      cause: { code: 'AccessDenied', message: 'GET https://b.oss/x?Signature=[redacted]' },
    });
  });

  it('has buffers as their size: a chunk of a heap dump does not belong into a log', () => {
    expect(redact({ chunk: Buffer.from('s3cret'), view: new Uint8Array(5) })).toEqual({
      chunk: '[6 bytes]',
      view: '[5 bytes]',
    });
  });

  it('has dates and addresses as they are read', () => {
    expect(redact({ at: new Date(0), where: new URL('redis://:pw@redis:6379/0') })).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      where: 'redis://[redacted]@redis:6379/0',
    });
  });

  it('is not changed itself', () => {
    const value = { token: 'x', list: ['xoxb-123456789012-abc'] };
    redact(value);

    expect(value).toEqual({ token: 'x', list: ['xoxb-123456789012-abc'] });
  });

  it('may hold itself', () => {
    const value: Record<string, unknown> = { name: 'loop', token: 'x' };
    value.self = value;
    value.list = [value];

    expect(JSON.stringify(redact(value))).toContain('loop');
    expect(JSON.stringify(redact(value))).not.toContain('"x"');
  });

  it('is written down in bounded room, however it is knit: sockets and requests hold one another', () => {
    const knots = Array.from({ length: 12 }, (_, at): Record<string, unknown> => ({ at }));
    for (const knot of knots) for (const [at, other] of knots.entries()) knot[`to${at}`] = other;

    expect(JSON.stringify(redact(knots[0])).length).toBeLessThan(200_000);
  });
});
