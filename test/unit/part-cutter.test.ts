import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Part, PartCutter } from '../../src/worker/steps/part-cutter.ts';
import { seeded } from './seeded.ts';

/** A store that keeps a part until it is told to be done with it. */
function slowStore() {
  const underway = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  const parts: { number: number; text: string; memory: ArrayBufferLike }[] = [];
  return {
    underway,
    parts,
    send: ({ number, body }: Part) => {
      parts.push({ number, text: body.toString('latin1'), memory: body.buffer });
      return new Promise<void>((resolve, reject) => underway.set(number, { resolve, reject }));
    },
    finish(number: number, error?: Error) {
      const part = underway.get(number);
      if (part === undefined) throw new Error(`Part ${number} is not under way`);
      underway.delete(number);
      if (error === undefined) part.resolve();
      else part.reject(error);
    },
  };
}

async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  promise.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  return !over;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('a stream that is cut into parts', () => {
  it('gives parts of one size, numbered on from the first that is missing, and a shorter last one', async () => {
    const sent: [number, string][] = [];
    const cutter = new PartCutter({
      partBytes: 4,
      buffers: 3,
      firstNumber: 7,
      send: async ({ number, body }) => void sent.push([number, body.toString('latin1')]),
    });

    for (const chunk of ['ab', 'cdefghij', '', 'k']) await cutter.write(bytes(chunk));
    await cutter.end();

    expect(sent).toEqual([
      [7, 'abcd'],
      [8, 'efgh'],
      [9, 'ijk'],
    ]);
  });

  it('gives no empty part at the end of a whole one, nor of nothing', async () => {
    const numbers: number[] = [];
    const send = async ({ number }: Part) => void numbers.push(number);
    const whole = new PartCutter({ partBytes: 4, buffers: 2, firstNumber: 1, send });
    await whole.write(bytes('abcdefgh'));
    await whole.end();
    await new PartCutter({ partBytes: 4, buffers: 2, firstNumber: 1, send }).end();

    expect(numbers).toEqual([1, 2]);
  });

  it('loses and repeats no byte, however it comes in and in whatever order the parts are stored', async () => {
    const random = seeded(99);
    for (let turn = 0; turn < 100; turn += 1) {
      const file = Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)));
      const stored: Buffer[] = [];
      const cutter = new PartCutter({
        partBytes: 1 + random.below(40),
        buffers: 1 + random.below(3),
        firstNumber: 1,
        send: async ({ number, body }) => {
          for (let wait = random.below(4); wait > 0; wait -= 1) await nextTurn();
          // Read at the end of the way: a buffer that is used again too early would show.
          stored[number] = Buffer.from(body);
        },
      });
      for (let at = 0; at < file.length; ) {
        const size = 1 + random.below(60);
        await cutter.write(file.subarray(at, at + size));
        at += size;
      }
      await cutter.end();

      expect(Buffer.concat(stored.filter((part) => part !== undefined)).equals(file)).toBe(true);
    }
  });
});

describe('a slow store', () => {
  it('makes the reader of the pod wait while all buffers are under way', async () => {
    const store = slowStore();
    const cutter = new PartCutter({ partBytes: 4, buffers: 2, firstNumber: 1, send: store.send });
    await cutter.write(bytes('abcdefgh'));
    const third = cutter.write(bytes('ijkl'));

    expect(await isWaiting(third)).toBe(true);
    expect([...store.underway.keys()]).toEqual([1, 2]);

    store.finish(2);
    await third;

    expect(store.parts.at(-1)).toMatchObject({ number: 3, text: 'ijkl' });
  });

  it('is never given more memory than the buffers: each is used again', async () => {
    const store = slowStore();
    const cutter = new PartCutter({ partBytes: 4, buffers: 3, firstNumber: 1, send: store.send });
    for (let number = 1; number <= 30; number += 1) {
      const written = cutter.write(bytes('wxyz'));
      if (number > 3) store.finish(number - 3);
      await written;
    }

    expect(new Set(store.parts.map(({ memory }) => memory)).size).toBe(3);
    expect(store.underway.size).toBe(3);
  });

  it('keeps the end waiting until the last part is stored', async () => {
    const store = slowStore();
    const cutter = new PartCutter({ partBytes: 4, buffers: 3, firstNumber: 1, send: store.send });
    await cutter.write(bytes('abcdef'));
    const end = cutter.end();

    store.finish(1);
    expect(await isWaiting(end)).toBe(true);
    store.finish(2);
    await end;
  });
});

describe('a store that fails', () => {
  it('is heard of by the write that waits', async () => {
    const store = slowStore();
    const cutter = new PartCutter({ partBytes: 4, buffers: 1, firstNumber: 1, send: store.send });
    await cutter.write(bytes('abcd'));
    const waiting = cutter.write(bytes('e'));
    const heard = expect(waiting).rejects.toThrow('store is down');
    store.finish(1, new Error('store is down'));

    await heard;
  });

  it('is heard of by the next write, though a buffer is free', async () => {
    const store = slowStore();
    const cutter = new PartCutter({ partBytes: 4, buffers: 3, firstNumber: 1, send: store.send });
    await cutter.write(bytes('abcdef'));
    store.finish(1, new Error('store is down'));
    await nextTurn();

    await expect(cutter.write(bytes('g'))).rejects.toThrow('store is down');
  });

  it('is heard of at the end with its first error, and gets no further part', async () => {
    const store = slowStore();
    const cutter = new PartCutter({ partBytes: 4, buffers: 3, firstNumber: 1, send: store.send });
    await cutter.write(bytes('abcdefghij'));
    store.finish(2, new Error('first'));
    await nextTurn();
    store.finish(1, new Error('second'));
    await nextTurn();

    await expect(cutter.end()).rejects.toThrow('first');
    expect(store.parts.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('can be waited for without hearing of it again, so that nothing is under way afterwards', async () => {
    const store = slowStore();
    const cutter = new PartCutter({ partBytes: 4, buffers: 3, firstNumber: 1, send: store.send });
    await cutter.write(bytes('abcdefgh'));
    const settled = cutter.settle();
    store.finish(1, new Error('store is down'));
    expect(await isWaiting(settled)).toBe(true);
    store.finish(2);

    await settled;
  });
});
