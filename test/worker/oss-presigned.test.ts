import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CredentialSource, OssCredentials } from '../../src/oss-credentials.ts';
import type { ObjectStore, PresignedPart } from '../../src/worker/store/object-store.ts';
import { md5Of } from '../contract/a-part.ts';
import { type StartedStore, startedStore, storeErrorOf, storeOn } from './started-store.ts';

const KEY = 'shop/order-service/prod/堆 a+(1).hprof';
const MINUTE = 60_000;
const { signal } = new AbortController();
const body = randomBytes(2_000_000);

let started: StartedStore;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'presigned-'));
});
afterEach(async () => {
  await started.stop();
  await rm(folder, { recursive: true, force: true });
});

const begin = (store: ObjectStore = started.store) =>
  store.beginUpload({ objectKey: KEY, metadata: {} }, signal);
const presign = (uploadId: string, lifetimeMs = 5 * MINUTE, store: ObjectStore = started.store) =>
  store.presignPart(KEY, uploadId, 1, { md5: md5Of(body), sizeBytes: body.length, lifetimeMs }, signal);

/** As a pod does it: the URL by stdin, the part from a file. @returns the HTTP status and what was answered */
async function curl({ url, headers }: PresignedPart, more: readonly string[] = []): Promise<string> {
  const file = join(folder, 'part');
  await writeFile(file, body);
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const argv = ['-sS', '-K', '-', '-T', file, '-w', '%{http_code}', ...fields, ...more];
  return new Promise((resolve, reject) => {
    const child = execFile('curl', argv, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
    child.stdin?.end(`url = "${url}"\n`);
  });
}

describe.each(['v4', 'v1'] as const)('a part that curl sends by a URL of version %s', (signatureVersion) => {
  beforeEach(async () => {
    started = await startedStore({ signatureVersion });
  });

  it('is stored whole', async () => {
    const uploadId = await begin();

    expect(await curl(await presign(uploadId))).toBe('200');

    const [part] = await started.store.listParts(KEY, uploadId, signal);
    expect(part).toMatchObject({ number: 1, sizeBytes: body.length });
    expect(part?.etag.toLowerCase()).toBe(`"${md5Of(body).toString('hex')}"`);
    expect(part?.crc64).toMatch(/^\d+$/);
  });

  it('is refused with a Content-Type, which nobody signed', async () => {
    const answer = await curl(await presign(await begin()), ['-H', 'Content-Type: application/gzip']);

    expect(answer).toMatch(/<Code>SignatureDoesNotMatch<.*403$/s);
  });

  it('is refused without its MD5', async () => {
    const { url } = await presign(await begin());

    expect(await curl({ url, headers: {}, expiresAt: 0 })).toMatch(/<Code>SignatureDoesNotMatch<.*403$/s);
  });

  it('is refused as another part', async () => {
    const presigned = await presign(await begin());
    const url = presigned.url.replace('partNumber=1', 'partNumber=2');

    expect(await curl({ ...presigned, url })).toMatch(/<Code>SignatureDoesNotMatch<.*403$/s);
  });
});

describe('a URL for a part', () => {
  it('ends when it says', async () => {
    let aheadMs = 0;
    started = await startedStore({}, { oss: { now: () => Date.now() + aheadMs } });
    const presigned = await presign(await begin());

    aheadMs = presigned.expiresAt - Date.now() + 1000;

    expect(await curl(presigned)).toMatch(/<Message>Request has expired\.<.*403$/s);
  });

  it('leads to where pods reach the store, and the worker goes its own way', async () => {
    started = await startedStore();
    const { port } = started.oss;
    const store = storeOn(started, { podEndpoint: `http://pods.example:${port}` });

    const { url } = await presign(await begin(store), MINUTE, store);

    expect(new URL(url).host).toBe(`pods.example:${port}`);
    expect(store.routeUrl()).toBe(`http://pods.example:${port}/${started.oss.bucket}/`);
  });

  it('can lead to the bucket’s own domain', async () => {
    started = await startedStore({}, { oss: { cnames: ['dumps.example'] } });
    const { port } = started.oss;
    const store = storeOn(started, { podEndpoint: `http://dumps.example:${port}`, podCname: true });
    const presigned = await presign(await begin(store), MINUTE, store);

    expect(store.routeUrl()).toBe(`http://dumps.example:${port}/`);
    expect(await curl(presigned, ['--resolve', `dumps.example:${port}:127.0.0.1`])).toBe('200');
  });

  it('names the bucket in its host where the store is OSS itself', async () => {
    started = await startedStore();
    const store = storeOn(started, {
      pathStyle: false,
      podEndpoint: 'https://oss-cn-hangzhou.aliyuncs.com',
    });

    expect(store.routeUrl()).toBe(`https://${started.oss.bucket}.oss-cn-hangzhou.aliyuncs.com/`);
    expect((await presign('AB12', MINUTE, store)).url).toMatch(
      new RegExp(
        `^https://${started.oss.bucket}\\.oss-cn-hangzhou\\.aliyuncs\\.com/shop/order-service/prod/`,
      ),
    );
  });
});

describe('a URL signed with credentials of STS', () => {
  const asked: (number | undefined)[] = [];
  const source = (...keys: OssCredentials[]): CredentialSource => ({
    get: async ({ goodUntil } = {}) => {
      asked.push(goodUntil);
      const key = keys.length > 1 ? keys.shift() : keys[0];
      if (key === undefined) throw new Error('no keys');
      return key;
    },
  });
  const issued = (lifetimeMs: number): OssCredentials => {
    const { id, secret, securityToken, expiresAt } = started.oss.keys.assumeRole('everything', lifetimeMs);
    return { accessKeyId: id, accessKeySecret: secret, securityToken, expiresAt };
  };
  beforeEach(async () => {
    started = await startedStore();
    asked.length = 0;
  });

  it('asks for credentials that live as long as itself, and has one pair from head to tail', async () => {
    const store = storeOn(started, {}, source(issued(MINUTE), issued(60 * MINUTE), issued(60 * MINUTE)));
    const uploadId = await begin(store);
    const before = Date.now();

    const presigned = await presign(uploadId, 5 * MINUTE, store);

    expect(asked[1]).toBeGreaterThanOrEqual(before + 5 * MINUTE);
    expect(await curl(presigned)).toBe('200');
  });

  it('never outlives them', async () => {
    const credentials = issued(2 * MINUTE);
    const store = storeOn(started, {}, source(credentials));

    const { expiresAt } = await presign('AB12', 30 * MINUTE, store);

    expect(expiresAt).toBeLessThanOrEqual(credentials.expiresAt ?? 0);
  });

  it('is not made with those that are over', async () => {
    const store = storeOn(started, {}, source(issued(500)));

    const error = await storeErrorOf(presign('AB12', MINUTE, store));

    expect(error.code).toBe('refused');
  });
});
