/**
 * A request: its states and its legal moves. Pure: each move takes the request as it is and gives it as it is
 * afterwards, or throws a MoveError; saving, queueing and speaking are other files' business.
 *
 *     pending ─approve▶ approved ─enqueue▶ queued ─▶ running ─▶ completed
 *        ├─deny▶ denied        ▲                        ├─▶ failed ─retry▶ approved (the dump is there already)
 *        ├─time▶ expired       │                        └─▶ cancelled
 *        ├─cancel▶ cancelled   └─ a rule without review
 *        └─the pod cannot be dumped▶ failed
 */
import { z } from 'zod';
import {
  type Checkpoint,
  type DumpFailure,
  type DumpOutcome,
  dumpJobId,
  dumpOutcome,
  type FailureCode,
  type Preflight,
  preflight,
  type Target,
  type TransferTerms,
  target,
  transferTerms,
} from '../worker/dump-job.ts';
import type { PersonRef } from './chat/message.ts';

export const REQUEST_STATES = [
  'pending',
  'approved',
  'queued',
  'running',
  'completed',
  'failed',
  'denied',
  'expired',
  'cancelled',
] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

const personRef = z.templateLiteral([z.string(), ':', z.string()]);
const at = z.number().int();
const byAt = z.strictObject({ by: personRef, at });

/** What was said of the request, by slot (card, progress-1, result-1, …). */
const utterance = z.strictObject({
  /** Set before the message is posted: a crash after this leaves a message that may or may not be there. */
  attempts: z.number().int(),
  /** Counts how often the message was deleted by somebody and posted anew. */
  generation: z.number().int(),
  ref: z.string().optional(),
  /** Of the message as it is shown now; another one means that it is to be updated. */
  digest: z.string().optional(),
});
export type Utterance = z.infer<typeof utterance>;

export const dumpRequest = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[a-z0-9]{8}$/),
  /** Counts the saves, so that no two texts of a request are the same: what compare-and-swap compares. */
  revision: z.number().int(),
  state: z.enum(REQUEST_STATES),
  createdAt: at,
  changedAt: at,
  expiresAt: at,
  requester: personRef,
  place: z.string().max(1000),
  target,
  reason: z.string().max(1000).optional(),
  /** The name of the rule that let it be asked for. */
  rule: z.string(),
  /** 0: needs no review. */
  approvalsNeeded: z.number().int().min(0),
  /** What was asked for and allowed; the pre-flight says whether it will do without disk. */
  transfer: transferTerms,
  approvals: z.array(byAt),
  denial: z.strictObject({ by: personRef, at, reason: z.string().max(1000).optional() }).optional(),
  cancellation: byAt.optional(),
  preflight: preflight.optional(),
  looks: z.number().int(),
  /** Jobs queued so far; the newest one's id follows from it. */
  run: z.number().int(),
  outcome: dumpOutcome.optional(),
  /** The request that this one repeats with a new approval. */
  repeats: z.string().optional(),
  /** When somebody asked for a link and the object was not there any more: removed, or expired by a lifecycle rule. */
  goneAt: at.optional(),
  /** Made anew from the manifest in the bucket. `signed`: a key of ours vouches for what it says. */
  restored: z.strictObject({ at, signed: z.boolean() }).optional(),
  spoken: z.record(z.string(), utterance),
  /** Nothing more will happen and all of it was said. */
  closed: z.boolean(),
});
export type DumpRequest = z.infer<typeof dumpRequest>;

export type MoveProblem =
  | 'already-decided'
  | 'already-approved-by-you'
  | 'not-running'
  | 'not-failed'
  | 'not-resumable'
  | 'illegal-move';

export class MoveError extends Error {
  override readonly name = 'MoveError';
  readonly code: MoveProblem;
  readonly request: DumpRequest;

  constructor(code: MoveProblem, request: DumpRequest) {
    super(`${code}: request ${request.id} is ${request.state}`);
    this.code = code;
    this.request = request;
  }
}

export interface Proposal {
  readonly id: string;
  readonly requester: PersonRef;
  readonly place: string;
  readonly target: Target;
  readonly reason: string | undefined;
  readonly rule: string;
  readonly approvalsNeeded: number;
  readonly expireAfterMs: number;
  readonly transfer: TransferTerms;
  readonly repeats?: string;
}

export function propose(proposal: Proposal, now: number): DumpRequest {
  return {
    version: 1,
    id: proposal.id,
    revision: 0,
    state: 'pending',
    createdAt: now,
    changedAt: now,
    expiresAt: now + proposal.expireAfterMs,
    requester: proposal.requester,
    place: proposal.place,
    target: proposal.target,
    ...(proposal.reason === undefined ? {} : { reason: proposal.reason }),
    rule: proposal.rule,
    approvalsNeeded: proposal.approvalsNeeded,
    transfer: proposal.transfer,
    approvals: [],
    looks: 0,
    run: 0,
    ...(proposal.repeats === undefined ? {} : { repeats: proposal.repeats }),
    spoken: {},
    closed: false,
  };
}

/** The pre-flight's answer: from here on the request is bound to this pod uid, container and JVM. */
export function inspected(request: DumpRequest, found: Preflight, now: number): DumpRequest {
  expectState(request, 'pending');
  // Approvals given so far were for what was found first.
  if (request.preflight !== undefined) throw new MoveError('illegal-move', request);
  const bound = {
    ...request,
    preflight: found,
    changedAt: now,
    target: { ...request.target, container: found.container },
  };
  return request.approvalsNeeded === 0 ? { ...bound, state: 'approved' } : bound;
}

/** The pre-flight says that there is nothing to approve. */
export function refused(request: DumpRequest, failure: DumpFailure, now: number): DumpRequest {
  expectState(request, 'pending');
  return { ...request, state: 'failed', outcome: failure, changedAt: now };
}

/** @param alsoKnownAs the same human on other platforms: one human, one approval */
export function approve(
  request: DumpRequest,
  by: PersonRef,
  now: number,
  alsoKnownAs: readonly PersonRef[] = [],
): DumpRequest {
  expectUndecided(request, now);
  if (request.preflight === undefined) throw new MoveError('illegal-move', request);
  if (request.approvals.some((approval) => approval.by === by || alsoKnownAs.includes(approval.by)))
    throw new MoveError('already-approved-by-you', request);
  const approvals = [...request.approvals, { by, at: now }];
  return {
    ...request,
    approvals,
    changedAt: now,
    state: approvals.length >= request.approvalsNeeded ? 'approved' : 'pending',
  };
}

export function deny(
  request: DumpRequest,
  by: PersonRef,
  reason: string | undefined,
  now: number,
): DumpRequest {
  expectUndecided(request, now);
  if (request.approvals.some((approval) => approval.by === by))
    throw new MoveError('already-approved-by-you', request);
  return {
    ...request,
    state: 'denied',
    denial: { by, at: now, ...(reason === undefined ? {} : { reason }) },
    changedAt: now,
  };
}

/** @returns undefined while there is time left */
export function expire(request: DumpRequest, now: number): DumpRequest | undefined {
  if (request.state !== 'pending' || now < request.expiresAt) return undefined;
  return { ...request, state: 'expired', changedAt: now };
}

/** Before it runs this ends it; a running dump is asked to end, and its worker says when it has. */
export function cancel(request: DumpRequest, by: PersonRef, now: number): DumpRequest {
  const cancellation = { by, at: now };
  switch (request.state) {
    case 'pending':
      return { ...request, state: 'cancelled', cancellation, changedAt: now };
    case 'approved':
      // Not enqueued yet; a run before it (a resumed retry) may have left a dump in the pod, which the sweeper removes.
      return { ...request, state: 'cancelled', cancellation, changedAt: now };
    case 'queued':
    case 'running':
      return request.cancellation === undefined ? { ...request, cancellation, changedAt: now } : request;
    case 'completed':
    case 'failed':
    case 'denied':
    case 'expired':
    case 'cancelled':
      throw new MoveError('not-running', request);
  }
}

export function enqueued(request: DumpRequest, now: number): DumpRequest {
  expectState(request, 'approved');
  return { ...request, state: 'queued', run: request.run + 1, changedAt: now };
}

/** @returns undefined if there is nothing to change: progress comes many times and out of order */
export function started(request: DumpRequest, run: number, now: number): DumpRequest | undefined {
  if (request.state !== 'queued' || request.run !== run) return undefined;
  return { ...request, state: 'running', changedAt: now };
}

/** @returns undefined if the outcome is of an older run, or known already */
export function ended(
  request: DumpRequest,
  run: number,
  outcome: DumpOutcome,
  now: number,
): DumpRequest | undefined {
  if (request.run !== run || (request.state !== 'queued' && request.state !== 'running')) return undefined;
  return { ...request, state: outcome.outcome, outcome, changedAt: now };
}

/** Goes on where the failed run stopped: the approval was for one pause, and that one is over or has not begun. */
export function resume(request: DumpRequest, now: number): DumpRequest {
  if (request.state !== 'failed' || request.outcome?.outcome !== 'failed')
    throw new MoveError('not-failed', request);
  if (request.outcome.retry !== 'resume' || request.preflight === undefined)
    throw new MoveError('not-resumable', request);
  const { cancellation: _over, ...rest } = request;
  // Insisting on a way that turned out to be closed would only fail again: the dump is there, and any way will do.
  const transfer: TransferTerms = WAY_IS_CLOSED.has(request.outcome.code)
    ? { ...request.transfer, via: 'auto', compress: 'auto' }
    : request.transfer;
  return { ...rest, transfer, state: 'approved', closed: false, changedAt: now };
}

const WAY_IS_CLOSED: ReadonlySet<FailureCode> = new Set([
  'no-uploader',
  'no-route-to-store',
  'no-gzip',
  'no-room-to-pack',
]);

/** Somebody looked whether the object is there. @returns undefined if that is known already */
export function lookedFor(request: DumpRequest, isThere: boolean, now: number): DumpRequest | undefined {
  const { goneAt, ...rest } = request;
  if (request.state !== 'completed' || isThere === (goneAt === undefined)) return undefined;
  return isThere ? rest : { ...rest, goneAt: now };
}

const NOBODY: PersonRef = 'nobody:';

/** Whom the rules take for its requester: of what was restored from a manifest that nobody vouches for, nobody. */
export const requesterOf = (request: DumpRequest): PersonRef =>
  request.restored?.signed === false ? NOBODY : request.requester;

/** Of the run that is queued or running, or was the last one. */
export const jobIdOf = (request: DumpRequest): string => dumpJobId(request.id, request.run);

export function checkpointOf(request: DumpRequest): Checkpoint {
  const outcome = request.outcome;
  return (outcome?.outcome === 'failed' ? outcome.checkpoint : undefined) ?? { stepMs: {} };
}

export const isFinal = (state: RequestState): boolean => {
  switch (state) {
    case 'completed':
    case 'failed':
    case 'denied':
    case 'expired':
    case 'cancelled':
      return true;
    case 'pending':
    case 'approved':
    case 'queued':
    case 'running':
      return false;
  }
};

function expectState(request: DumpRequest, state: RequestState): void {
  if (request.state !== state) throw new MoveError('illegal-move', request);
}

function expectUndecided(request: DumpRequest, now: number): void {
  if (request.state !== 'pending' || now >= request.expiresAt)
    throw new MoveError('already-decided', request);
}
