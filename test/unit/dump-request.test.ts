import { describe, expect, it } from 'vitest';
import {
  approve,
  cancel,
  checkpointOf,
  type DumpRequest,
  deny,
  dumpRequest,
  ended,
  enqueued,
  expire,
  inspected,
  jobIdOf,
  MoveError,
  type MoveProblem,
  REQUEST_STATES,
  refused,
  resume,
  started,
} from '../../src/bot/dump-request.ts';
import type { DumpOutcome } from '../../src/worker/dump-job.ts';
import {
  ALICE,
  aCompletion,
  aFailure,
  aPreflight,
  approved,
  BOB,
  CAROL,
  NOW,
  pending,
  proposed,
  queued,
  running,
  transfer,
} from './a-request.ts';

const cancelledOutcome: DumpOutcome = { outcome: 'cancelled', version: 1, left: [] };

function problemOf(move: () => unknown): MoveProblem | 'none' {
  try {
    move();
    return 'none';
  } catch (error) {
    if (error instanceof MoveError) return error.code;
    throw error;
  }
}

function endedWith(request: DumpRequest, outcome: DumpOutcome): DumpRequest {
  const after = ended(request, request.run, outcome, NOW + 9000);
  if (after === undefined) throw new Error('A running request could not end');
  return after;
}

const inState: Readonly<Record<DumpRequest['state'], () => DumpRequest>> = {
  pending: () => pending(),
  approved: () => approved(),
  queued: () => queued(),
  running: () => running(),
  completed: () => endedWith(running(), aCompletion()),
  failed: () => endedWith(running(), aFailure()),
  denied: () => deny(pending(), BOB, 'not at noon', NOW),
  expired: () => expire(pending(), NOW + 30 * 60_000) ?? pending(),
  cancelled: () => cancel(pending(), ALICE, NOW),
};

describe('a new request', () => {
  it('waits for a decision until its time is over', () => {
    const request = proposed({ expireAfterMs: 60_000 });

    expect(request).toMatchObject({ state: 'pending', expiresAt: NOW + 60_000, approvals: [], run: 0 });
    expect(expire(request, NOW + 59_999)).toBeUndefined();
    expect(expire(request, NOW + 60_000)?.state).toBe('expired');
  });

  it('cannot be approved before somebody has looked at the pod', () => {
    expect(problemOf(() => approve(proposed(), BOB, NOW))).toBe('illegal-move');
  });

  it('is bound by the look to one container of one pod and to one JVM', () => {
    const request = inspected(proposed(), aPreflight({ container: 'sidecar' }), NOW);

    expect(request.target.container).toBe('sidecar');
    expect(request.preflight).toMatchObject({
      podUid: aPreflight().podUid,
      jvm: { pid: 7, startTime: 12_345 },
    });
  });

  it('stays bound to what it was bound to first: a second look cannot slip another pod under an approval', () => {
    const request = approve(pending({ approvalsNeeded: 2 }), BOB, NOW);

    expect(problemOf(() => inspected(request, aPreflight({ podUid: 'another' }), NOW))).toBe('illegal-move');
  });

  it('is approved by the look where the rule asks for no review', () => {
    expect(pending({ approvalsNeeded: 0 }).state).toBe('approved');
  });

  it('fails where the look finds nothing to approve, and keeps the reason', () => {
    const failure = aFailure({ code: 'no-jvm', retry: 'new-approval' });

    expect(refused(proposed(), failure, NOW)).toMatchObject({ state: 'failed', outcome: { code: 'no-jvm' } });
  });
});

describe('a decision', () => {
  it('is made with one approval where one is needed', () => {
    expect(approve(pending(), BOB, NOW + 5)).toMatchObject({
      state: 'approved',
      approvals: [{ by: BOB, at: NOW + 5 }],
      changedAt: NOW + 5,
    });
  });

  it('takes as many different people as the rule asks for', () => {
    const once = approve(pending({ approvalsNeeded: 2 }), BOB, NOW);

    expect(once.state).toBe('pending');
    expect(problemOf(() => approve(once, BOB, NOW))).toBe('already-approved-by-you');
    expect(approve(once, CAROL, NOW).state).toBe('approved');
  });

  it('takes one approval of a human who has accounts on two platforms', () => {
    const once = approve(pending({ approvalsNeeded: 2 }), BOB, NOW);

    expect(problemOf(() => approve(once, 'dingtalk:0135', NOW, [BOB, 'dingtalk:0135']))).toBe(
      'already-approved-by-you',
    );
  });

  it('is not turned round by whoever made it, and one denial of another person is enough', () => {
    const once = approve(pending({ approvalsNeeded: 2 }), BOB, NOW);

    expect(problemOf(() => deny(once, BOB, undefined, NOW))).toBe('already-approved-by-you');
    expect(deny(once, CAROL, 'not now', NOW)).toMatchObject({
      state: 'denied',
      denial: { by: CAROL, reason: 'not now' },
    });
  });

  it('comes too late at the very moment when the time is over, also before anybody has noted that', () => {
    const request = pending();

    expect(problemOf(() => approve(request, BOB, request.expiresAt - 1))).toBe('none');
    expect(problemOf(() => approve(request, BOB, request.expiresAt))).toBe('already-decided');
    expect(problemOf(() => deny(request, BOB, undefined, request.expiresAt))).toBe('already-decided');
  });

  it.each(REQUEST_STATES.filter((state) => state !== 'pending'))(
    'is refused when the request is %s already',
    (state) => {
      const request = inState[state]();

      expect(problemOf(() => approve(request, CAROL, NOW))).toBe('already-decided');
      expect(problemOf(() => deny(request, CAROL, undefined, NOW))).toBe('already-decided');
      expect(expire(request, request.expiresAt + 1)).toBeUndefined();
    },
  );
});

describe('taking a request back', () => {
  it('ends it at once as long as no job of it is queued', () => {
    for (const request of [proposed(), pending(), approved()])
      expect(cancel(request, ALICE, NOW)).toMatchObject({ state: 'cancelled', cancellation: { by: ALICE } });
  });

  it('asks a queued or running job to end, and leaves its end to the worker', () => {
    for (const request of [queued(), running()]) {
      const asked = cancel(request, ALICE, NOW);

      expect(asked).toMatchObject({ state: request.state, cancellation: { by: ALICE } });
      expect(endedWith(asked, cancelledOutcome).state).toBe('cancelled');
    }
  });

  it('names the first who asked for it', () => {
    expect(cancel(cancel(running(), ALICE, NOW), BOB, NOW + 1).cancellation).toEqual({ by: ALICE, at: NOW });
  });

  it.each(['completed', 'failed', 'denied', 'expired', 'cancelled'] as const)(
    'is refused when it is %s',
    (state) => {
      expect(problemOf(() => cancel(inState[state](), ALICE, NOW))).toBe('not-running');
    },
  );
});

describe('a job of a request', () => {
  it('has an id of its own for each run', () => {
    const first = queued();
    const second = enqueued(resume(endedWith(first, aFailure()), NOW), NOW);

    expect([jobIdOf(first), jobIdOf(second)]).toEqual(['abcd1234-run1', 'abcd1234-run2']);
  });

  it('starts once, and not by the word of an older run', () => {
    expect(started(queued(), 1, NOW)?.state).toBe('running');
    expect(started(queued(), 0, NOW)).toBeUndefined();
    expect(started(running(), 1, NOW)).toBeUndefined();
  });

  it('may end before anybody heard of its start', () => {
    expect(ended(queued(), 1, aCompletion(), NOW)?.state).toBe('completed');
  });

  it('ends once: what comes later or from an older run changes nothing', () => {
    const done = endedWith(running(), aCompletion());
    const again = enqueued(resume(endedWith(running(), aFailure()), NOW), NOW);

    expect(ended(done, 1, aFailure(), NOW)).toBeUndefined();
    expect(ended(again, 1, aCompletion(), NOW)).toBeUndefined();
  });
});

describe('a retry', () => {
  it('goes on with the checkpoint of the failed run, under the same approval', () => {
    const checkpoint = { workDir: '/tmp/.heapdump-abcd1234', dumpStarted: true, stepMs: {} };
    const failed = endedWith(running(), aFailure({ checkpoint }));
    const again = resume(failed, NOW);

    expect(again).toMatchObject({ state: 'approved', closed: false, approvals: failed.approvals });
    expect(checkpointOf(enqueued(again, NOW))).toEqual(checkpoint);
  });

  it('keeps the terms on which the dump may travel', () => {
    const terms = transfer({ via: 'relay', compress: 'none' });
    const failed = endedWith(running({ transfer: terms }), aFailure());

    expect(enqueued(resume(failed, NOW), NOW).transfer).toEqual(terms);
  });

  it.each(['no-uploader', 'no-route-to-store', 'no-gzip', 'no-room-to-pack'] as const)(
    'takes any way that is open where the one that was asked for is not (%s)',
    (code) => {
      const terms = transfer({ via: 'direct', compress: 'pod', podCpu: true });
      const failed = endedWith(running({ transfer: terms }), aFailure({ code }));

      expect(resume(failed, NOW).transfer).toEqual({ ...terms, via: 'auto', compress: 'auto' });
    },
  );

  it('forgets that the run before it was asked to end', () => {
    const failed = endedWith(cancel(running(), ALICE, NOW), aFailure());

    expect(resume(failed, NOW).cancellation).toBeUndefined();
  });

  it.each(['new-approval', 'none'] as const)('is refused where the failure says %s', (retry) => {
    expect(problemOf(() => resume(endedWith(running(), aFailure({ retry })), NOW))).toBe('not-resumable');
  });

  it('is refused where no pod was ever bound', () => {
    expect(problemOf(() => resume(refused(proposed(), aFailure(), NOW), NOW))).toBe('not-resumable');
  });

  it.each(REQUEST_STATES.filter((state) => state !== 'failed'))(
    'is refused when the request is %s',
    (state) => {
      expect(problemOf(() => resume(inState[state](), NOW))).toBe('not-failed');
    },
  );

  it('begins with nothing where nothing was saved', () => {
    expect(checkpointOf(queued())).toEqual({ stepMs: {} });
  });
});

describe('a saved request', () => {
  it('is read back as it was, in each state', () => {
    for (const state of REQUEST_STATES) {
      const request = inState[state]();

      expect(dumpRequest.parse(JSON.parse(JSON.stringify(request)))).toEqual(request);
    }
  });

  it('is refused where it is of another version, has an unknown key, or a person without a platform', () => {
    for (const broken of [
      { ...pending(), version: 2 },
      { ...pending(), colour: 'red' },
      { ...pending(), requester: 'U0ALICE' },
      { ...pending(), id: 'ABCD1234' },
      { ...pending(), state: 'done' },
    ])
      expect(dumpRequest.safeParse(broken).success).toBe(false);
  });
});
