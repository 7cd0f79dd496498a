import { createHash, randomFillSync } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer as bodyOf, text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { HprofError } from '../../src/worker/hprof-walk.ts';
import { packedBound } from '../../src/worker/pieces/chunked-gzip.ts';
import type { PieceTask } from '../../src/worker/pieces/piece-task.ts';
import { createPieceThreads, type PieceThreads } from '../../src/worker/pieces/piece-threads.ts';
import { createPosixCksum } from '../../src/worker/pieces/posix-cksum.ts';
import { createCrc64 } from '../../src/worker/store/crc64.ts';
import { segment, smallHeapDump } from '../unit/hprof-file.ts';

const RAW_BYTES = 1_500_000;
const never = new AbortController().signal;

/** The real ones: each has to learn TypeScript first, so all tests share them. */
const realThreads = createPieceThreads({ threads: 2 });
afterAll(() => realThreads.close());

const open: PieceThreads[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((threads) => threads.close()));
});

function startThreads(options: Parameters<typeof createPieceThreads>[0]): PieceThreads {
  const threads = createPieceThreads(options);
  open.push(threads);
  return threads;
}

/** Half noise, half text; another in each buffer. */
function rawPiece(): SharedArrayBuffer {
  const raw = new SharedArrayBuffer(RAW_BYTES + 100);
  Buffer.from(raw).fill('a heap ');
  randomFillSync(Buffer.from(raw, 0, RAW_BYTES / 2));
  return raw;
}

const bytesIn = (shared: SharedArrayBuffer, length = RAW_BYTES): Buffer => Buffer.from(shared, 0, length);
const hash = (kind: string, bytes: Uint8Array): string => createHash(kind).update(bytes).digest('hex');

async function crc64Of(bytes: Uint8Array): Promise<string> {
  const crc = await createCrc64();
  crc.update(bytes);
  return crc.value().toString();
}

const aTask = (task: Partial<PieceTask> = {}): PieceTask => ({
  raw: rawPiece(),
  rawBytes: RAW_BYTES,
  sum: undefined,
  ...task,
});

/** A thread of our own making: answers as told by the task's number of bytes. */
const scripted = (body: string): Parameters<typeof createPieceThreads>[0]['program'] => {
  const program = `import { parentPort } from 'node:worker_threads';
    const answer = { treated: { sum: undefined, bytes: 1, md5: new Uint8Array(16), crc64: '0', tookMs: 0 } };
    let forgotten = 0;
    parentPort.on('message', ({ treat, take, forget }) => {
      if (forget) return void (forgotten += 1);
      if (take) return parentPort.postMessage({ taken: true });
      const { raw, rawBytes } = treat;
      ${body}
    });`;
  return { url: new URL(`data:text/javascript,${encodeURIComponent(program)}`), options: {} };
};

const ANSWER = 1;
const DIE = 2;
const HANG_ON = 3;
/** Waits for the test to write into the piece, as a long computation would end. */
const obedient = scripted(`
  if (rawBytes === ${DIE}) throw new RangeError('a bug');
  if (rawBytes === ${HANG_ON}) Atomics.wait(new Int32Array(raw), 0, 0);
  parentPort.postMessage(answer);
`);
const order = (rawBytes: number, raw = new SharedArrayBuffer(8)): PieceTask => ({
  raw,
  rawBytes,
  sum: undefined,
});
const letGo = (raw: SharedArrayBuffer): void => {
  Atomics.store(new Int32Array(raw), 0, 1);
  Atomics.notify(new Int32Array(raw), 0);
};

describe('a piece that is stored as it is', () => {
  it('comes back with the pod’s checksum, and the store’s two', async () => {
    const raw = rawPiece();
    const cksum = createPosixCksum();
    cksum.update(bytesIn(raw));
    const sums = {
      cksum: cksum.value(),
      md5: hash('md5', bytesIn(raw)),
      sha1: hash('sha1', bytesIn(raw)),
      sha256: hash('sha256', bytesIn(raw)),
    };

    for (const sum of ['cksum', 'md5', 'sha1', 'sha256', 'cksum'] as const) {
      const treated = await realThreads.treat(aTask({ raw, sum }), never);

      expect(treated).toEqual({
        sum: sums[sum],
        bytes: RAW_BYTES,
        md5: Buffer.from(sums.md5, 'hex'),
        crc64: await crc64Of(bytesIn(raw)),
        tookMs: expect.any(Number) as number,
      });
    }
  });

  it('needs no checksum of a pod that has none', async () => {
    const raw = rawPiece();
    const treated = await realThreads.treat(aTask({ raw }), never);
    expect(treated.sum).toBeUndefined();
    expect(treated.md5.toString('hex')).toBe(hash('md5', bytesIn(raw)));
  });
});

describe('a piece that is packed', () => {
  it('lies in the other buffer, and is what the store’s checksums are of', async () => {
    const raw = rawPiece();
    const out = new SharedArrayBuffer(packedBound(RAW_BYTES));
    const pack = { out, first: true, level: 1, minBytes: undefined };

    const treated = await realThreads.treat(aTask({ raw, sum: 'sha1', pack }), never);

    const stored = bytesIn(out, treated.bytes);
    expect(gunzipSync(stored).equals(bytesIn(raw))).toBe(true);
    expect(treated.bytes).toBeLessThan(RAW_BYTES);
    expect(treated.sum).toBe(hash('sha1', bytesIn(raw)));
    expect(treated.md5.toString('hex')).toBe(hash('md5', stored));
    expect(treated.crc64).toBe(await crc64Of(stored));
  });

  it('is refused with the reason if it cannot be done, and the thread goes on', async () => {
    const pack = { out: new SharedArrayBuffer(10), first: true, level: 1, minBytes: undefined };

    const refused = realThreads.treat(aTask({ pack }), never);

    await expect(refused).rejects.toMatchObject({ code: 'not-treated', cause: { name: 'RangeError' } });
    expect((await realThreads.treat(aTask(), never)).bytes).toBe(RAW_BYTES);
  });

  it('comes back from the store as it was, with the checksum that the pod gave', async () => {
    const raw = rawPiece();
    const packed = new SharedArrayBuffer(packedBound(RAW_BYTES));
    const pack = { out: packed, first: true, level: 1, minBytes: undefined };
    const sent = await realThreads.treat(aTask({ raw, sum: 'sha1', pack }), never);
    const back = new SharedArrayBuffer(RAW_BYTES);

    const unpack = { packed, packedBytes: sent.bytes };
    const read = await realThreads.treat(aTask({ raw: back, sum: 'sha1', unpack, isStored: true }), never);

    expect(bytesIn(back).equals(bytesIn(raw))).toBe(true);
    expect(read).toMatchObject({ sum: sent.sum, crc64: sent.crc64, bytes: sent.bytes });
    for (const packedBytes of [sent.bytes - 1, 5])
      await expect(
        realThreads.treat(aTask({ raw: back, unpack: { packed, packedBytes } }), never),
      ).rejects.toMatchObject({ code: 'not-treated' });
    await expect(
      realThreads.treat(aTask({ raw: back, rawBytes: RAW_BYTES - 1, unpack }), never),
    ).rejects.toMatchObject({ code: 'not-treated' });
  });

  it('goes to a store from the shared memory that it lies in', async () => {
    const raw = rawPiece();
    const server = createServer(async (incoming, response) => {
      response.end(hash('md5', await bodyOf(incoming)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { md5 } = await realThreads.treat(aTask({ raw }), never);
      const { port } = server.address() as AddressInfo;

      const arrived = await new Promise<string>((resolve, reject) => {
        const headers = { 'content-length': RAW_BYTES };
        const sent = request({ host: '127.0.0.1', port, method: 'PUT', headers, agent: false });
        sent.on('response', (response) => resolve(text(response)));
        sent.on('error', reject);
        sent.end(bytesIn(raw));
      });

      expect(arrived).toBe(md5.toString('hex'));
    } finally {
      server.close();
    }
  });
});

describe('a file that is gone through in order', () => {
  it('has its hashes from a thread, beside others that are gone through at the same time', async () => {
    const dumps = [
      smallHeapDump(),
      Buffer.concat([smallHeapDump().subarray(0, -9), segment(5000), smallHeapDump().subarray(-9)]),
    ];
    const recorders = dumps.map(() => realThreads.openRecorder());

    const recorded = await Promise.all(
      dumps.map(async (dump, index) => {
        const recorder = recorders[index];
        for (let at = 0; at < dump.length; at += 1000)
          await recorder?.take(dump.subarray(at, at + 1000), Buffer.from(`packed ${at}`));
        return recorder?.end();
      }),
    );

    for (const [index, dump] of dumps.entries())
      expect(recorded[index]).toMatchObject({
        dumpSha256: hash('sha256', dump),
        walk: { sizeBytes: dump.length },
      });
    expect(recorded[0]?.storedSha256).toBe(hash('sha256', Buffer.from('packed 0')));
    for (const recorder of recorders) recorder.close();
  });

  it('is no heap dump from a certain byte on, which is heard as if no thread were between', async () => {
    const recorder = realThreads.openRecorder();
    await recorder.take(smallHeapDump(), undefined);

    const more = recorder.take(Buffer.alloc(100, 0xff), undefined);

    await expect(more).rejects.toBeInstanceOf(HprofError);
    await expect(more).rejects.toMatchObject({ offset: smallHeapDump().length });
    recorder.close();
  });

  it('fails with its thread, and does not begin anew in the middle', async () => {
    const threads = startThreads({ threads: 1, program: obedient });
    const recorder = threads.openRecorder();
    const doomed = threads.treat(order(DIE), never);
    const waiting = recorder.take(Buffer.alloc(1), undefined);

    await expect(doomed).rejects.toMatchObject({ code: 'thread-died' });

    await expect(waiting).rejects.toMatchObject({ code: 'thread-died' });
    await threads.treat(order(ANSWER), never);
    await expect(recorder.take(Buffer.alloc(1), undefined)).rejects.toMatchObject({ code: 'thread-died' });
    recorder.close();
  });

  it('is forgotten when it is closed', async () => {
    const threads = startThreads({
      threads: 1,
      program: scripted('answer.treated.bytes = forgotten; parentPort.postMessage(answer);'),
    });
    const recorder = threads.openRecorder();
    await recorder.take(Buffer.alloc(1), undefined);

    recorder.close();
    recorder.close();

    expect((await threads.treat(order(ANSWER), never)).bytes).toBe(1);
  });

  it('goes to a thread of its own while there are enough, and before pieces that nobody waits for in order', async () => {
    const threads = startThreads({ threads: 2, program: obedient });
    const [first, second] = [threads.openRecorder(), threads.openRecorder()];
    const held = [new SharedArrayBuffer(8), new SharedArrayBuffer(8)] as const;
    const busy = held.map((raw) => threads.treat(order(HANG_ON, raw), never));
    const done: string[] = [];
    const piece = threads.treat(order(ANSWER), never).then(() => done.push('piece'));
    const taken = [first, second].map((recorder, index) =>
      recorder.take(Buffer.alloc(1), undefined).then(() => done.push(`file ${index}`)),
    );

    letGo(held[1]);
    await piece;

    expect(done).toEqual(['file 1', 'piece']);
    letGo(held[0]);
    await Promise.all([...busy, ...taken]);
    first.close();
    second.close();
  });
});

describe('the threads of a process', () => {
  it('take all pieces, however many come at once', async () => {
    const raws = Array.from({ length: 9 }, rawPiece);

    const all = await Promise.all(raws.map((raw) => realThreads.treat(aTask({ raw, sum: 'md5' }), never)));

    expect(all).toHaveLength(raws.length);
    for (const [index, raw] of raws.entries()) expect(all[index]?.sum).toBe(hash('md5', bytesIn(raw)));
    expect(realThreads.waiting).toBe(0);
  });

  it('are no more than they may be: the other pieces wait in turn', async () => {
    const threads = startThreads({ threads: 2, program: obedient });
    const [first, second] = [new SharedArrayBuffer(8), new SharedArrayBuffer(8)];
    const busy = [threads.treat(order(HANG_ON, first), never), threads.treat(order(HANG_ON, second), never)];
    const done: number[] = [];
    const others = [1, 2, 3].map((number) =>
      threads.treat(order(ANSWER), never).then(() => done.push(number)),
    );
    expect(threads.size).toBe(2);
    expect(threads.waiting).toBe(3);

    letGo(second);
    await Promise.all(others);

    expect(done).toEqual([1, 2, 3]);
    letGo(first);
    await Promise.all(busy);
  });

  it('refuse to be none', () => {
    for (const threads of [0, -1, 1.5]) expect(() => createPieceThreads({ threads })).toThrow(RangeError);
  });
});

describe('a thread that dies', () => {
  it('takes its piece with it, says why, and is replaced', async () => {
    const threads = startThreads({ threads: 1, program: obedient });
    const doomed = threads.treat(order(DIE), never);
    const waiting = threads.treat(order(ANSWER), never);

    await expect(doomed).rejects.toMatchObject({ code: 'thread-died', cause: { name: 'RangeError' } });

    expect((await waiting).bytes).toBe(1);
    expect((await threads.treat(order(ANSWER), never)).bytes).toBe(1);
  });

  it('does so as well when it is out of memory or ends by itself', async () => {
    const hungry = scripted('const all = []; for (;;) all.push(new Array(1e5).fill(1.5));');
    const outOfMemory = startThreads({ threads: 1, program: hungry }).treat(order(ANSWER), never);
    await expect(outOfMemory).rejects.toMatchObject({
      code: 'thread-died',
      cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' },
    });

    const leaving = startThreads({ threads: 1, program: scripted('process.exit(7)') });
    await expect(leaving.treat(order(ANSWER), never)).rejects.toMatchObject({ code: 'thread-died' });
  });

  it('does not hang those who wait, even if none can start', async () => {
    const missing = { url: new URL('./no-such-thread.js', import.meta.url), options: {} };
    const threads = startThreads({ threads: 1, program: missing });

    const all = await Promise.allSettled([1, 2, 3].map(() => threads.treat(order(ANSWER), never)));

    for (const each of all)
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'thread-died' } });
  });
});

describe('a piece that nobody wants any more', () => {
  it('is given back at once if no thread has it', async () => {
    const threads = startThreads({ threads: 1, program: obedient });
    const held = new SharedArrayBuffer(8);
    const busy = threads.treat(order(HANG_ON, held), never);
    const stop = new AbortController();
    const waiting = threads.treat(order(ANSWER), stop.signal);

    stop.abort(new Error('cancelled'));

    await expect(waiting).rejects.toThrow('cancelled');
    expect(threads.waiting).toBe(0);
    letGo(held);
    await busy;
  });

  it('is given back when the thread has let go of it, not before', async () => {
    const threads = startThreads({ threads: 1, program: obedient });
    const stop = new AbortController();
    const held = new SharedArrayBuffer(8);
    let settled = false;
    const busy = threads.treat(order(HANG_ON, held), stop.signal).finally(() => {
      settled = true;
    });
    busy.catch(() => undefined);
    stop.abort(new Error('cancelled'));
    // Time enough for a promise that does not wait for the thread.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);

    letGo(held);

    await expect(busy).rejects.toThrow('cancelled');
    expect((await threads.treat(order(ANSWER), never)).bytes).toBe(1);
  });

  it('is not even begun if that is known before', async () => {
    const stopped = AbortSignal.abort(new Error('cancelled'));
    await expect(realThreads.treat(aTask(), stopped)).rejects.toThrow('cancelled');
  });
});

describe('closing', () => {
  it('lets what is being done be done, and refuses the rest', async () => {
    const threads = startThreads({ threads: 1, program: obedient });
    const held = new SharedArrayBuffer(8);
    const busy = threads.treat(order(HANG_ON, held), never);
    const waiting = threads.treat(order(ANSWER), never);

    const closed = threads.close();

    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await expect(threads.treat(order(ANSWER), never)).rejects.toMatchObject({ code: 'closed' });
    letGo(held);
    expect((await busy).bytes).toBe(1);
    await closed;
  });

  it('may be done twice, and when no thread was ever started', async () => {
    const threads = createPieceThreads({ threads: 3 });
    await Promise.all([threads.close(), threads.close()]);
    await expect(threads.treat(aTask(), never)).rejects.toMatchObject({ code: 'closed' });
  });
});
