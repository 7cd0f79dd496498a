/**
 * Takes a request as far as it can go by itself: looks at the pod, queues the approved, learns how jobs ended, speaks.
 * The handlers call it after each move, the reconciler for every open request: a crash anywhere only delays it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import {
  CONTRACT_VERSION,
  type DumpData,
  type DumpOutcome,
  type Progress,
  plainFailure,
} from '../worker/dump-job.ts';
import { type AuditEntry, type AuditEvent, inspectionFacts, outcomeFacts } from './audit.ts';
import { ChatError } from './chat/chat-platform.ts';
import type { DumpQueues } from './dump-queues.ts';
import {
  checkpointOf,
  type DumpRequest,
  ended,
  enqueued,
  expire,
  inspected,
  isFinal,
  jobIdOf,
  MoveError,
  refused,
  started,
} from './dump-request.ts';
import { targetText } from './messages/replies.ts';
import type { RequestStore } from './request-store.ts';
import { Serially } from './serially.ts';
import type { Speaker } from './speak.ts';
import { approvedTerms } from './transfer-terms.ts';

export interface AdvanceDeps {
  readonly store: RequestStore;
  readonly queues: DumpQueues;
  readonly speaker: Speaker;
  /** This process among all bots. */
  readonly botId: string;
  readonly now: () => number;
  readonly log: Logger;
}

export interface Advancer {
  /** Never throws: what fails now is done by the reconciler. */
  advance(requestId: string, progress?: Progress): Promise<void>;
  /** As `advance`, when the job has ended: how far it had come is not worth waiting for any more. */
  jobEnded(requestId: string): Promise<void>;
  idle(): Promise<void>;
}

/** Longer than a pre-flight may take, so that two bots do not ask twice. */
const WORD_LEASE_MS = 90_000;
const WORD_TRIES = 10;
const WORD_PAUSE_MS = 200;
/** Each turn of the loop is a move; no request has more moves than this before somebody else must act. */
const MOST_TURNS = 8;

export function createAdvancer(deps: AdvanceDeps): Advancer {
  const { store, queues, speaker, now, log } = deps;
  const serially = new Serially();
  const latest = new Map<string, Progress>();
  /** By request that is being spoken of. */
  const overtaking = new Map<string, AbortController>();

  const turn = async (id: string): Promise<'again' | 'rest'> => {
    const request = await store.get(id);
    if (request === undefined || request.closed) return 'rest';
    const expired = await store.change(id, (before) => expire(before, now()), entry('expired', 'bot'));
    if (expired?.changed) return 'again';
    switch (request.state) {
      case 'pending':
        if (request.preflight === undefined) {
          await look(request);
          return 'again';
        }
        break;
      case 'approved':
        await enqueue(request);
        return 'again';
      case 'queued':
      case 'running':
        if (await learn(request)) return 'again';
        break;
      case 'completed':
      case 'failed':
      case 'denied':
      case 'expired':
      case 'cancelled':
        break;
    }
    return say(request);
  };

  const look = async (request: DumpRequest): Promise<void> => {
    const looking = await store.change(request.id, (before) => ({ ...before, looks: before.looks + 1 }));
    if (looking === undefined) return;
    const { target, transfer } = request;
    const outcome = await queues.preflight(request.id, looking.request.looks, target, transfer.noDisk);
    await store.change(
      request.id,
      // Cancelled or expired while somebody looked: that stands.
      (before) => {
        if (before.state !== 'pending' || before.preflight !== undefined) return undefined;
        return outcome.outcome === 'ready'
          ? inspected(before, outcome.preflight, now())
          : refused(before, outcome, now());
      },
      entry(
        outcome.outcome === 'ready' ? 'inspected' : 'failed',
        'bot',
        outcome.outcome === 'ready' ? inspectionFacts(outcome.preflight) : { code: outcome.code },
      ),
    );
  };

  const enqueue = async (request: DumpRequest): Promise<void> => {
    // The state moves first: a job that is added twice is one job, a job that nobody knows of is not.
    const moved = await store.change(
      request.id,
      (before) => (before.state === 'approved' ? enqueued(before, now()) : undefined),
      entry('queued', 'bot'),
    );
    if (moved?.changed) await add(moved.request);
  };

  const add = async (request: DumpRequest): Promise<void> => {
    const data = dumpDataOf(request);
    if (data !== undefined) await queues.add(jobIdOf(request), data);
  };

  /** @returns true if the request moved */
  const learn = async (request: DumpRequest): Promise<boolean> => {
    const standing = await queues.standing(request.target.cluster, jobIdOf(request));
    switch (standing.kind) {
      case 'absent':
        if (request.cancellation !== undefined)
          return end(request, { outcome: 'cancelled', version: CONTRACT_VERSION, left: [] });
        // The crash came between the move and the job, or Redis lost it: the same job again, under the same id.
        log.warn({ requestId: request.id }, 'job was not in its queue, adding it');
        await add(request);
        return false;
      case 'waiting':
        return false;
      case 'active': {
        if (standing.progress !== undefined) latest.set(request.id, standing.progress);
        const moved = await store.change(request.id, (before) => started(before, request.run, now()));
        return moved?.changed ?? false;
      }
      case 'ended':
        return end(request, standing.outcome);
    }
  };

  const end = async (request: DumpRequest, outcome: DumpOutcome): Promise<boolean> => {
    const moved = await store.change(
      request.id,
      (before) => ended(before, request.run, outcome, now()),
      (after) => entry(outcome.outcome, 'bot', outcomeFacts(after))(after),
    );
    return moved?.changed ?? false;
  };

  const say = async (request: DumpRequest): Promise<'again' | 'rest'> => {
    let said: DumpRequest;
    const overtake = new AbortController();
    overtaking.set(request.id, overtake);
    try {
      said = await speaker.speak(request, latest.get(request.id), overtake.signal);
    } catch (error) {
      if (error instanceof ChatError && error.code === 'overtaken') return 'again';
      if (!(error instanceof ChatError) || error.code !== 'place-gone' || request.state !== 'pending')
        throw error;
      // A card that nobody can see cannot be approved.
      const moved = await store.change(
        request.id,
        (before) => cannotPost(before, now()),
        entry('failed', 'bot', { code: 'cannot-post' }),
      );
      return moved?.changed ? 'again' : 'rest';
    } finally {
      overtaking.delete(request.id);
    }
    if (!isFinal(said.state)) return 'rest';
    latest.delete(said.id);
    if (speaker.isAllSaid(said)) {
      await store.change(said.id, (before) =>
        before.revision === said.revision && !before.closed ? { ...before, closed: true } : undefined,
      );
    }
    return 'rest';
  };

  const entry =
    (event: AuditEvent, by: AuditEntry['by'], facts: AuditEntry['facts'] = {}) =>
    (after: DumpRequest): AuditEntry => ({
      at: now(),
      event,
      requestId: after.id,
      by,
      target: targetText(after.target),
      facts,
    });

  /** Another bot may be in the middle of a turn that began before this move: a move waits for it, mere progress does not. */
  const takeWord = async (requestId: string, patient: boolean): Promise<boolean> => {
    for (let tries = 1; ; tries += 1) {
      if (await store.takeWord(requestId, deps.botId, WORD_LEASE_MS)) return true;
      if (!patient || tries >= WORD_TRIES) return false;
      await sleep(WORD_PAUSE_MS);
    }
  };

  const advance: Advancer['advance'] = async (requestId, progress) => {
    if (progress !== undefined) latest.set(requestId, progress);
    await serially.run(requestId, async () => {
      try {
        if (!(await takeWord(requestId, progress === undefined))) return;
        try {
          for (let turns = 0; turns < MOST_TURNS && (await turn(requestId)) === 'again'; turns += 1);
        } finally {
          await store.leaveWord(requestId, deps.botId);
        }
      } catch (err) {
        const level = err instanceof ChatError || err instanceof MoveError ? 'warn' : 'error';
        log[level]({ err, requestId }, 'request could not be advanced now');
      }
    });
  };

  return {
    advance,
    async jobEnded(requestId) {
      overtaking.get(requestId)?.abort();
      await advance(requestId);
    },
    idle: () => serially.idle(),
  };
}

function dumpDataOf(request: DumpRequest): DumpData | undefined {
  const { preflight, target } = request;
  if (preflight === undefined) return undefined;
  return {
    version: CONTRACT_VERSION,
    kind: 'dump',
    requestId: request.id,
    target: { ...target, container: preflight.container },
    podUid: preflight.podUid,
    workload: preflight.workload,
    jvm: preflight.jvm,
    objectPrefix: preflight.objectPrefix,
    transfer: approvedTerms(request.transfer, preflight),
    requestedBy: request.requester,
    approvedBy: request.approvals.map(({ by }) => by),
    asked: {
      at: request.createdAt,
      ...(request.reason === undefined ? {} : { reason: request.reason }),
      rule: request.rule,
      approvalsNeeded: request.approvalsNeeded,
      approvals: request.approvals,
      ...(request.repeats === undefined ? {} : { repeats: request.repeats }),
    },
    checkpoint: checkpointOf(request),
  };
}

function cannotPost(request: DumpRequest, now: number): DumpRequest | undefined {
  if (request.state !== 'pending') return undefined;
  const { preflight: _unseen, ...rest } = request;
  return refused(rest, plainFailure('cannot-post', 'none'), now);
}
