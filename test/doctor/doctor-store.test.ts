import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/config.ts';
import { type DemoOss, startOss, UPLOAD_WITHOUT_DELETE } from '../../src/demo/oss/demo-oss.ts';
import { checkStore } from '../../src/doctor/check-store.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { parsed, smallest } from '../unit/a-config.ts';

interface Key {
  readonly id: string;
  readonly secret: string;
}

describe('the doctor at the bucket', () => {
  let workDir: string;
  let oss: DemoOss;
  beforeAll(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'heapdump-doctor-oss-'));
    oss = await startOss({ workDir });
  });
  afterAll(async () => {
    await oss?.stop();
    await rm(workDir, { recursive: true, force: true });
  });

  const visit = (
    changes: { role?: Role; upload?: Key; download?: Key; store?: object; at?: DemoOss } = {},
  ): Promise<Finding[]> => {
    const { role = 'both', at = oss } = changes;
    const { upload = at.accessKeys.upload, download = at.accessKeys.download } = changes;
    const config = parsed({
      ...smallest(),
      store: {
        bucket: at.bucket,
        region: at.region,
        endpoint: at.endpoint,
        pathStyle: true,
        serverSideEncryption: 'AES256',
        uploadCredentials: { accessKeyId: upload.id, accessKeySecret: upload.secret },
        downloadCredentials: { accessKeyId: download.id, accessKeySecret: download.secret },
        ...changes.store,
      },
    });
    return checkStore(config, role, Date.now, AbortSignal.timeout(30_000));
  };
  const complaints = async (...args: Parameters<typeof visit>) =>
    (await visit(...args)).filter(({ verdict }) => verdict !== 'ok');
  const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code);

  it('is content with a key that may not remove, and says what stays', async () => {
    const found = await complaints({ upload: oss.keys.create(UPLOAD_WITHOUT_DELETE) });

    expect(codes(found)).toEqual(['store-right-optional', 'store-probe-left']);
    expect(oss.objectKeys()).toEqual(['heapdump-doctor/probe']);
    expect(oss.pendingUploads()).toEqual([]);
    await visit();
    expect(oss.objectKeys()).toEqual([]);
  });

  it.each([
    'oss:ListParts',
    'oss:AbortMultipartUpload',
    'oss:ListMultipartUploads',
    'oss:GetObject',
  ] as const)('names the right that is missing: %s', async (right) => {
    const pendingBefore = oss.pendingUploads().length;
    const all = [...UPLOAD_WITHOUT_DELETE, 'oss:DeleteObject' as const];
    const found = await complaints({
      role: 'worker',
      upload: oss.keys.create(all.filter((each) => each !== right)),
    });

    expect(found).toContainEqual(
      expect.objectContaining({
        code: 'store-right-missing',
        facts: expect.objectContaining({ right, credentials: 'uploadCredentials' }),
      }),
    );
    expect(found.filter(({ facts }) => facts.right !== right)).toEqual([]);
    expect(oss.objectKeys()).toEqual([]);
    if (right !== 'oss:AbortMultipartUpload') expect(oss.pendingUploads()).toHaveLength(pendingBefore);
  });

  it('names a bucket that may not be written to, and tries nothing further', async () => {
    const found = await complaints({ role: 'worker', upload: oss.accessKeys.download });

    expect(found).toMatchObject([
      { code: 'store-right-missing', facts: { right: 'oss:PutObject', bucket: oss.bucket } },
    ]);
  });

  it('names a bucket that is not there', async () => {
    expect(await complaints({ role: 'worker', store: { bucket: 'other-dumps' } })).toMatchObject([
      { code: 'store-no-bucket', facts: { bucket: 'other-dumps' } },
    ]);
  });

  it('tells an unknown key from a wrong secret, and repeats neither', async () => {
    const unknown = await complaints({
      role: 'worker',
      upload: { id: 'LTAI5tNobodyKnowsThis', secret: 'hunter2' },
    });
    const wrong = await complaints({
      role: 'worker',
      upload: { id: oss.accessKeys.upload.id, secret: 'hunter2' },
    });

    expect(codes(unknown)).toEqual(['store-key-refused']);
    expect(codes(wrong)).toEqual(['store-secret-wrong']);
    expect(JSON.stringify([unknown, wrong])).not.toMatch(/hunter2|NobodyKnowsThis/);
  });

  it('names the region where signatures are for another one', async () => {
    expect(codes(await complaints({ role: 'worker', store: { region: 'oss-cn-beijing' } }))).toEqual([
      'store-region-wrong',
    ]);
  });

  it('names a clock that is off', async () => {
    const folder = await mkdtemp(join(workDir, 'late-'));
    const late = await startOss({ workDir: folder, now: () => Date.now() + 20 * 60_000 });
    const found = await complaints({ role: 'worker', at: late });
    await late.stop();

    expect(codes(found)).toEqual(['store-clock-skewed']);
  });

  it('names an endpoint where nobody answers, without the patience of an upload', async () => {
    const began = performance.now();
    const found = await complaints({ store: { endpoint: 'http://localhost:9' } });

    expect(codes(found)).toEqual(['store-unreachable']);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('minds what lies there in the clear, unless the bucket encrypts by itself', async () => {
    expect(codes(await complaints({ store: { serverSideEncryption: undefined } }))).toEqual([
      'store-encryption-off',
    ]);
    expect(await visit({ store: { serverSideEncryption: 'KMS' } })).toContainEqual(
      expect.objectContaining({ code: 'store-encrypted', facts: { how: 'KMS' } }),
    );
  });

  it('as a bot tries its own key on a link alone', async () => {
    const before = oss.requests.length;
    const fine = await visit({ role: 'bot' });
    const asked = oss.requests.length - before;
    const forbidden = await complaints({ role: 'bot', download: oss.keys.create(['oss:PutObject']) });
    const wrong = await complaints({ role: 'bot', download: { ...oss.accessKeys.download, secret: 'x' } });

    expect(codes(fine)).toEqual(['store-link']);
    expect(asked).toBe(1);
    expect(forbidden).toMatchObject([
      { code: 'store-right-missing', facts: { right: 'oss:GetObject', credentials: 'downloadCredentials' } },
    ]);
    expect(codes(wrong)).toEqual(['store-secret-wrong']);
  });

  it('says which credentials the config lacks', async () => {
    const found = await complaints({ store: { uploadCredentials: undefined } });

    expect(found).toMatchObject([
      { code: 'store-no-credentials', facts: { credentials: 'uploadCredentials' } },
    ]);
  });
});
