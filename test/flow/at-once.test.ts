import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedExec } from '../../src/demo/cluster/demo-cluster.ts';
import { isCard, startWorld, until, type World } from '../world.ts';
import { ask, auditOf, now, readyOf, resultOf, shown, threadOf } from './conversation.ts';
import { addPod, javaContainer } from './java-pods.ts';
import { parts } from './slow-store.ts';

const REPLICA = {
  labels: { app: 'order-service', 'pod-template-hash': '7d9f8' },
  ownerReferences: [{ kind: 'ReplicaSet', name: 'order-service-7d9f8' }],
};

describe('several at once', () => {
  let world: World;

  beforeAll(async () => {
    // Two bots, as during a rolling update.
    world = await startWorld({
      heapMb: 4,
      config: () => ({ transfer: { via: 'relay', compress: 'none' }, worker: { partSizeMiB: 1 } }),
    });
    await world.startBot();
    expect(world.slack.connections()).toBeGreaterThanOrEqual(2);
  });
  afterAll(() => world?.stop());

  it('two bots say each thing once, and a click counts once', async () => {
    const { id, card } = await ask(world);
    const click = await world.press('Approve', card, world.cast.reviewer);
    // One of the two may reach the other bot.
    await Promise.all([world.slack.redeliver(click), world.slack.redeliver(click)]);
    await readyOf(world, id);
    await world.slack.redeliver(click);
    // The reconcilers of both have passed since.
    await world.waitForRequest((request) => request.id === id && request.closed);

    const about = world.slack
      .messages(world.cast.channel)
      .filter((message) => message.fromBot && (message.ts === card.ts || message.threadTs === card.ts));
    expect(about.map(({ text }) => text)).toEqual([
      expect.stringContaining('Heap dump of'),
      expect.stringContaining('Working on'),
      expect.stringContaining('is ready'),
    ]);
    expect(world.slack.messages(world.cast.channel).filter(isCard)).toHaveLength(1);
    expect((await auditOf(world, id)).filter((entry) => entry.startsWith('approved'))).toHaveLength(1);
    expect((await auditOf(world, id)).filter((entry) => entry.startsWith('link-handed-out'))).toHaveLength(1);
    expect(world.dumpsTaken()).toBe(1);
  });

  it('two replicas of a workload are never dumped at the same time, and both end', async () => {
    const [before, taken] = [world.cluster.execs.length, world.dumpsTaken()];
    const second = await addPod(world, 'order-service-7d9f8-bbbbb', [await javaContainer()], REPLICA);
    const one = await ask(world);
    const two = await ask(world, 'prod/order-service-7d9f8-bbbbb');
    // Long enough for the other to begin, if it were let.
    world.oss.faults.next({ kind: 'slow', bytesPerSecond: 200_000 }, parts, 2);
    await Promise.all([
      world.press('Approve', one.card, world.cast.reviewer),
      world.press('Approve', two.card, world.cast.reviewer),
    ]);
    await Promise.all([readyOf(world, one.id), readyOf(world, two.id)]);

    // Each dump with what follows it, up to the clean-up, is one stretch of the cluster's record.
    const order = world.cluster.execs
      .slice(before)
      .filter((exec) => isWord(exec, 'dump') || isWord(exec, 'clean'))
      .map((exec) => `${exec.pod} ${isWord(exec, 'dump') ? 'dump' : 'clean'}`);
    const stretch = (pod: string) => [`${pod} dump`, `${pod} clean`];
    const [a, b] = [world.pod.name, second.name];
    expect([stretch(a).concat(stretch(b)), stretch(b).concat(stretch(a))]).toContainEqual(order);
    expect(world.dumpsTaken()).toBe(taken + 1);
    expect(world.dumpsTaken(second)).toBe(1);
    expect(await world.leftInPod()).toEqual([]);
    expect(await world.leftInPod(second)).toEqual([]);
  });

  it('one that waits for its sibling says so, and can be cancelled without waiting', async () => {
    world.oss.faults.next({ kind: 'slow', bytesPerSecond: 10_000 }, parts, 100);
    const second = found(world.cluster.pod('prod', 'order-service-7d9f8-bbbbb'));
    const [taken, takenSecond] = [world.dumpsTaken(), world.dumpsTaken(second)];
    const one = await ask(world);
    await world.press('Approve', one.card, world.cast.reviewer);
    await until(
      () => world.oss.pendingUploads().length > 0,
      110_000,
      () => 'the first did not begin',
    );
    const two = await ask(world, 'prod/order-service-7d9f8-bbbbb');
    await world.press('Approve', two.card, world.cast.reviewer);
    await until(
      () =>
        threadOf(world, two.card).some((message) =>
          shown(message).includes('Another dump of the same workload'),
        ),
      110_000,
      () => `not said: ${threadOf(world, two.card).map(shown).join('\n')}`,
    );
    await world.press('Cancel', two.card, world.cast.developer);
    expect((await resultOf(world, two.id)).text).toContain('was cancelled');
    expect(world.oss.pendingUploads()).toHaveLength(1);
    expect(now(world, one.card)).toContain('[Cancel]');

    await world.press('Cancel', one.card, world.cast.developer);
    await resultOf(world, one.id);
    expect(world.dumpsTaken(second)).toBe(takenSecond);
    expect(world.dumpsTaken()).toBe(taken + 1);
    expect(world.oss.pendingUploads()).toEqual([]);
  });
});

/** Whether this is that command of the dump tool. */
const isWord = ({ command }: RecordedExec, word: string): boolean => command.includes(word);

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}
