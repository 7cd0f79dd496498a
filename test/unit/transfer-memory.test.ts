import { describe, expect, it } from 'vitest';
import { memoryFor } from '../../src/worker/transfer/memory.ts';
import { Turns } from '../../src/worker/transfer/turns.ts';

const MIB = 1024 * 1024;
const bytesOf = ({ pieces, packed }: ReturnType<typeof memoryFor>): number =>
  pieces.pieceBytes * pieces.count + packed.pieceBytes * packed.count;

const memory = (dumpsAtOnce: number, form: 'hprof' | 'hprof.gz', pieceMiB = 8) =>
  memoryFor(
    { settings: { transferMemoryMiB: 128, lanes: 4 }, clusterConfig: { dumpsAtOnce } },
    { pieceBytes: pieceMiB * MIB, form },
  );

describe("a worker's memory is a function of its config", () => {
  it.each([1, 4, 8])('is shared by %i dumps at once, and no more than the budget', (dumpsAtOnce) => {
    const perDump = bytesOf(memory(dumpsAtOnce, 'hprof.gz'));
    expect(perDump * dumpsAtOnce).toBeLessThanOrEqual(131 * MIB);
  });

  it('never falls below what fetching and storing at the same time need', () => {
    expect(memory(50, 'hprof.gz').pieces.count).toBe(1);
    expect(memory(50, 'hprof.gz').packed.count).toBe(1);
    expect(memory(50, 'hprof').pieces.count).toBe(2);
  });

  it('opens no more connections than there are buffers', () => {
    expect(memory(8, 'hprof').lanes).toBe(2);
    expect(memory(8, 'hprof.gz').lanes).toBe(1);
    expect(memory(1, 'hprof').lanes).toBe(4);
  });
});

describe('pieces that run ahead', () => {
  const never = new AbortController().signal;

  it('wait until they are among the next few, so that these find a buffer', async () => {
    const turns = new Turns(2);
    await turns.enter(2, never);
    let entered = false;
    const third = turns.enter(3, never).then(() => {
      entered = true;
    });
    await new Promise(setImmediate);
    expect(entered).toBe(false);
    turns.took(1);
    await third;
    expect(entered).toBe(true);
  });

  it('stop waiting when the transfer is aborted', async () => {
    const stop = new AbortController();
    const waiting = new Turns(1).enter(5, stop.signal);
    stop.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });
});
