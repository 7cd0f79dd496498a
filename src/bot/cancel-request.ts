/** Cancelling, by command or by button: before the dump it ends the request, afterwards it asks the worker to end it. */
import { CONTRACT_VERSION } from '../worker/dump-job.ts';
import type { Advancer } from './advance.ts';
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
  return async (request, who) => {
    const rule = rules.find(({ name }) => name === request.rule);
    if (rule === undefined || !mayCancel(rule, request.requester, who)) return 'not-allowed';
    const moved = await store.change(
      request.id,
      (before) => cancel(before, who.person, now()),
      (after) => ({
        at: now(),
        event: after.state === 'cancelled' ? 'cancelled' : 'cancel-requested',
        requestId: after.id,
        by: who.person,
        target: targetText(after.target),
        facts: {},
      }),
    );
    const after = moved?.request;
    if (after?.state === 'queued' || after?.state === 'running') {
      await queues.askToCancel(after.id, who.person);
      if (await queues.removeWaiting(after.target.cluster, jobIdOf(after))) {
        await store.change(after.id, (before) =>
          ended(before, after.run, { outcome: 'cancelled', version: CONTRACT_VERSION, left: [] }, now()),
        );
      }
    }
    await advancer.advance(request.id);
    return 'ok';
  };
}
