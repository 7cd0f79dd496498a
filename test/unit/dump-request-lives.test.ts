import { describe, expect, it } from 'vitest';
import {
  approve,
  cancel,
  type DumpRequest,
  deny,
  dumpRequest,
  ended,
  enqueued,
  expire,
  inspected,
  isFinal,
  MoveError,
  type MoveProblem,
  REQUEST_STATES,
  refused,
  resume,
  started,
} from '../../src/bot/dump-request.ts';
import { ALICE, aCompletion, aFailure, aPreflight, BOB, CAROL, NOW, proposed } from './a-request.ts';
import { seeded } from './seeded.ts';

function problemOf(move: () => unknown): MoveProblem | 'none' {
  try {
    move();
    return 'none';
  } catch (error) {
    if (error instanceof MoveError) return error.code;
    throw error;
  }
}

describe('whatever moves are tried, in whatever order', () => {
  it('a request is queued with its approvals alone, runs at most once for each, and ends for good', () => {
    const random = seeded(7);
    const seen = new Set<string>();
    for (let life = 0; life < 400; life += 1) {
      const needed = random.below(3);
      let now = NOW;
      let request = proposed({ approvalsNeeded: needed });
      for (let turn = 0; turn < 25; turn += 1) {
        now += random.below(4) === 0 ? 600_000 : 1000;
        const before = structuredClone(request);
        const person = random.pick([ALICE, BOB, CAROL] as const);
        const move = random.pick<() => DumpRequest | undefined>([
          () => inspected(request, aPreflight(), now),
          () => refused(request, aFailure({ retry: 'new-approval' }), now),
          () => approve(request, person, now),
          () => approve(request, person, now),
          () => deny(request, person, undefined, now),
          () => expire(request, now),
          () => cancel(request, person, now),
          () => enqueued(request, now),
          () => enqueued(request, now),
          () => started(request, random.below(3), now),
          () => ended(request, random.below(3), aFailure({ retry: random.pick(['resume', 'none']) }), now),
          () => ended(request, random.below(3), aCompletion(), now),
          () => resume(request, now),
        ]);
        let after: DumpRequest | undefined;
        expect(problemOf(() => (after = move()))).toBeTypeOf('string');
        // No move touches the request that it was given: two bots may hold it.
        expect(request).toEqual(before);
        if (after === undefined) continue;
        expect(dumpRequest.parse(after)).toEqual(after);
        if (after.run > 0) {
          expect(after.approvals.length).toBeGreaterThanOrEqual(needed);
          expect(after.preflight).toBeDefined();
        }
        if (isFinal(before.state) && after.state !== before.state)
          expect([before.state, after.state]).toEqual(['failed', 'approved']);
        expect(after.run - before.run).toBeLessThanOrEqual(before.state === 'approved' ? 1 : 0);
        seen.add(after.state);
        request = after;
      }
    }
    expect([...seen].sort()).toEqual([...REQUEST_STATES].sort());
  });
});
