/**
 * The memory of one transfer: so many buffers of one size, which all threads see. Who wants one when all are out waits,
 * and so the pod is read no faster than the store takes it. Buffers that a transfer gives back are kept for the next
 * one: shared memory is returned to the system late, and only by a garbage collection in every thread that saw it.
 */

export interface PieceBuffers {
  /** Of each buffer. */
  readonly pieceBytes: number;
  /**
   * Waits until a buffer is there, in the order of asking. What lies in it is of an earlier piece.
   * @throws the signal's reason; Error after `free`
   */
  acquire(signal: AbortSignal): Promise<SharedArrayBuffer>;
  /** @throws Error for a buffer that is not out: two pieces would be written into it */
  release(buffer: SharedArrayBuffer): void;
  /** At the end of the transfer. Buffers that are still out are kept for others when they are released. */
  free(): void;
}

/** Beyond it, what was kept longest goes: two transfers' worth. */
const MOST_KEPT_BYTES = 128 * 1024 * 1024;

/** Of all transfers of the process; oldest first. */
const kept: SharedArrayBuffer[] = [];

function keep(buffer: SharedArrayBuffer): void {
  kept.push(buffer);
  let bytes = kept.reduce((sum, { byteLength }) => sum + byteLength, 0);
  while (bytes > MOST_KEPT_BYTES) bytes -= kept.shift()?.byteLength ?? bytes;
}

function keptOrNew(bytes: number): SharedArrayBuffer {
  const at = kept.findLastIndex(({ byteLength }) => byteLength === bytes);
  return kept.splice(at, at === -1 ? 0 : 1)[0] ?? new SharedArrayBuffer(bytes);
}

interface Waiter {
  readonly resolve: (buffer: SharedArrayBuffer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Allocates nothing until it is needed.
 * @param count how many buffers there are at most
 */
export function createPieceBuffers(options: { pieceBytes: number; count: number }): PieceBuffers {
  const { pieceBytes, count } = options;
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`Not a number of buffers: ${count}`);
  const idle: SharedArrayBuffer[] = [];
  const out = new Set<SharedArrayBuffer>();
  const waiters: Waiter[] = [];
  let freed = false;

  const wait = (signal: AbortSignal): Promise<SharedArrayBuffer> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const done = (): void => signal.removeEventListener('abort', leave);
      const waiter: Waiter = {
        resolve: (buffer) => {
          done();
          resolve(buffer);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      waiters.push(waiter);
      signal.addEventListener('abort', leave, { once: true });
    });

  return {
    pieceBytes,
    async acquire(signal) {
      signal.throwIfAborted();
      if (freed) throw freedError();
      if (out.size === count) return await wait(signal);
      const buffer = idle.pop() ?? keptOrNew(pieceBytes);
      out.add(buffer);
      return buffer;
    },
    release(buffer) {
      if (!out.has(buffer))
        throw new Error('This buffer is not out: it was released before, or is another’s');
      const next = waiters.shift();
      // It stays out when it goes from hand to hand.
      if (next !== undefined) return next.resolve(buffer);
      out.delete(buffer);
      if (freed) keep(buffer);
      else idle.push(buffer);
    },
    free() {
      freed = true;
      for (const { reject } of waiters.splice(0)) reject(freedError());
      for (const buffer of idle.splice(0)) keep(buffer);
    },
  };
}

const freedError = (): Error => new Error('The transfer has ended: there are no buffers any more');
