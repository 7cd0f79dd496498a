import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OssCall } from '../../src/demo/oss/demo-oss.ts';
import { startWorld, type World } from '../world.ts';

const part = ({ operation }: OssCall): boolean => operation === 'UploadPart';

describe('a store that has a bad day', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      config: () => ({ transfer: { via: 'relay', compress: 'none' }, worker: { partSizeMiB: 1 } }),
    });
  });
  afterAll(() => world?.stop());

  const expectReady = async (): Promise<void> => {
    const before = world.dumpsTaken();
    const { result } = await world.dump();
    expect(result.text).toContain('is ready');
    expect(world.oss.faults.left()).toBe(0);
    expect(world.oss.pendingUploads()).toEqual([]);
    expect(world.dumpsTaken() - before).toBe(1);
  };

  it('answers 500, 503 and a proxy’s error page in between', async () => {
    world.oss.faults.next({ kind: 'status', status: 500 }, part, 2);
    world.oss.faults.next({ kind: 'status', status: 503 }, part, 2);
    world.oss.faults.next({ kind: 'html', status: 502 }, part);
    await expectReady();
  });

  it('resets connections in mid-part', async () => {
    world.oss.faults.next({ kind: 'reset', afterBytes: 100_000 }, part, 3);
    await expectReady();
  });

  it('stores a flipped bit, and is told', async () => {
    world.oss.faults.next({ kind: 'flipped-bit' }, part, 2);
    await expectReady();
  });

  it('confirms a part with a wrong ETag', async () => {
    world.oss.faults.next({ kind: 'wrong-etag' }, part);
    await expectReady();
  });

  it('puts the parts together and loses its answer', async () => {
    world.oss.faults.next(
      { kind: 'answer-lost' },
      ({ operation }) => operation === 'CompleteMultipartUpload',
    );
    await expectReady();
  });

  it('is gone for a while', async () => {
    await world.type(world.target);
    const card = await world.card();
    world.oss.faults.goneFor(5000);
    await world.press('Approve', card, world.cast.reviewer);
    const result = await world.result(card);

    expect(result.text).toContain('is ready');
  });
});

describe('a store that refuses for good', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      config: () => ({
        transfer: { via: 'relay', compress: 'none' },
        worker: { partSizeMiB: 1, attempts: 1 },
      }),
    });
  });
  afterAll(() => world?.stop());

  it('the thread names it, the dump waits in the pod, and Retry goes on without a new pause or approval', async () => {
    world.oss.faults.next(
      { kind: 'status', status: 403, code: 'AccessDenied' },
      ({ operation }) => operation === 'InitiateMultipartUpload',
    );
    const { card, result } = await world.dump();

    expect(result.text).toContain('failed');
    expect(JSON.stringify(result.blocks)).toContain('OSS refused');
    expect(await world.leftInPod()).toHaveLength(1);

    await world.press('Retry', result, world.cast.developer);
    const ready = await world.slack.waitForMessage(
      (message) => message.threadTs === card.ts && message.text.includes('is ready'),
      120_000,
    );

    expect(ready.links[0]).toContain('.hprof');
    expect(world.dumpsTaken()).toBe(1);
    expect((await world.audit()).filter(({ event }) => event === 'approved')).toHaveLength(1);
    expect(await world.leftInPod()).toEqual([]);
  });
});
