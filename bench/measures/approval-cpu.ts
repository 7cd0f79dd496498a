/** Where the time from approval to link goes: a profile of the machine's cores, by who spends them. */
import { figureOf } from '../figure.ts';
import type { Row, Section, Unit } from '../report.ts';
import type { Spender, Spent } from '../spent-cpu.ts';

export interface ProfiledRun {
  readonly seconds: number;
  readonly cpu: Spent | undefined;
}

export interface ProfiledWay {
  readonly name: string;
  readonly runs: readonly ProfiledRun[];
  /** Who has a part in it, in the order of the rows, and as what. */
  readonly spenders: Readonly<Partial<Record<Spender, string>>>;
}

const AROUND = {
  podPrograms: 'the pod’s programs',
  jvm: 'JVM, the dump itself',
  apiServer: 'API server',
  store: 'store',
} as const;

/** Names of all who have a part where the bot does it. */
export const SPENDERS_OF_BOT = {
  workerMain: 'worker, main thread',
  workerThreads: 'worker, other threads',
  bench: 'bench process (bot, Slack’s stand-in)',
  ...AROUND,
} as const;

/** @param kubectl whether it copies; else the bench process fetches the dump through exec */
export const spendersByHand = (kubectl: boolean) => ({
  ...(kubectl ? { benchChildren: 'kubectl' } : {}),
  bench: kubectl ? 'bench process (ali-oss)' : 'bench process (exec, ali-oss)',
  ...AROUND,
});

/** @returns undefined where the system does not tell who spent what */
export function profileSection(dump: string, ways: readonly ProfiledWay[]): Section | undefined {
  const rows = ways.flatMap(rowsOf);
  if (rows.length === 0) return undefined;
  // Parts of a whole: as bars on one scale with it they would say little.
  return { title: `CPU while ${dump} goes from approval to link`, rows, tableOnly: true };
}

interface Told {
  readonly seconds: number;
  readonly cpu: Spent;
}

function rowsOf({ name, runs, spenders }: ProfiledWay): Row[] {
  const told = runs.flatMap(({ seconds, cpu }): Told[] => (cpu === undefined ? [] : [{ seconds, cpu }]));
  const [first] = told;
  if (first === undefined) return [];
  const row = (what: string, unit: Unit, of: (run: Told) => number, note?: string): Row => ({
    name: `${name}: ${what}`,
    unit,
    figure: figureOf(told.map(of)),
    ...(note === undefined ? {} : { note }),
  });
  const { cores } = first.cpu.machine;
  const present = (Object.keys(spenders) as Spender[]).filter((spender) => spender in first.cpu.by);
  const named = ({ cpu }: Told): number => present.reduce((sum, spender) => sum + (cpu.by[spender] ?? 0), 0);
  return [
    row('measured', 's', ({ seconds }) => seconds),
    row(
      'busy ÷ cores',
      's',
      ({ cpu }) => cpu.machine.busySeconds / cores,
      `the least for so much CPU on ${cores} cores`,
    ),
    row(
      'busy ÷ cores, without everything else',
      's',
      (run) => named(run) / cores,
      'the least on a machine that does nothing else',
    ),
    row('this machine, busy', 'CPU s', ({ cpu }) => cpu.machine.busySeconds),
    row('this machine, idle', 'CPU s', ({ cpu }) => cpu.machine.idleSeconds),
    ...present.map((spender) =>
      row(`${spenders[spender]}`, 'CPU s', ({ cpu }) => cpu.by[spender] ?? Number.NaN),
    ),
    row(
      'everything else',
      'CPU s',
      (run) => run.cpu.machine.busySeconds - named(run),
      'Redis, the kernel, and whoever else is at work on this machine',
    ),
  ];
}
