import { type ApiStatus, shortText } from './api-status.ts';
import type { ClusterError } from './cluster-error.ts';
import type { CommandEnd } from './end-command.ts';

export type ExecErrorCode =
  | 'forbidden' // 401 and 403
  | 'not-found' // no such pod or namespace
  | 'bad-request' // no such container, a name or an argv that cannot be
  | 'cannot-start' // no such binary, not executable: see `reason`
  | 'container-ended' // not running any more, or not yet
  | 'broken' // the connection ended before the command's status came
  | 'silent' // nothing was heard for too long, not even pongs
  | 'timed-out'
  | 'aborted'
  | 'refused' // no connection, or the API server will not now
  | 'too-much-output'
  | 'sink-failed'; // a callback or the input failed, both the caller's: see `cause`

export type CannotStartReason = 'no-such-file' | 'not-executable' | 'other';

export interface ExecErrorFacts {
  readonly retryable?: boolean | undefined;
  /** HTTP status of a refusal. */
  readonly status?: number | undefined;
  readonly reason?: CannotStartReason | undefined;
  /** What became of the command, where it was asked to be ended. */
  readonly commandEnd?: CommandEnd | undefined;
  readonly cause?: unknown;
}

/** An exec that has no exit code. The message is for people and holds no argv and no credentials. */
export class ExecError extends Error {
  override readonly name = 'ExecError';
  readonly code: ExecErrorCode;
  /** Whether the way was at fault, and the same exec may work a little later. */
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly reason: CannotStartReason | undefined;
  readonly commandEnd: CommandEnd | undefined;

  constructor(code: ExecErrorCode, message: string, facts: ExecErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.retryable = facts.retryable ?? (code === 'broken' || code === 'silent' || code === 'refused');
    this.status = facts.status;
    this.reason = facts.reason;
    this.commandEnd = facts.commandEnd;
  }
}

/**
 * Kubelet and runtime tell these cases apart in words alone: the Status has reason InternalError (or the answer is
 * plain text) in all of them. Other runtimes than containerd word them a little differently.
 */
const CONTAINER_ENDED =
  /container not found|CONTAINER_EXITED|container .{0,80}is not running|is not created or running/i;
const NO_SUCH_FILE = /not found|no such file/i;
const NOT_EXECUTABLE = /permission denied|is a directory|exec format error/i;

/** A refusal before the upgrade. */
export const execErrorOfRefusal = (error: ClusterError): ExecError => {
  const facts = { status: error.status, retryable: error.retryable, cause: error };
  if (error.status === 500 && CONTAINER_ENDED.test(error.message))
    return new ExecError('container-ended', 'The container is not running', { ...facts, retryable: true });
  switch (error.code) {
    case 'forbidden':
    case 'not-found':
    case 'bad-request':
    case 'timed-out':
    case 'aborted':
    case 'refused':
      return new ExecError(error.code, error.message, facts);
    case 'unreachable':
      return new ExecError('refused', error.message, facts);
  }
};

/** @returns the exit code that a Status tells of, or the error if the command did not start */
export const exitOfStatus = (status: ApiStatus | undefined): number | ExecError => {
  if (status?.status === 'Success') return 0;
  const code = Number(status?.causes.find((cause) => cause.reason === 'ExitCode')?.message);
  if (Number.isInteger(code) && code > 0) return code;
  const said = status?.message ?? '';
  if (CONTAINER_ENDED.test(said))
    return new ExecError('container-ended', 'The container is not running', { retryable: true });
  const text = shortText(said.replace(/^.*(?=exec: )/s, ''));
  if (NO_SUCH_FILE.test(text))
    return new ExecError('cannot-start', `No such command in the container: ${text}`, {
      reason: 'no-such-file',
    });
  if (NOT_EXECUTABLE.test(text))
    return new ExecError('cannot-start', `Cannot be executed in the container: ${text}`, {
      reason: 'not-executable',
    });
  return new ExecError('cannot-start', `The command did not start: ${text || 'no reason given'}`, {
    reason: 'other',
  });
};
