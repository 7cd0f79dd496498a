import { describe, expect, it } from 'vitest';
import { visibleRequests } from '../../src/bot/visible-requests.ts';
import { ALICE, BOB, pending } from '../unit/a-request.ts';
import { entry, storeBench } from './store-bench.ts';

const bench = storeBench();

/** The oldest first: `r0000000` and so on; every `step`th one is Alice's. */
async function filled(count: number, step: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const id = `r${String(at).padStart(7, '0')}`;
    const request = {
      ...pending({ id, requester: at % step === 0 ? ALICE : BOB }),
      createdAt: 1000 + Math.floor(at / 2),
    };
    await bench.store.restore({ ...request, closed: true }, entry('restored', { requestId: id }));
  }
}
const ofAlice = ({ requester }: { requester: string }): boolean => requester === ALICE;

describe('what a person may see among many', () => {
  it('is found also where it lies far behind what they may not see', async () => {
    await filled(900, 100);

    const seen = await visibleRequests(bench.store, ofAlice, { limit: 5 });

    expect(seen.requests.map(({ id }) => id)).toEqual([
      'r0000800',
      'r0000700',
      'r0000600',
      'r0000500',
      'r0000400',
    ]);
    expect(seen.next).toBe('r0000400');
  });

  it('goes on behind what was seen, to the end, and each once', async () => {
    await filled(60, 1);
    const pages: string[][] = [];
    for (let behind: string | undefined, last = false; !last; ) {
      const page = await visibleRequests(bench.store, ofAlice, { behind, limit: 25 });
      pages.push(page.requests.map(({ id }) => id));
      behind = page.next;
      last = behind === undefined;
    }

    expect(pages.map(({ length }) => length)).toEqual([25, 25, 10]);
    expect(new Set(pages.flat()).size).toBe(60);
    expect(pages.flat()).toEqual([...pages.flat()].sort().reverse());
  });

  it('is not followed by more where the page is full and nothing is left', async () => {
    await filled(5, 1);

    expect((await visibleRequests(bench.store, ofAlice, { limit: 5 })).next).toBeUndefined();
  });

  it('is looked for no longer than is bearable, and can be looked for further', async () => {
    await filled(600, 600);

    const first = await visibleRequests(bench.store, ofAlice, { limit: 5, mostLookedAt: 500 });
    const second = await visibleRequests(bench.store, ofAlice, {
      behind: first.next,
      limit: 5,
      mostLookedAt: 500,
    });

    expect(first.requests).toEqual([]);
    expect(second.requests.map(({ id }) => id)).toEqual(['r0000000']);
    expect(second.next).toBeUndefined();
  });

  it('is nothing behind a request that is not there', async () => {
    await filled(3, 1);

    expect(await visibleRequests(bench.store, ofAlice, { behind: 'gone0000', limit: 5 })).toEqual({
      requests: [],
      next: undefined,
    });
  });
});
