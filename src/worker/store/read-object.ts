/** Reading an object back: goes on where a broken connection left off, and never waits for ever. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { StoreError } from './object-store.ts';
import { abortedError, type OssCaller } from './oss-caller.ts';
import { responseHeaders } from './oss-object-headers.ts';

export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

interface Opened {
  readonly bytes: IncomingMessage;
  readonly headers: ReadonlyMap<string, string>;
}

/** So often in a row a connection may break without a single byte. */
const EMPTY_READS = 5;

/**
 * @returns once OSS has begun to answer, so that a missing object is an error of this call
 * @throws StoreError, also out of the stream
 */
export async function readObject(
  caller: OssCaller,
  timeoutMs: number,
  objectKey: string,
  range: ByteRange | undefined,
  signal: AbortSignal,
): Promise<Readable> {
  const what = `Object ${objectKey} could not be read`;
  const open = (from: number, etag: string | undefined): Promise<Opened> =>
    caller.call(
      {
        what,
        timeoutMs,
        run: async (client, timeout) => {
          const whole = range === undefined && from === 0;
          const headers = {
            ...(whole ? {} : { Range: `bytes=${from}-${range?.end ?? ''}` }),
            // Without it OSS answers a range that does not fit with the whole object.
            'x-oss-range-behavior': 'standard',
            ...(etag === undefined ? {} : { 'If-Match': etag }),
          };
          const got = await client.getStream(objectKey, { timeout, headers });
          return { bytes: got.stream, headers: responseHeaders(got.res) };
        },
      },
      signal,
    );

  let at = range?.start ?? 0;
  let opened = await open(at, undefined);
  const etag = opened.headers.get('etag');
  const end = at + Number(opened.headers.get('content-length'));

  async function* chunks(): AsyncGenerator<Buffer> {
    for (let emptyReads = 0; at < end; opened = await open(at, etag)) {
      const before = at;
      try {
        for await (const chunk of patient(opened.bytes, timeoutMs, signal)) {
          at += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        if (signal.aborted) throw abortedError(what, signal);
        emptyReads = at > before ? 0 : emptyReads + 1;
        if (emptyReads >= EMPTY_READS)
          throw new StoreError('unreachable', `${what}: the connection broke at byte ${at}`, {}, error);
        if (at >= end) return;
      }
    }
  }
  return Readable.from(chunks(), { objectMode: false });
}

/** Ends a stream that stands still, or whose reader was told to stop. */
async function* patient(bytes: IncomingMessage, idleMs: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => bytes.destroy(new Error('aborted'));
  const watch = () => setTimeout(() => bytes.destroy(new Error(`no byte within ${idleMs} ms`)), idleMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let timer = watch();
  try {
    for await (const chunk of bytes) {
      clearTimeout(timer); // a slow reader is not the store's fault
      yield chunk;
      timer = watch();
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    bytes.destroy();
  }
}
