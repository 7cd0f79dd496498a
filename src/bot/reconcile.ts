/** At start and on a timer: every request that is not closed is advanced, so that nothing a crash left behind stays so. */
import type { Logger } from '../log.ts';
import type { Advancer } from './advance.ts';
import type { RequestStore } from './request-store.ts';

export interface Reconciler {
  /** One pass over all open requests. Never throws. */
  pass(): Promise<void>;
  stop(): Promise<void>;
}

export function startReconciler(deps: {
  store: RequestStore;
  advancer: Advancer;
  everyMs: number;
  log: Logger;
}): Reconciler {
  let running: Promise<void> | undefined;

  const go = async (): Promise<void> => {
    try {
      const ids = await deps.store.openIds();
      await Promise.all(ids.map((id) => deps.advancer.advance(id)));
    } catch (err) {
      deps.log.warn({ err }, 'open requests could not be read; the next pass tries again');
    }
  };
  const pass = (): Promise<void> => {
    running ??= go().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => void pass(), deps.everyMs);
  void pass();
  return {
    pass,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
