import { describe, expect, it } from 'vitest';
import type { Block, CheckState, Message } from '../../src/bot/chat/message.ts';
import { cancel, type DumpRequest, ended } from '../../src/bot/dump-request.ts';
import { progressMessage } from '../../src/bot/messages/progress-message.ts';
import { en } from '../../src/bot/words/en.ts';
import { type DumpOutcome, type Progress, STEPS, type Step } from '../../src/worker/dump-job.ts';
import { ALICE, aCompletion, aFailure, NOW, queued, running } from './a-request.ts';
import { actionsOf, readAloud } from './message-texts.ts';

const progress = (changes: Partial<Progress> = {}): Progress => ({
  version: 1,
  attempt: 1,
  step: 'transfer',
  stepStartedAt: NOW,
  stepMs: { 'find-pod': 40, 'run-dump': 4200 },
  ...changes,
});

const checklistOf = (message: Message): Extract<Block, { kind: 'checklist' }> => {
  const found = message.blocks.find((block) => block.kind === 'checklist');
  if (found === undefined) throw new Error('No checklist');
  return found;
};
const itemOf = (message: Message, step: Step) => checklistOf(message).items[STEPS.indexOf(step)];
const statesOf = (message: Message): CheckState[] => checklistOf(message).items.map(({ state }) => state);
const endedWith = (outcome: DumpOutcome): DumpRequest => {
  const request = ended(running(), 1, outcome, NOW);
  if (request === undefined) throw new Error('A running request could not end');
  return request;
};
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe('the progress of a request', () => {
  it('lists every step in its order, with nothing to click', () => {
    const message = progressMessage(running(), progress(), en);

    expect(checklistOf(message).items.map(({ label }) => label)).toEqual(STEPS.map((step) => en.steps[step]));
    expect(actionsOf(message)).toEqual([]);
  });

  it('waits for a worker before the first word of one', () => {
    const message = progressMessage(queued(), undefined, en);

    expect(statesOf(message)).toEqual(times(8, 'waiting'));
    expect(readAloud(message)).toContain(en.progress.queued);
    expect(message.tone).toBe('neutral');
  });

  it('while it runs: finished before, running now, waiting after', () => {
    for (const [at, step] of STEPS.entries()) {
      const states = statesOf(progressMessage(running(), progress({ step }), en));

      expect(states).toEqual([...times(at, 'finished'), 'running', ...times(7 - at, 'waiting')]);
    }
  });

  it('says how long finished steps took', () => {
    const message = progressMessage(running(), progress(), en);

    expect(itemOf(message, 'run-dump')?.note).toBe('4.2 s');
    expect(itemOf(message, 'copy-tool')?.note).toBeUndefined();
  });
});

describe('the running step', () => {
  it('says how much was dumped', () => {
    const message = progressMessage(
      running(),
      progress({ step: 'run-dump', dumpedBytes: 1_230_000_000 }),
      en,
    );

    expect(itemOf(message, 'run-dump')?.note).toBe('1.23 GB written');
  });

  it('says how much has left the pod while a dump without disk holds the application', () => {
    const message = progressMessage(
      running(),
      progress({ step: 'run-dump', sentBytes: 1_230_000_000, bytesPerSecond: 90_000_000 }),
      en,
    );

    expect(itemOf(message, 'run-dump')?.note).toBe('1.23 GB written');
  });

  it('says how much was sent, how fast, and how long the rest will take', () => {
    const at = { sentBytes: 1_000_000_000, totalBytes: 3_000_000_000 };
    const note = (more: Partial<Progress>) =>
      itemOf(progressMessage(running(), progress({ ...at, ...more }), en), 'transfer')?.note;

    expect(note({ bytesPerSecond: 100_000_000 })).toBe('1.00 GB of 3.00 GB, 100 MB/s, 20 s left');
    expect(note({})).toBe('1.00 GB of 3.00 GB');
    // Nothing moves: no time can be told, and none is made up.
    expect(note({ bytesPerSecond: 0 })).toBe('1.00 GB of 3.00 GB, 0 B/s');
  });

  it('does not say of one step what was said of another', () => {
    const message = progressMessage(running(), progress({ step: 'verify', sentBytes: 5, totalBytes: 5 }), en);

    expect(itemOf(message, 'verify')?.note).toBeUndefined();
  });

  it('says why it stands still', () => {
    const remark = (more: Partial<Progress>) => readAloud(progressMessage(running(), progress(more), en));

    expect(remark({ waiting: 'workload-busy' })).toContain(en.progress.workloadBusy);
    expect(remark({ waiting: 'retrying', attempt: 2 })).toContain('attempt 3');
    expect(remark({})).not.toContain(en.progress.queued);
  });

  it('says that it is being cancelled, once somebody asked for it', () => {
    const message = progressMessage(cancel(running(), ALICE, NOW), progress(), en);

    expect(readAloud(message)).toContain(en.progress.cancelling);
    expect(itemOf(message, 'transfer')?.state).toBe('running');
  });
});

describe('the progress of a request that ended', () => {
  it('completed: every step is finished, with its time and the sum of them', () => {
    const message = progressMessage(endedWith(aCompletion()), progress({ step: 'find-pod' }), en);

    expect(statesOf(message)).toEqual(times(8, 'finished'));
    expect(itemOf(message, 'transfer')?.note).toBe('1 min');
    expect(readAloud(message)).toContain('Finished in 1 min 5 s');
    expect(message.tone).toBe('good');
  });

  it('failed: the step that failed is marked, those after it were skipped', () => {
    const message = progressMessage(endedWith(aFailure({ step: 'run-dump' })), progress(), en);

    expect(statesOf(message)).toEqual([...times(4, 'finished'), 'failed', ...times(3, 'skipped')]);
    expect(message.tone).toBe('bad');
  });

  it('cancelled: the step at which it stopped is marked as such, and not as a failure', () => {
    const outcome: DumpOutcome = { outcome: 'cancelled', version: 1, step: 'transfer', left: [] };
    const message = progressMessage(endedWith(outcome), progress(), en);

    expect(statesOf(message)).toEqual([...times(5, 'finished'), 'cancelled', ...times(2, 'skipped')]);
    expect(readAloud(message)).not.toContain(en.progress.cancelling);
  });

  it.each<[string, DumpRequest]>([
    ['failed before any step', endedWith({ ...aFailure({ code: 'worker-lost' }), step: undefined } as never)],
    ['cancelled in the queue', endedWith({ outcome: 'cancelled', version: 1, left: [] })],
  ])('%s: nothing waits any more, and nothing runs', (_what, request) => {
    for (const last of [undefined, progress({ step: 'check-jdk' })]) {
      const states = statesOf(progressMessage(request, last, en));

      expect(states).not.toContain('waiting');
      expect(states).not.toContain('running');
    }
  });
});
