import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OssCall } from '../../src/demo/oss/demo-oss.ts';
import { startWorld, type World } from '../world.ts';

const MIB = 1024 * 1024;
const part = ({ operation }: OssCall): boolean => operation === 'UploadPart';

describe('a pod that uploads by itself', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      config: () => ({
        transfer: { via: 'auto', compress: 'none' },
        worker: { partSizeMiB: 1, attempts: 1 },
      }),
    });
  });
  afterAll(() => world?.stop());
  afterEach(() => {
    world.cluster.faults.clear();
    world.oss.requests.splice(0);
  });

  const whole = async (flags = '') => {
    const before = world.dumpsTaken();
    const { result, request } = await world.dump(`${world.target} ${flags}`);
    expect(result.text).toContain('is ready');
    const { outcome } = request;
    if (outcome?.outcome !== 'completed') throw new Error('not completed');
    const stored = await readFile(String(world.oss.objectPath(outcome.objectKey)));
    expect(outcome.dumpSha256).toBe(createHash('sha256').update(stored).digest('hex'));
    expect(world.dumpsTaken() - before).toBe(1);
    expect(world.oss.pendingUploads()).toEqual([]);
    expect(await world.leftInPod()).toEqual([]);
    return outcome;
  };

  it('is what auto takes where it works; no credential and no URL is in any argv or log line', async () => {
    const outcome = await whole();

    expect(outcome.via).toBe('direct');
    const argv = world.cluster.execs.flatMap(({ command }) => command).join('\n');
    for (const secret of ['x-oss-', 'uploadId=', world.oss.accessKeys.upload.id]) {
      expect(argv).not.toContain(secret);
    }
    expect(world.logLines.join('\n')).not.toContain('x-oss-signature');
  });

  it('has its way closed in mid-transfer: the relay goes on with the parts that are there, and there is no second dump', async () => {
    world.oss.faults.next(
      { kind: 'status', status: 403, code: 'AccessDenied' },
      ({ operation, partNumber }) => operation === 'UploadPart' && (partNumber ?? 0) === 8,
      3,
    );

    const outcome = await whole();

    expect(outcome.via).toBe('both');
    expect(outcome.readBack).toBe(true);
    const twice = [...world.oss.receivedPartBytes(outcome.objectKey)]
      .map(([number, bytes]) => ({ number, bytes }))
      .filter(({ bytes }) => bytes > MIB);
    // The refused part, and what the other lanes had under way.
    expect(twice.length).toBeLessThanOrEqual(4);
  });

  it('meets a store that throttles, resets and stores a flipped bit: fresh URLs, the same parts', async () => {
    world.oss.faults.next({ kind: 'status', status: 503 }, part, 2);
    world.oss.faults.next({ kind: 'reset', afterBytes: 100_000 }, part, 1);
    world.oss.faults.next({ kind: 'flipped-bit' }, part, 1);

    await whole();

    expect(world.oss.faults.left()).toBe(0);
  });

  it('loses its connection to the worker again and again', async () => {
    for (const after of [60, 200, 400])
      world.cluster.faults.nextExec({ kind: 'kill', signal: 'SIGKILL', afterBytes: after }, ({ command }) =>
        command.includes('serve'),
      );

    await whole();
  });

  it('has no route to the store where direct was asked for: a named failure, and the dump waits for a Retry', async () => {
    const before = world.dumpsTaken();
    let closed = true;
    world.oss.faults.next(
      { kind: 'status', status: 403, code: 'AccessDenied' },
      (call) => closed && part(call),
      1000,
    );

    const { result, request } = await world.dump(`${world.target} --via direct`);

    expect(result.text).toContain('failed');
    expect(request.outcome).toMatchObject({ code: 'no-route-to-store', retry: 'resume' });
    expect(JSON.stringify(result.blocks)).toContain('--via relay');

    closed = false;
    await world.press('Retry', result, world.cast.developer);
    const retried = await world.waitForRequest(({ id, state }) => id === request.id && state === 'completed');
    expect(retried.transfer).toMatchObject({ via: 'auto' });
    expect(world.dumpsTaken() - before).toBe(1);
  });
});
