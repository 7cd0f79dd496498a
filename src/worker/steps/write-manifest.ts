/** Last of all: writes beside the dump what is known of it. A dump without it is a dump all the same. */
import type { DumpContext } from '../dump-context.ts';
import type { DumpCompleted } from '../dump-job.ts';
import { CancelledError } from '../end-reason.ts';
import { buildManifest, manifestKeyOf, writeManifest as manifestText } from '../manifest.ts';

/** The dump is in the store: nobody waits longer than this for what is said of it. */
const TIMEOUT_MS = 30_000;

/**
 * Safe to do again: a later attempt writes the same over it.
 * @returns the outcome, which says so if the manifest could not be written
 * @throws what ended the attempt meanwhile (a hand-over, a lost lease), for the next one to do it
 */
export async function writeManifest(context: DumpContext, outcome: DumpCompleted): Promise<DumpCompleted> {
  const { data, settings, store, log } = context;
  const objectKey = manifestKeyOf(outcome.objectKey);
  const manifest = buildManifest(data, outcome, context.now());
  if (manifest === undefined) {
    log.warn({ objectKey }, 'job of an older bot does not say what was asked for, so there is no manifest');
    // That bot does not know the word for it either.
    return outcome;
  }
  const signal = AbortSignal.any([unlessCancelled(context.signal), AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const body = Buffer.from(manifestText(manifest, settings.manifestKeys));
    await store.put({ objectKey, body, contentType: 'application/json' }, signal);
    return outcome;
  } catch (err) {
    const { aborted, reason } = context.signal;
    if (aborted && !(reason instanceof CancelledError)) throw reason;
    log.error(
      { err, objectKey },
      'manifest could not be written: the dump is stored, and a restore will not find it',
    );
    return { ...outcome, manifestMissing: true };
  }
}

/** There is nothing left that could be cancelled: what is stored and proved is told of. */
function unlessCancelled(signal: AbortSignal): AbortSignal {
  const passing = new AbortController();
  const pass = (): void => {
    if (!(signal.reason instanceof CancelledError)) passing.abort(signal.reason);
  };
  if (signal.aborted) pass();
  else signal.addEventListener('abort', pass, { once: true });
  return passing.signal;
}
