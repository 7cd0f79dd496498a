/** Takes turns, so that whatever changes on the machine meanwhile meets all of them alike. */
import { hasProc, readMainThread } from './proc.ts';

export interface Timed {
  readonly seconds: number;
  /** Of this process, its threads included. */
  readonly cpuSeconds: number;
  /** Of that, its main thread's; undefined where the system does not tell. */
  readonly mainSeconds: number | undefined;
}

/** Called at the beginning; what it returns is called at the end. Neither is in the time. */
export type Meter<R> = () => Promise<() => Promise<R>>;

export interface Metered<R> extends Timed {
  readonly metered: R;
}

/**
 * @param ways each is run once in each round, in an order that turns round from one to the next; once more before, which does not count
 * @param meter of what else is to be known of each run
 * @returns by way, what each of its runs took
 */
export async function inTurns<K extends string, R>(
  ways: Readonly<Record<K, () => Promise<unknown>>>,
  rounds: number,
  meter: Meter<R>,
): Promise<Record<K, Metered<R>[]>> {
  const names = Object.keys(ways) as K[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as Metered<R>[]])) as Record<
    K,
    Metered<R>[]
  >;
  // For compilers, caches and threads that start at their first use.
  for (const name of names) await ways[name]();
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) {
      const read = await meter();
      const times = await timed(ways[name]);
      taken[name].push({ ...times, metered: await read() });
    }
  }
  return taken;
}

export async function timed(work: () => Promise<unknown>): Promise<Timed> {
  const main = mainThreadSeconds();
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const mainEnd = mainThreadSeconds();
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    mainSeconds: main === undefined || mainEnd === undefined ? undefined : mainEnd - main,
  };
}

const mainThreadSeconds = (): number | undefined =>
  hasProc() ? readMainThread(process.pid)?.ownSeconds : undefined;
