/** Starts something, stops it once on SIGTERM or SIGINT, and ends the process with an exit code that tells how it went. */

export interface Stoppable {
  stop(): Promise<void>;
}

/** A terminal and a supervisor signal a whole group of processes, some of which pass it on: that is one signal still. */
const SAME_SIGNAL_MS = 1000;

/**
 * A start that fails is one clear message and exit code 1, no stack. A second signal ends the process at once.
 * @param start its errors' messages are for the operator
 */
export async function runUntilSignal(start: () => Promise<Stoppable>): Promise<void> {
  let running: Stoppable;
  try {
    running = await start();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    // Connections that were opened before the failure would keep the process up.
    setTimeout(() => process.exit(1), 100).unref();
    return;
  }
  let stoppingSince: number | undefined;
  const stop = (): void => {
    const now = performance.now();
    if (stoppingSince !== undefined) {
      if (now - stoppingSince > SAME_SIGNAL_MS) process.exit(130);
      return;
    }
    stoppingSince = now;
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
