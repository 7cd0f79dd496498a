/** Takes turns, so that whatever changes on the machine meanwhile meets all of them alike. */
export interface Timed {
  readonly seconds: number;
  /** Of this process, its threads included. */
  readonly cpuSeconds: number;
}

/**
 * @param ways each is run once in each round, in an order that turns round from one to the next; once more before, which does not count
 * @returns by way, what each of its runs took
 */
export async function inTurns<K extends string>(
  ways: Readonly<Record<K, () => Promise<unknown>>>,
  rounds: number,
): Promise<Record<K, Timed[]>> {
  const names = Object.keys(ways) as K[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as Timed[]])) as Record<K, Timed[]>;
  // For compilers, caches and threads that start at their first use.
  for (const name of names) await ways[name]();
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) taken[name].push(await timed(ways[name]));
  }
  return taken;
}

export async function timed(work: () => Promise<unknown>): Promise<Timed> {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}
