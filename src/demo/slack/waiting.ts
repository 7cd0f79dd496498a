/** Waiting for something to appear on a screen. */

/**
 * @param current what is there already
 * @param listen calls back for each thing that appears; returns how to stop
 * @param describe says what was there instead, for the error
 * @throws Error after `timeoutMs`
 */
export function waitFor<Thing>(
  what: string,
  current: () => readonly Thing[],
  listen: (seen: () => void) => () => void,
  predicate: (thing: Thing) => boolean,
  timeoutMs: number,
  describe: (thing: Thing) => string,
): Promise<Thing> {
  const found = current().find(predicate);
  if (found !== undefined) return Promise.resolve(found);
  return new Promise((resolve, reject) => {
    const stop = listen(() => {
      const thing = current().find(predicate);
      if (thing === undefined) return;
      clearTimeout(timer);
      stop();
      resolve(thing);
    });
    const timer = setTimeout(() => {
      stop();
      const there = current().map((thing) => `- ${describe(thing)}`);
      reject(
        new Error(
          `No ${what} as awaited within ${timeoutMs} ms. There is:\n${there.join('\n') || 'nothing'}`,
        ),
      );
    }, timeoutMs);
  });
}
