/** Any error that a step can end with → a failure that people can read. Decides by codes alone. */
import { ClusterError } from '../k8s/client.ts';
import { CopyError } from '../k8s/copy-to-pod.ts';
import { ExecError } from '../k8s/exec.ts';
import { redactText } from '../redact.ts';
import type { FailureCode } from './dump-job.ts';
import { HprofError } from './hprof-walk.ts';
import { StepError } from './step-error.ts';
import { StoreError } from './store/object-store.ts';

/** @returns the same error if it is a StepError, else one that says what it means for the dump */
export function stepErrorOf(error: unknown): StepError {
  if (error instanceof StepError) return error;
  if (error instanceof ClusterError) return named(error, CLUSTER[error.code], error.retryable);
  if (error instanceof CopyError) {
    return error.cause instanceof ExecError && error.cause.retryable
      ? stepErrorOf(error.cause)
      : named(error, COPY[error.code] ?? 'cannot-copy', false);
  }
  if (error instanceof ExecError) {
    // A sink is ours: what failed in it is the reason.
    if (error.code === 'sink-failed' && error.cause !== undefined) return stepErrorOf(error.cause);
    return named(
      error,
      EXEC[error.code],
      error.retryable || error.code === 'timed-out' || error.code === 'container-ended',
    );
  }
  if (error instanceof StoreError) return named(error, STORE[error.code], STORE_RETRYABLE.has(error.code));
  if (error instanceof HprofError) return named(error, 'dump-invalid', false);
  return new StepError('internal', '', { cause: error, retryable: true });
}

const named = (error: Error, code: FailureCode, retryable: boolean): StepError =>
  new StepError(code, redactText(error.message).slice(0, 600), { cause: error, retryable });

const CLUSTER: Readonly<Record<ClusterError['code'], FailureCode>> = {
  forbidden: 'forbidden',
  'not-found': 'pod-not-found',
  'bad-request': 'container-not-found',
  unreachable: 'cluster-unreachable',
  refused: 'cluster-unreachable',
  'timed-out': 'cluster-unreachable',
  aborted: 'cluster-unreachable',
};

const EXEC: Readonly<Record<ExecError['code'], FailureCode>> = {
  forbidden: 'forbidden',
  'not-found': 'pod-not-found',
  'bad-request': 'container-not-found',
  'cannot-start': 'no-shell',
  'container-ended': 'container-ended',
  broken: 'exec-broken',
  silent: 'exec-broken',
  'timed-out': 'exec-broken',
  aborted: 'exec-broken',
  refused: 'cluster-unreachable',
  'too-much-output': 'tool-failed',
  'sink-failed': 'internal',
};

const COPY: Readonly<Partial<Record<CopyError['code'], FailureCode>>> = {
  'no-shell': 'no-shell',
  'disk-full': 'not-enough-disk',
};

const STORE: Readonly<Record<StoreError['code'], FailureCode>> = {
  refused: 'store-refused',
  unreachable: 'store-unreachable',
  'no-such-upload': 'store-unreachable',
  'checksum-mismatch': 'checksum-mismatch',
  aborted: 'store-unreachable',
};

const STORE_RETRYABLE: ReadonlySet<StoreError['code']> = new Set([
  'unreachable',
  'no-such-upload',
  'aborted',
]);
