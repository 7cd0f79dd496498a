/** Tells people where a job stands, at most about once a second; what is last said is always sent. */
import type { Job } from 'bullmq';
import type { Logger } from '../log.ts';
import { CONTRACT_VERSION, type Progress, type Step } from './dump-job.ts';

const EVERY_MS = 1000;

export interface ProgressReporter {
  step(step: Step, stepMs: Progress['stepMs']): void;
  facts(change: Partial<Progress>): void;
  waiting(reason: NonNullable<Progress['waiting']>): Promise<void>;
  /** Resolves when what was said last is in Redis. */
  flush(): Promise<void>;
}

export function createProgressReporter(
  job: Pick<Job, 'updateProgress'>,
  options: { attempt: number; now: () => number; log: Logger },
): ProgressReporter {
  const { now, log } = options;
  let progress: Progress = {
    version: CONTRACT_VERSION,
    attempt: options.attempt,
    step: 'find-pod',
    stepStartedAt: now(),
    stepMs: {},
  };
  let sentAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();

  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    sentAt = now();
    const said = progress;
    // One after the other, so that an older state never overtakes a newer one.
    sending = sending
      .then(() => job.updateProgress(said))
      .catch((err: unknown) => log.debug({ err }, 'progress could not be reported'));
  };
  const soon = (): void => {
    if (now() - sentAt >= EVERY_MS) send();
    else timer ??= setTimeout(send, Math.max(0, EVERY_MS - (now() - sentAt)));
  };

  return {
    step(step, stepMs) {
      progress = { version: CONTRACT_VERSION, attempt: options.attempt, step, stepStartedAt: now(), stepMs };
      soon();
    },
    facts(change) {
      progress = { ...progress, ...change };
      soon();
    },
    async waiting(reason) {
      progress = { ...progress, waiting: reason };
      send();
      await sending;
    },
    async flush() {
      if (timer !== undefined) send();
      await sending;
    },
  };
}
