/** Cancelling, by command or by button: before the dump it ends the request, afterwards it asks the worker to end it. */
import { CONTRACT_VERSION } from '../worker/dump-job.ts';
import type { Advancer } from './advance.ts';
import type { AuditEntry, AuditEvent } from './audit.ts';
import type { DumpQueues } from './dump-queues.ts';
import { cancel, type DumpRequest, ended, jobIdOf } from './dump-request.ts';
import { targetText } from './messages/replies.ts';
import { mayCancel, type PersonInGroups, type Rule } from './policy.ts';
import type { RequestStore } from './request-store.ts';

export interface CancelDeps {
  readonly store: RequestStore;
  readonly queues: DumpQueues;
  readonly advancer: Advancer;
  readonly rules: readonly Rule[];
  readonly now: () => number;
}

/** @throws MoveError if there is nothing left to cancel */
export type CancelRequest = (request: DumpRequest, who: PersonInGroups) => Promise<'ok' | 'not-allowed'>;

export function createCancelRequest({ store, queues, advancer, rules, now }: CancelDeps): CancelRequest {
  const entry = (
    event: AuditEvent,
    request: DumpRequest,
    by: AuditEntry['by'],
    facts: AuditEntry['facts'] = {},
  ): AuditEntry => ({
    at: now(),
    event,
    requestId: request.id,
    by,
    target: targetText(request.target),
    facts,
  });

  return async (request, who) => {
    const rule = rules.find(({ name }) => name === request.rule);
    if (rule === undefined || !mayCancel(rule, request.requester, who)) {
      await store.record(entry('decision-refused', request, who.person, { action: 'cancel' }));
      return 'not-allowed';
    }
    const moved = await store.change(
      request.id,
      (before) => cancel(before, who.person, now()),
      (after) => entry(after.state === 'cancelled' ? 'cancelled' : 'cancel-requested', after, who.person),
    );
    const after = moved?.request;
    if (after?.state === 'queued' || after?.state === 'running') {
      await queues.askToCancel(after.id, who.person);
      if (await queues.removeWaiting(after.target.cluster, jobIdOf(after))) {
        await store.change(
          after.id,
          (before) =>
            ended(before, after.run, { outcome: 'cancelled', version: CONTRACT_VERSION, left: [] }, now()),
          (gone) => entry('cancelled', gone, 'bot'),
        );
      }
    }
    await advancer.advance(request.id);
    return 'ok';
  };
}
