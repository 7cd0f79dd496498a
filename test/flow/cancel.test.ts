import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasButton, startWorld, until, type World } from '../world.ts';
import { answerTo, ask, auditOf, now, privately, resultOf, shown, threadOf } from './conversation.ts';
import { parts } from './slow-store.ts';

describe('a heap dump is cancelled', () => {
  let world: World;
  let worker: Awaited<ReturnType<World['startWorker']>>;

  beforeAll(async () => {
    world = await startWorld({
      worker: 'none',
      config: () => ({ transfer: { via: 'relay', compress: 'none' }, worker: { partSizeMiB: 1 } }),
    });
    worker = await world.startWorker();
  });
  afterAll(() => world?.stop());

  it('while it waits for review, by the button: the application was not touched', async () => {
    const { id, card } = await ask(world);
    await world.press('Cancel', card, world.cast.developer);
    const result = await resultOf(world, id);

    expect(result.text).toContain('was cancelled');
    expect(shown(result)).toContain('The application was not touched.');
    expect(now(world, card)).toContain(`Cancelled by @${world.cast.developer.id}`);
    expect(hasButton(card, 'Cancel')).toBe(true);
    expect(hasButton(found(world.slack.refresh(card)), 'Cancel')).toBe(false);
    expect((await auditOf(world, id)).at(-1)).toBe(`cancelled slack:${world.cast.developer.id}`);
  });

  it('while it waits for review, by the command, also by a reviewer', async () => {
    const { id } = await ask(world);
    const answer = await answerTo(world, `cancel ${id.toUpperCase()}`, world.cast.reviewer);
    expect(answer).toContain(`Request ${id} is being cancelled.`);
    expect((await resultOf(world, id)).text).toContain('was cancelled');
    expect(await answerTo(world, `cancel ${id}`)).toContain(
      `Request ${id} cannot be cancelled: it is cancelled.`,
    );
  });

  it('not by somebody who may not: by button or command, which is on record', async () => {
    const { id, card } = await ask(world);
    const zoe = world.slack.addPerson({ name: 'Zoe' });
    const clicked = await privately(world, zoe, () => world.press('Cancel', card, zoe));
    expect(shown(clicked)).toContain('You may not cancel this request; nothing was changed.');
    expect(await answerTo(world, `cancel ${id}`, zoe)).toContain('You may not cancel this request');

    expect((await world.requests.get(id))?.state).toBe('pending');
    expect((await auditOf(world, id)).slice(-2)).toEqual([
      `decision-refused slack:${zoe.id}`,
      `decision-refused slack:${zoe.id}`,
    ]);
    await answerTo(world, `cancel ${id}`);
    await resultOf(world, id);
  });

  it('in the middle of the transfer: pod and bucket are left as they were, and the thread says so', async () => {
    world.oss.faults.next({ kind: 'slow', bytesPerSecond: 20_000 }, parts, 100);
    const { id, card } = await ask(world);
    await world.press('Approve', card, world.cast.reviewer);
    await until(
      () => world.oss.pendingUploads().length > 0,
      110_000,
      () => 'no upload began',
    );
    expect(await world.leftInPod()).toEqual([expect.stringContaining(id)]);
    await world.press('Cancel', card, world.cast.developer);
    const result = await resultOf(world, id);

    expect(result.text).toContain('was cancelled');
    expect(shown(result)).not.toContain('could not be removed');
    expect(await world.leftInPod()).toEqual([]);
    expect(world.oss.pendingUploads()).toEqual([]);
    expect(world.oss.objectKeys()).toEqual([]);
    expect(world.dumpsTaken()).toBe(1);
    // The checklist shows how far it came.
    const [progress] = threadOf(world, card);
    expect(now(world, found(progress))).toMatch(/Dump the heap/);
    expect(await auditOf(world, id)).toEqual([
      `requested slack:${world.cast.developer.id}`,
      'inspected bot',
      `approved slack:${world.cast.reviewer.id}`,
      'queued bot',
      `cancel-requested slack:${world.cast.developer.id}`,
      'cancelled bot',
    ]);
  });

  it('while it is queued and no worker is there: it ends at once, and no later worker begins it', async () => {
    const { id, card } = await ask(world);
    await worker.stop();
    await world.press('Approve', card, world.cast.reviewer);
    await world.waitForRequest((request) => request.id === id && request.state === 'queued');
    const execs = world.cluster.execs.length;
    await world.press('Cancel', card, world.cast.developer);
    const result = await resultOf(world, id);
    expect(result.text).toContain('was cancelled');
    expect((await auditOf(world, id)).slice(-2)).toEqual([
      `cancel-requested slack:${world.cast.developer.id}`,
      'cancelled bot',
    ]);

    worker = await world.startWorker();
    // The next one is served: the queue has been looked at.
    const next = await ask(world);
    await world.press('Cancel', next.card, world.cast.developer);
    await resultOf(world, next.id);
    const sinceThen = world.cluster.execs.slice(execs).map(({ command }) => command.join(' '));
    expect(sinceThen.filter((command) => command.includes(id))).toEqual([]);
    expect(world.dumpsTaken()).toBe(1);
  });
});

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}
