import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../src/demo/oss/demo-oss.ts';
import { CredentialError, credentialsFromFile, type OssCredentials } from '../../src/oss-credentials.ts';
import { aPart } from '../contract/a-part.ts';
import { type StartedStore, startedStore, storeErrorOf, storeOn } from './started-store.ts';

const MINUTE = 60_000;
const { signal } = new AbortController();

let folder: string;
let file: string;
let clock: number;
const now = (): number => clock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oss-credentials-'));
  file = join(folder, 'sts.json');
  clock = Date.now();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** As a sidecar does it: a new file in the place of the old one. */
async function rotate(key: Pick<AccessKey, 'id' | 'secret' | 'securityToken' | 'expiresAt'>): Promise<void> {
  const text = JSON.stringify({
    AccessKeyId: key.id,
    AccessKeySecret: key.secret,
    SecurityToken: key.securityToken,
    Expiration: key.expiresAt === undefined ? undefined : new Date(key.expiresAt).toISOString(),
  });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

const pair = (name: string, expiresAt?: number) => ({
  id: `STS.${name}`,
  secret: `secret of ${name}`,
  securityToken: `token of ${name}`,
  expiresAt,
});
const idOf = async (asked: Promise<OssCredentials>): Promise<string> => (await asked).accessKeyId;
async function codeOf(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.catch((reason: unknown) => reason);
  return error instanceof CredentialError ? error.code : `no CredentialError: ${String(error)}`;
}

describe('credentials in a file that a sidecar renews', () => {
  it('are read with their token and their end', async () => {
    const end = Math.floor(clock / 1000) * 1000 + 60 * MINUTE;
    await rotate(pair('first', end));

    expect(await credentialsFromFile(file, { now }).get()).toEqual({
      accessKeyId: 'STS.first',
      accessKeySecret: 'secret of first',
      securityToken: 'token of first',
      expiresAt: end,
    });
  });

  it('are kept until five minutes before their end, then looked up again', async () => {
    const source = credentialsFromFile(file, { now });
    await rotate(pair('first', clock + 15 * MINUTE));
    expect(await idOf(source.get())).toBe('STS.first');
    await rotate(pair('second', clock + 60 * MINUTE));

    clock += 9 * MINUTE;
    expect(await idOf(source.get())).toBe('STS.first');
    clock += 2 * MINUTE;
    expect(await idOf(source.get())).toBe('STS.second');
  });

  it('that name no end are looked up every minute', async () => {
    const source = credentialsFromFile(file, { now });
    await rotate(pair('first'));
    expect(await idOf(source.get())).toBe('STS.first');
    await rotate(pair('second'));

    expect(await idOf(source.get())).toBe('STS.first');
    clock += MINUTE;
    expect(await idOf(source.get())).toBe('STS.second');
  });

  it('are looked up at once when the store has refused them, and once for all who were refused', async () => {
    const source = credentialsFromFile(file, { now });
    await rotate(pair('first', clock + 60 * MINUTE));
    const refused = await source.get();
    await rotate(pair('second', clock + 60 * MINUTE));

    const [a, b] = await Promise.all([
      source.get({ insteadOf: refused }),
      source.get({ insteadOf: refused }),
    ]);

    expect(a.accessKeyId).toBe('STS.second');
    expect(b).toBe(a); // the same read
    expect(await source.get({ insteadOf: refused })).toBe(a); // a late one finds them renewed
  });

  it('are looked up again by who needs them for longer, and given all the same if there are no longer ones', async () => {
    const source = credentialsFromFile(file, { now });
    await rotate(pair('first', clock + 30 * MINUTE));
    await source.get();
    await rotate(pair('second', clock + 60 * MINUTE));

    expect(await idOf(source.get({ goodUntil: clock + 20 * MINUTE }))).toBe('STS.first');
    expect(await idOf(source.get({ goodUntil: clock + 45 * MINUTE }))).toBe('STS.second');
    expect(await idOf(source.get({ goodUntil: clock + 24 * 60 * MINUTE }))).toBe('STS.second');
  });

  it('that are half written do no harm while the ones before are good', async () => {
    const source = credentialsFromFile(file, { now });
    await rotate(pair('first', clock + 15 * MINUTE));
    await source.get();
    clock += 12 * MINUTE;
    await writeFile(file, '{ "AccessKeyId": "STS.sec');

    expect(await idOf(source.get())).toBe('STS.first');
    clock += 4 * MINUTE;
    expect(await codeOf(source.get())).toBe('malformed');
  });

  it('that nobody renewed are named as what they are', async () => {
    const source = credentialsFromFile(file, { now });
    expect(await codeOf(source.get())).toBe('unreadable');
    await rotate(pair('first', clock - 1));
    expect(await codeOf(source.get())).toBe('expired');
  });

  it.each([
    '[]',
    'null',
    '{"AccessKeyId":"a"}',
    '{"AccessKeyId":"a","AccessKeySecret":""}',
    '{"AccessKeyId":"a","AccessKeySecret":"b","Expiration":"soon"}',
  ])('that lack what is needed are refused: %s', async (text) => {
    await writeFile(file, text);

    expect(await codeOf(credentialsFromFile(file, { now }).get())).toBe('malformed');
  });

  it('are never quoted in an error', async () => {
    await writeFile(file, '{ "AccessKeySecret": "very-secret-text", oops');

    const error: unknown = await credentialsFromFile(file, { now })
      .get()
      .catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(CredentialError);
    expect((error as CredentialError).message).not.toContain('very-secret');
    expect((error as CredentialError).cause).toBeUndefined();
  });
});

describe('uploading with credentials of STS', () => {
  let started: StartedStore;
  beforeEach(async () => {
    started = await startedStore({}, { oss: { now } });
  });
  afterEach(() => started.stop());
  const fromFile = () => storeOn(started, {}, credentialsFromFile(file, { now: () => Date.now() }));

  it('goes on with the next ones in the middle of an upload, and no part is lost', async () => {
    const { oss } = started;
    const store = fromFile();
    const first = oss.keys.assumeRole('everything', 15 * MINUTE);
    await rotate(first);
    const uploadId = await store.beginUpload({ objectKey: 'a', metadata: {} }, signal);
    const body = randomBytes(store.limits.minPartBytes);
    const part = await store.uploadPart('a', uploadId, await aPart(1, body), signal);

    // On the store's clock they are over now; the worker's clock does not know it, as after a revocation.
    clock += 16 * MINUTE;
    const second = oss.keys.assumeRole('everything', 60 * MINUTE);
    await rotate(second);
    clock -= 10 * MINUTE; // within the skew that OSS allows
    oss.keys.remove(first.id);
    const rest = await Promise.all(
      [2, 3, 4, 5, 6, 7, 8].map(async (number) =>
        store.uploadPart('a', uploadId, await aPart(number, body), signal),
      ),
    );

    await store.completeUpload('a', uploadId, [part, ...rest], signal);
    const used = oss.requests.filter(({ status }) => status === 200).map(({ accessKeyId }) => accessKeyId);
    expect(new Set(used)).toEqual(new Set([first.id, second.id]));
  });

  it('never sends a part with the id of one pair and the token of another', async () => {
    const { oss } = started;
    const store = fromFile();
    const issue = () => oss.keys.assumeRole('everything', MINUTE); // always about to end: each call looks again
    await rotate(issue());
    const uploadId = await store.beginUpload({ objectKey: 'a', metadata: {} }, signal);
    let rotating = true;
    const rotations = (async () => {
      while (rotating) await rotate(issue());
    })();

    for (let round = 0; round < 5; round++)
      await Promise.all(
        [1, 2, 3, 4, 5, 6, 7, 8].map(async (number) =>
          store.uploadPart('a', uploadId, await aPart(number, 'x'), signal),
        ),
      );
    rotating = false;
    await rotations;

    const parts = oss.requests.filter(({ operation }) => operation === 'UploadPart');
    expect(parts.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    expect(new Set(parts.map(({ accessKeyId }) => accessKeyId)).size).toBeGreaterThan(1);
  });

  it('that nobody renews ends in a refusal with OSS’s own word, after one look for newer ones', async () => {
    const { oss } = started;
    const store = fromFile();
    await rotate(oss.keys.assumeRole('everything', 10 * MINUTE));
    const uploadId = await store.beginUpload({ objectKey: 'a', metadata: {} }, signal);
    clock += 11 * MINUTE;

    const error = await storeErrorOf(store.uploadPart('a', uploadId, await aPart(1, 'x'), signal));

    expect(error).toMatchObject({ code: 'refused', vendor: { code: 'SecurityTokenExpired', status: 403 } });
    expect(oss.requests.filter(({ operation }) => operation === 'UploadPart')).toHaveLength(2);
  });

  it('also looks for newer ones when a read is refused, of which ali-oss keeps no reason', async () => {
    const { oss } = started;
    const store = fromFile();
    const first = oss.keys.assumeRole('everything', 60 * MINUTE);
    await rotate(first);
    const uploadId = await store.beginUpload({ objectKey: 'a', metadata: {} }, signal);
    const part = await store.uploadPart('a', uploadId, await aPart(1, 'x'), signal);
    await store.completeUpload('a', uploadId, [part], signal);
    oss.keys.remove(first.id);
    await rotate(oss.keys.assumeRole('everything', 60 * MINUTE));

    const bytes = await (await store.read('a', undefined, signal)).toArray();

    expect(Buffer.concat(bytes).toString()).toBe('x');
  });
});
