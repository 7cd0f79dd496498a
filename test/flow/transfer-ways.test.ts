import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChunkedGzip } from '../../src/worker/pieces/read-chunked-gzip.ts';
import { startWorld, until, type World } from '../world.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('ways out of a pod', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      config: () => ({
        worker: { partSizeMiB: 1 },
        rules: [
          {
            name: 'all',
            namespaces: ['*'],
            request: ['everyone'],
            review: { by: ['everyone'] },
            allow: { podCpu: true, noDisk: 'on-request' },
          },
        ],
      }),
    });
  });
  afterAll(() => world?.stop());
  beforeEach(() => world.oss.requests.splice(0));

  /** Whatever way it took: one pause, nothing left, and what is stored is what was dumped. */
  const dump = async (flags: string) => {
    const before = world.dumpsTaken();
    const { result, request } = await world.dump(`${world.target} ${flags}`);
    expect(result.text).toContain('is ready');
    const { outcome } = request;
    if (outcome?.outcome !== 'completed') throw new Error(`it ${outcome?.outcome}`);
    const stored = await readFile(String(world.oss.objectPath(outcome.objectKey)));
    const dumped = outcome.form === 'hprof.gz' ? gunzipSync(stored) : stored;
    expect(outcome.sizeBytes).toBe(stored.length);
    expect(outcome.sha256).toBe(sha256(stored));
    expect(outcome.dumpSizeBytes).toBe(dumped.length);
    expect(outcome.dumpSha256).toBe(sha256(dumped));
    if (outcome.form === 'hprof.gz') await expectRandomAccess(stored, dumped);
    expect(dumped.subarray(0, 18).toString()).toBe('JAVA PROFILE 1.0.2');
    expect(world.dumpsTaken() - before).toBe(1);
    expect(await world.leftInPod()).toEqual([]);
    expect(world.oss.pendingUploads()).toEqual([]);
    return outcome;
  };

  it('relay, as it is: every byte passes the worker, and is proved there', async () => {
    const outcome = await dump('--via relay --compress none');
    expect(outcome).toMatchObject({ via: 'relay', form: 'hprof', readBack: false });
    expect(outcome.objectKey).toMatch(/\.hprof$/);
  });

  it('relay, compressed by the worker on its way', async () => {
    const outcome = await dump('--via relay --compress worker');
    expect(outcome).toMatchObject({ via: 'relay', form: 'hprof.gz', readBack: false });
    expect(outcome.sizeBytes).toBeLessThan(0.9 * outcome.dumpSizeBytes);
  });

  it('relay, compressed by the pod, where the rule lets its CPU be used', async () => {
    const outcome = await dump('--via relay --compress pod');
    expect(outcome).toMatchObject({ via: 'relay', form: 'hprof.gz', readBack: true });
    expect(outcome.sizeBytes).toBeLessThan(0.9 * outcome.dumpSizeBytes);
  });

  it('direct: the pod uploads by itself, and the object is read back from the store', async () => {
    const outcome = await dump('--via direct --compress none');
    expect(outcome).toMatchObject({ via: 'direct', form: 'hprof', readBack: true });
    expect(outcome.proofs).toContain('read-back');
  });

  it('direct, compressed by the pod', async () => {
    const outcome = await dump('--via direct --compress pod');
    expect(outcome).toMatchObject({ via: 'direct', form: 'hprof.gz', readBack: true });
  });

  it('direct, over a slow wire: a trial shows that compressing in the pod is worth it', async () => {
    // So slow that no machine is busy enough to make gzip slower.
    world.oss.faults.rate(400_000);
    const dumping = dump('--via direct');
    await until(
      () => world.oss.pendingUploads().some((upload) => JSON.stringify(upload).includes('.hprof.gz')),
      60_000,
      () => 'no upload of a packed dump began',
    ).finally(() => world.oss.faults.rate(undefined));
    const outcome = await dumping;
    expect(outcome).toMatchObject({ via: 'direct', form: 'hprof.gz' });
    expect(world.oss.objectKeys().some((key) => key.endsWith('.trial'))).toBe(false);
  });

  it('without disk: the JVM dumps into a pipe that the transfer reads', async () => {
    const outcome = await dump('--no-disk');
    expect(outcome).toMatchObject({ noDisk: true, via: 'relay' });
  });
});

/** As Eclipse MAT reads it: any bytes of the dump, by inflating only the blocks that they lie in. */
async function expectRandomAccess(stored: Buffer, dumped: Buffer): Promise<void> {
  const gzip = await ChunkedGzip.open({
    sizeBytes: stored.length,
    read: async (position, length) => stored.subarray(position, position + length),
  });
  expect(gzip.blockBytes).toBe(1024 * 1024);
  expect(await gzip.sizeBytes()).toBe(dumped.length);
  for (const share of [0.999, 0, 0.5, 0.123, 0.77]) {
    const offset = Math.floor(dumped.length * share);
    const length = Math.min(3000, dumped.length - offset);
    expect(Buffer.from(await gzip.read(offset, length))).toEqual(dumped.subarray(offset, offset + length));
  }
}
