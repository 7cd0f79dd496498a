import { untilAborted } from './deadline.ts';

/**
 * Writes a source piece by piece, the next one when the last was taken.
 * @param sizeBytes what was promised to the other side, if anything was
 * @param over fires when nobody wants more: the source is closed and the rest of it never read
 * @throws whatever the source throws, or Error if the promise was not kept
 */
export const sendInput = async (
  source: AsyncIterable<Uint8Array> | Uint8Array | string,
  sizeBytes: number | undefined,
  write: (bytes: Uint8Array) => Promise<void>,
  over: AbortSignal,
): Promise<void> => {
  const pieces =
    typeof source === 'string' || source instanceof Uint8Array ? once(Buffer.from(source)) : source;
  const iterator = pieces[Symbol.asyncIterator]();
  let sent = 0;
  try {
    for (;;) {
      const next = await untilAborted(iterator.next(), over);
      if (next.done) break;
      sent += next.value.length;
      if (sizeBytes !== undefined && sent > sizeBytes) break;
      await untilAborted(write(next.value), over);
    }
  } catch (error) {
    // Not awaited: a source that hangs would hold us.
    iterator.return?.()?.then(undefined, () => {});
    if (over.aborted) return;
    throw error;
  }
  if (sizeBytes !== undefined && sent !== sizeBytes)
    throw new Error(`Input is ${sent > sizeBytes ? 'over' : `${sent} of`} ${sizeBytes} bytes`);
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
