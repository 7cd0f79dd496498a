/** What moving a dump costs on each side of the wire: on one machine, what one spends another lacks. */
import { figureOf } from '../figure.ts';
import type { Lab } from '../lab.ts';
import type { Row, Section } from '../report.ts';
import { createCpuMeter } from '../spent-cpu.ts';
import type { Meter, Metered } from '../timed.ts';

export const NAMES = {
  pipe: 'bare pipe (one cat, nothing done with it)',
  relay: 'relay into nothing, hashed and walked',
  oneLane: 'relay into nothing, one connection',
  packed: 'relay into nothing, compress: auto',
  store: 'relay into the store',
  kubectl: 'kubectl cp',
} as const;
export type Way = keyof typeof NAMES;

/** CPU seconds of the stand-in cluster; undefined where it is none of ours, or the system does not tell. */
export interface ClusterCpu {
  readonly apiServer: number | undefined;
  readonly podPrograms: number | undefined;
}

export function clusterMeter({ clusterHost }: Lab): Meter<ClusterCpu> {
  const meter = createCpuMeter({ cluster: clusterHost?.pid });
  return async () => {
    const before = await clusterHost?.call('cpuSeconds', null);
    const read = meter();
    return async () => {
      const podPrograms = read()?.by.podPrograms;
      const after = await clusterHost?.call('cpuSeconds', null);
      return {
        apiServer: before === undefined || after === undefined ? undefined : after - before,
        podPrograms,
      };
    };
  };
}

export type Taken = Partial<Record<Way, readonly Metered<ClusterCpu>[]>>;
type Run = Metered<ClusterCpu>;

/** Who it is, of which ways, and what it spent. */
const ROWS: readonly {
  readonly who: string;
  readonly ways: readonly Way[];
  readonly of: (run: Run) => number | undefined;
  readonly isOther: (way: Way) => boolean;
}[] = [
  {
    who: 'worker',
    ways: ['pipe', 'relay', 'oneLane', 'packed', 'store'],
    of: ({ cpuSeconds }) => cpuSeconds,
    isOther: (way) => way === 'pipe',
  },
  {
    who: 'main thread',
    ways: ['pipe', 'relay', 'store'],
    of: ({ mainSeconds }) => mainSeconds,
    isOther: (way) => way === 'pipe',
  },
  {
    who: 'API server',
    ways: ['pipe', 'relay', 'kubectl'],
    of: ({ metered }) => metered.apiServer,
    isOther: () => true,
  },
  {
    who: 'pod',
    ways: ['pipe', 'relay', 'kubectl'],
    of: ({ metered }) => metered.podPrograms,
    isOther: (way) => way !== 'relay',
  },
];

export function cpuSection(taken: Taken, sizeBytes: number): Section {
  const rows = ROWS.flatMap(({ who, ways, of, isOther }) =>
    ways.flatMap((way): Row[] => {
      const perGigabyte = (taken[way] ?? []).flatMap((run) => {
        const seconds = of(run);
        return seconds === undefined ? [] : [seconds / (sizeBytes / 1e9)];
      });
      if (perGigabyte.length === 0) return [];
      const name = `${who}: ${NAMES[way]}`;
      return [{ name, unit: 'CPU s/GB', figure: figureOf(perGigabyte), other: isOther(way) }];
    }),
  );
  return { title: 'CPU of worker, stand-in and pod, for moving', rows };
}
