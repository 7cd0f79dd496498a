import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../world.ts';

describe('an approval is bound to the very pod and JVM that were looked at', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ heapMb: 16 });
  });
  afterAll(() => world?.stop());

  const outcomeOf = async (replace: () => Promise<void>) => {
    await world.type(world.target);
    const card = await world.card();
    await replace();
    await world.press('Approve', card, world.cast.reviewer);
    return { result: await world.result(card), request: await world.request() };
  };

  it('the JVM was restarted in between: refused, named, and nothing was paused', async () => {
    const { result, request } = await outcomeOf(async () => {
      await world.pod.killContainer('app');
      await world.waitForRequest(() => (world.pod.stdout('app').match(/ready/g) ?? []).length >= 2);
    });

    expect(request.outcome).toMatchObject({
      outcome: 'failed',
      code: 'jvm-replaced',
      retry: 'new-approval',
      left: [],
    });
    expect(JSON.stringify(result.blocks)).toContain('restarted since');
    expect(world.dumpsTaken()).toBe(0);
  });

  it('the pod was replaced by another of the same name: refused, named, and nothing was paused', async () => {
    let replaced = world.pod;
    const { request } = await outcomeOf(async () => {
      await world.pod.delete({ graceSeconds: 0 });
      replaced = await world.addPod({ name: world.pod.name });
    });

    expect(request.outcome).toMatchObject({ outcome: 'failed', code: 'pod-replaced', retry: 'new-approval' });
    expect(world.dumpsTaken(replaced)).toBe(0);
  });

  it('Retry asks for a new approval, once, however often it is pressed', async () => {
    const failed = world.slack
      .messages(world.cast.channel)
      .filter(({ text }) => text.includes('failed'))
      .at(-1);
    if (failed === undefined) throw new Error('no failure in the channel');
    await world.press('Retry', failed, world.cast.developer);
    await world.press('Retry', failed, world.cast.developer);
    await world.card();

    const repeated = (await world.requests.newest(10)).filter(({ repeats }) => repeats !== undefined);
    expect(repeated).toHaveLength(1);
    expect(repeated[0]).toMatchObject({ state: 'pending', approvals: [] });
  });
});
