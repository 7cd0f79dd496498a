import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OssCall } from '../../src/demo/oss/demo-oss.ts';
import { shown } from '../flow/conversation.ts';
import { startWorld, type World } from '../world.ts';
import { expectWhole } from './mid-transfer.ts';

const callOf =
  (operation: OssCall['operation'], when: (call: OssCall) => boolean = () => true) =>
  (call: OssCall): boolean =>
    call.operation === operation && call.key.endsWith('.hprof') && when(call);

describe.each(['relay', 'direct'])('a store that lies (%s)', (via) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      config: () => ({
        transfer: { via, compress: 'none' },
        worker: { partSizeMiB: 1, attempts: 3 },
      }),
    });
  });
  afterAll(() => world?.stop());

  it('about the size of the object: named, no link, and Retry sends the dump again without a new pause', async () => {
    const before = world.dumpsTaken();
    let lies = true;
    world.oss.faults.next(
      { kind: 'wrong-size', by: -1 },
      callOf('HeadObject', () => lies),
      100,
    );

    const { result, request } = await world.dump();

    expect(request.outcome).toMatchObject({ outcome: 'failed', code: 'checksum-mismatch', retry: 'resume' });
    expect(shown(result)).toContain('What arrived is not what was dumped');
    expect(result.links).toEqual([]);
    lies = false;
    await retry(result, request.id);
    await expectWhole(world, { dumpsBefore: before });
  });

  it('about the size of the object, but only when all seems to be done: the same', async () => {
    const before = world.dumpsTaken();
    let heads = 0;
    // Completing asks once; the last look is the second.
    world.oss.faults.next(
      { kind: 'wrong-size', by: 4096 },
      callOf('HeadObject', () => {
        heads += 1;
        return heads === 2;
      }),
    );

    const { result, request } = await world.dump();

    expect(request.outcome).toMatchObject({ code: 'checksum-mismatch', retry: 'resume', step: 'verify' });
    expect(result.links).toEqual([]);
    await retry(result, request.id);
    await expectWhole(world, { dumpsBefore: before });
  });

  it('about the sizes of parts: those are sent again, and the dump is whole', async () => {
    const before = world.dumpsTaken();
    world.oss.faults.next({ kind: 'wrong-size', by: 7 }, callOf('ListParts'));

    const { result } = await world.dump();

    expect(result.text).toContain('is ready');
    expect(await expectWhole(world, { dumpsBefore: before })).toMatchObject({ attempts: 2 });
  });

  it('about the checksum of the object: named, and no link', async () => {
    const before = world.dumpsTaken();
    world.oss.faults.next({ kind: 'wrong-crc64' }, callOf('CompleteMultipartUpload'));

    const { result, request } = await world.dump();

    expect(request.outcome).toMatchObject({ outcome: 'failed', code: 'checksum-mismatch', retry: 'resume' });
    expect(result.links).toEqual([]);
    await retry(result, request.id);
    await expectWhole(world, { dumpsBefore: before });
  });

  const retry = async (result: Parameters<World['press']>[1], id: string): Promise<void> => {
    await world.press('Retry', result, world.cast.developer);
    await world.waitForRequest((request) => request.id === id && request.state === 'completed');
  };
});
