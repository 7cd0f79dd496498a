/** A dump that is caught in the middle of its transfer, and what has to be true of it in the end. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { DemoPod } from '../../src/demo/cluster/demo-cluster.ts';
import type { StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import type { DumpOutcome } from '../../src/worker/dump-job.ts';
import { until, type World } from '../world.ts';

type Completed = Extract<DumpOutcome, { outcome: 'completed' }>;

/** @returns the card */
export async function askAndApprove(world: World, text = world.target): Promise<StoredMessage> {
  await world.type(text);
  const card = await world.card();
  await world.press('Approve', card, world.cast.reviewer);
  return card;
}

export const partsCame = (world: World, atLeast: number): Promise<void> =>
  until(
    () => world.oss.pendingUploads().some(({ parts }) => parts.length >= atLeast),
    60_000,
    () => `fewer than ${atLeast} parts came: ${world.logLines.at(-1)}`,
  );

/** One pause, nothing left in pod and bucket, and the object is the dump. `world.oss` may hold others. */
export async function expectWhole(
  world: World,
  { dumpsBefore = 0, pod = world.pod }: { dumpsBefore?: number; pod?: DemoPod } = {},
): Promise<Completed> {
  const { outcome } = await world.request();
  if (outcome?.outcome !== 'completed') throw new Error(`not completed: ${JSON.stringify(outcome)}`);
  const stored = await readFile(String(world.oss.objectPath(outcome.objectKey)));
  expect(outcome.sizeBytes).toBe(stored.length);
  expect(outcome.sha256).toBe(createHash('sha256').update(stored).digest('hex'));
  expect(world.dumpsTaken(pod) - dumpsBefore).toBe(1);
  expect(await world.leftInPod(pod)).toEqual([]);
  expect(world.oss.pendingUploads()).toEqual([]);
  return outcome;
}

/** A named failure, and nothing that could be taken for a dump. */
export async function expectFailed(
  world: World,
  result: StoredMessage,
  failure: { readonly code: string; readonly retry: string },
  pod: DemoPod = world.pod,
): Promise<void> {
  const { outcome } = await world.request();
  expect(outcome).toMatchObject({ outcome: 'failed', ...failure });
  expect(result.text).toContain('failed');
  expect(result.links).toEqual([]);
  expect(world.oss.objectKeys()).toEqual([]);
  expect(world.oss.pendingUploads()).toEqual([]);
  expect(await world.leftInPod(pod)).toEqual([]);
}
