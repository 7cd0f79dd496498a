/** One attempt at a dump job: the steps in order, and the one place that decides what a failure means. */

import type { DumpContext, StepRun } from './dump-context.ts';
import {
  CONTRACT_VERSION,
  type DumpCompleted,
  type DumpOutcome,
  type FailureCode,
  type RetryKind,
  type Step,
  type StoredDump,
} from './dump-job.ts';
import { CancelledError, HandOverError } from './end-reason.ts';
import { stepErrorOf } from './failure-of.ts';
import { LeaseLostError } from './lease.ts';
import type { StepError } from './step-error.ts';
import { checkJdk } from './steps/check-jdk.ts';
import { cleanUp } from './steps/clean-up.ts';
import { copyTool } from './steps/copy-tool.ts';
import { expectSamePod, findPod } from './steps/find-pod.ts';
import { makeExecutable } from './steps/make-executable.ts';
import { runDump } from './steps/run-dump.ts';
import { streamDump } from './steps/stream-dump.ts';
import { transfer } from './steps/transfer.ts';
import { verify } from './steps/verify.ts';
import { writeManifest } from './steps/write-manifest.ts';
import { abandonUpload } from './transfer/abandon-upload.ts';

export interface AttemptEnd {
  /** The last attempt that the queue grants: what would be tried again is told to people instead. */
  readonly lastAttempt: boolean;
  /** Keeps the dump in the pod for a person's Retry, and has it removed later if none comes. */
  keepForRetry(context: DumpContext): Promise<void>;
}

/**
 * @returns how it ended, for people
 * @throws what is worth another attempt by itself: the queue repeats it after a while. HandOverError and
 *   LeaseLostError are thrown as they are.
 */
export async function processDump(
  context: DumpContext,
  step: StepRun,
  end: AttemptEnd,
): Promise<DumpOutcome> {
  let current: Step = 'find-pod';
  const run: StepRun = (name, work) => {
    current = name;
    context.signal.throwIfAborted();
    return step(name, work);
  };
  try {
    // What an earlier attempt stored needs no pod any more; that may be gone by now.
    const stored = context.checkpoint.stored ?? (await dumpAndStore(context, run));
    if (!context.checkpoint.verified) await run('verify', () => verify(context, stored));
    const left = await run('clean-up', () => cleanUp(context, context.signal));
    return await writeManifest(context, completed(context, left));
  } catch (error) {
    return await ended(context, current, error, end);
  }
}

async function dumpAndStore(context: DumpContext, run: StepRun): Promise<StoredDump> {
  const pod = await run('find-pod', () => findPod(context.cluster, context.data.target, context.signal));
  expectSamePod(pod, context.data.podUid);
  const place = await run('check-jdk', () => checkJdk(context, pod));
  const tool = await run('copy-tool', () => copyTool(context, place));
  await run('make-executable', () => makeExecutable(context, tool));
  // Through a pipe both are one, and there is no file to go on with.
  if (context.data.transfer.noDisk === 'always')
    return run('run-dump', () => streamDump(context, place, tool));
  const dump = await run('run-dump', () => runDump(context, tool));
  return run('transfer', () => transfer(context, place, tool, dump));
}

async function ended(
  context: DumpContext,
  step: Step,
  error: unknown,
  end: AttemptEnd,
): Promise<DumpOutcome> {
  const reason: unknown = context.signal.aborted ? context.signal.reason : error;
  if (reason instanceof HandOverError || reason instanceof LeaseLostError) throw reason;
  if (reason instanceof CancelledError) {
    const left = await leaveAsItWas(context);
    return { outcome: 'cancelled', version: CONTRACT_VERSION, step, left };
  }
  // What was proved stays proved: a clean-up that fails is said, and is no reason to call the dump lost.
  if (context.checkpoint.verified && step === 'clean-up') {
    context.log.warn({ err: error, step }, 'clean-up failed');
    if (stepErrorOf(error).retryable && !end.lastAttempt) throw error;
    return writeManifest(context, completed(context, leftBy(error, context)));
  }
  const failure = stepErrorOf(error);
  context.log.warn(
    { err: error, step, code: failure.code, retryable: failure.retryable },
    'dump step failed',
  );
  if (failure.retryable && !end.lastAttempt) throw failure;

  const retry = retryKindOf(failure, context);
  const dumpWaits = retry === 'resume' && context.checkpoint.dump !== undefined;
  let left: string[] = [];
  if (dumpWaits) await end.keepForRetry(context);
  else left = await leaveAsItWas(context);
  return {
    outcome: 'failed',
    version: CONTRACT_VERSION,
    code: failure.code,
    step,
    detail: failure.detail.slice(0, 1000),
    retry,
    left,
    ...(retry === 'resume' ? { checkpoint: dumpWaits ? context.checkpoint : { stepMs: {} } } : {}),
  };
}

/** Never pauses again without a new approval; never asks for one where none is needed. */
function retryKindOf(failure: StepError, { checkpoint, data }: DumpContext): RetryKind {
  if (failure.retry !== undefined) return failure.retry;
  if (BOUND_TO_ANOTHER.has(failure.code)) return 'new-approval';
  // What went through a pipe is nowhere to be had again.
  if (data.transfer.noDisk === 'always' && checkpoint.dumpStarted && !SURELY_NOT_PAUSED.has(failure.code))
    return 'new-approval';
  if (checkpoint.dump !== undefined) return DUMP_IS_LOST.has(failure.code) ? 'new-approval' : 'resume';
  if (checkpoint.dumpStarted && !SURELY_NOT_PAUSED.has(failure.code)) return 'new-approval';
  return 'resume';
}

/** The approval was for a pod and a JVM that are not there any more. */
const BOUND_TO_ANOTHER: ReadonlySet<FailureCode> = new Set([
  'pod-not-found',
  'pod-replaced',
  'jvm-replaced',
  'no-jvm',
  'no-such-jvm',
  'container-not-found',
]);

const DUMP_IS_LOST: ReadonlySet<FailureCode> = new Set([
  'dump-vanished',
  'dump-invalid',
  'dump-incomplete',
  'container-ended',
  'pod-not-running',
]);

/** The attach was refused before the JVM began. */
const SURELY_NOT_PAUSED: ReadonlySet<FailureCode> = new Set([
  'attach-disabled',
  'attach-denied',
  'jvm-not-ready',
  'read-only-tmp',
  'no-jdk-tools',
  'no-pipe-dump',
  'not-enough-disk',
]);

async function leaveAsItWas(context: DumpContext): Promise<string[]> {
  // The attempt's own signal may be why we are here.
  const signal = AbortSignal.timeout(180_000);
  await abandonUpload(context, signal).catch((err: unknown) =>
    context.log.warn({ err }, 'upload could not be aborted'),
  );
  try {
    return await cleanUp(context, signal);
  } catch (err) {
    context.log.warn({ err, code: stepErrorOf(err).code }, 'clean-up failed');
    return leftBy(err, context);
  }
}

/** What is in the pod still after a clean-up that failed: with the pod went what was in it. */
function leftBy(error: unknown, { checkpoint }: DumpContext): string[] {
  const { code } = stepErrorOf(error);
  const gone = code === 'pod-not-found' || code === 'container-ended';
  return gone || checkpoint.workDir === undefined ? [] : [checkpoint.workDir];
}

function completed(context: DumpContext, left: readonly string[]): DumpCompleted {
  const { dump, stored, stepMs } = context.checkpoint;
  if (dump === undefined || stored === undefined) throw new Error('Completed without a dump and its object');
  return {
    outcome: 'completed',
    version: CONTRACT_VERSION,
    bucket: context.store.bucket,
    fileName: stored.objectKey.split('/').at(-1) ?? stored.objectKey,
    ...stored,
    noDisk: context.data.transfer.noDisk === 'always',
    proofs: [
      // Who adopts a dump, or has another tool make it, did not hear the JVM say that it was done; the file proved it.
      ...(dump.adopted || context.settings.foreignToolPath !== undefined
        ? []
        : (['jvm-success-line'] as const)),
      'end-mark',
      'hprof-walk',
      'size',
      'pod-checksum',
      'crc64',
      'part-md5',
      ...(stored.readBack ? (['read-back'] as const) : []),
    ],
    ...(dump.pauseMs === undefined ? {} : { pauseMs: dump.pauseMs }),
    adopted: dump.adopted,
    attempts: context.attempt,
    stepMs,
    left: left.filter((path) => path !== ''),
  };
}
