/** Who on this machine spends how much CPU while something goes on. */
import { hasProc, type ProcessCpu, readMachine, readMainThread, readProcesses } from './proc.ts';

/** Pids of what is on this machine; what is elsewhere is not in it. */
export interface Programs {
  readonly worker?: number | undefined;
  /** The stand-in's: API server, kubelet, and above all processes of pods. */
  readonly cluster?: number | undefined;
  readonly store?: number | undefined;
}

export type Spender =
  | 'workerMain'
  | 'workerThreads'
  | 'bench'
  | 'benchChildren'
  | 'apiServer'
  | 'podPrograms'
  | 'jvm'
  | 'store';

export interface Spent {
  /** CPU seconds; only of whom there is one here. */
  readonly by: Readonly<Partial<Record<Spender, number>>>;
  readonly machine: { readonly cores: number; readonly busySeconds: number; readonly idleSeconds: number };
}

/** Called at the beginning; what it returns is called at the end, and gives undefined where there is no /proc. */
export type CpuMeter = () => () => Spent | undefined;

export function createCpuMeter(programs: Programs): CpuMeter {
  return () => {
    const before = readSoFar(programs);
    return () => {
      const after = readSoFar(programs);
      return before === undefined || after === undefined ? undefined : difference(before, after);
    };
  };
}

function readSoFar({ worker, cluster, store }: Programs): Spent | undefined {
  if (!hasProc()) return undefined;
  const processes = readProcesses();
  const mainSeconds = worker === undefined ? undefined : readMainThread(worker)?.ownSeconds;
  const machine = readMachine();
  return { by: spentSoFar(processes, mainSeconds, { worker, cluster, store }), machine };
}

/**
 * @param processes all of the machine
 * @param workerMainSeconds of the worker's main thread
 * @returns since each program's start
 */
export function spentSoFar(
  processes: readonly ProcessCpu[],
  workerMainSeconds: number | undefined,
  programs: Programs,
  ownPid = process.pid,
): Spent['by'] {
  const of = (pid: number | undefined) => processes.find((each) => each.pid === pid);
  const [bench, cluster, store, worker] = [
    of(ownPid),
    of(programs.cluster),
    of(programs.store),
    of(programs.worker),
  ];
  return {
    ...(bench && { bench: bench.ownSeconds, benchChildren: bench.reapedSeconds }),
    ...(cluster && { apiServer: cluster.ownSeconds, ...inPods(processes, cluster) }),
    ...(store && { store: store.ownSeconds }),
    ...(worker !== undefined &&
      workerMainSeconds !== undefined && {
        workerMain: workerMainSeconds,
        workerThreads: worker.ownSeconds - workerMainSeconds,
      }),
  };
}

/** A service's own process is named so; jcmd is a JVM, too, and one of the programs. */
const SERVICE = 'java';

/**
 * What has ended is in the account of who waited for it: the cluster's process, or something below it, as orphans fall
 * to their pod's first process. (Not where a pod has no pid namespace; there an orphan is lost to us.)
 */
function inPods(processes: readonly ProcessCpu[], cluster: ProcessCpu): { podPrograms: number; jvm: number } {
  let [podPrograms, jvm] = [cluster.reapedSeconds, 0];
  const below = [cluster.pid];
  for (const parent of below)
    for (const { pid, parentPid, name, ownSeconds, reapedSeconds } of processes) {
      if (parentPid !== parent) continue;
      below.push(pid);
      podPrograms += reapedSeconds;
      if (name === SERVICE) jvm += ownSeconds;
      else podPrograms += ownSeconds;
    }
  return { podPrograms, jvm };
}

function difference(before: Spent, after: Spent): Spent {
  const by: Partial<Record<Spender, number>> = {};
  for (const [spender, seconds] of Object.entries(after.by) as [Spender, number][]) {
    const earlier = before.by[spender];
    if (earlier !== undefined) by[spender] = seconds - earlier;
  }
  return {
    by,
    machine: {
      cores: after.machine.cores,
      busySeconds: after.machine.busySeconds - before.machine.busySeconds,
      idleSeconds: after.machine.idleSeconds - before.machine.idleSeconds,
    },
  };
}
