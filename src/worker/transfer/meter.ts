import type { DumpContext } from '../dump-context.ts';
import type { Meter } from './run.ts';

const EVERY_MS = 1000;

/** @param sentBytes of the dump, that are stored already */
export function createMeter(context: DumpContext, totalBytes: number | undefined, sentBytes: number): Meter {
  let sent = sentBytes;
  let [markBytes, markAt, bytesPerSecond] = [sent, context.now(), undefined as number | undefined];
  const total = totalBytes === undefined ? {} : { totalBytes };
  context.report({ sentBytes: sent, ...total });
  return {
    add(bytes) {
      sent += bytes;
      const elapsed = context.now() - markAt;
      if (elapsed < EVERY_MS) return;
      const fresh = Math.max(0, Math.round(((sent - markBytes) * 1000) / elapsed));
      bytesPerSecond = bytesPerSecond === undefined ? fresh : Math.round(0.6 * bytesPerSecond + 0.4 * fresh);
      [markBytes, markAt] = [sent, context.now()];
      context.report({ sentBytes: sent, bytesPerSecond, ...total });
    },
  };
}
