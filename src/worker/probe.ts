/** What the dump tool's read-only `probe` says of a container. Pure, but for the plausibility of what a pod printed. */
import type { Jvm } from './dump-job.ts';
import { StepError } from './step-error.ts';
import { countOf, type ToolLine } from './tool-lines.ts';

export interface ProbedJvm extends Jvm {
  readonly catchesQuit: boolean;
}

export interface ProbedDir {
  readonly path: string;
  readonly freeBytes: number;
  readonly allowsExecution: boolean;
  readonly inMemory: boolean;
}

export interface Probe {
  readonly tools: readonly string[];
  /** Lowest pid first. */
  readonly jvms: readonly ProbedJvm[];
  readonly heap:
    | {
        readonly usedBytes: number;
        readonly maxBytes: number | undefined;
        readonly jdk: number | undefined;
        /** It overwrites a pipe, and uses no disk for it: newer JVMs write the whole dump beside it all the same. */
        readonly dumpsIntoPipe: boolean;
      }
    | undefined;
  /** Why the JVM that was looked at cannot be attached to, where the tool can tell without trying. */
  readonly cannotAttach: CannotAttach | undefined;
  readonly dirs: readonly ProbedDir[];
  readonly memory: { readonly limitBytes: number; readonly usedBytes: number } | undefined;
  readonly commands: ReadonlySet<string>;
  readonly uid: number;
  readonly leftovers: readonly { readonly path: string; readonly alive: boolean }[];
}

const CANNOT_ATTACH = ['attach-disabled', 'read-only-tmp'] as const;
type CannotAttach = (typeof CANNOT_ATTACH)[number];

/** Plain absolute paths alone: what else a pod may print never gets as far as an argument. */
const PATH = /^\/[A-Za-z0-9._/:,@+%$-]{0,3900}$/;

export function readProbe(lines: readonly ToolLine[]): Probe {
  const of = (word: string) => lines.filter((line) => line.word === word);
  const heap = of('heap')[0];
  const heapUsed = countOf(heap, 'used');
  const memory = of('memory')[0];
  const [limit, used] = [countOf(memory, 'limit'), countOf(memory, 'used')];
  return {
    tools: of('tool').flatMap(({ values }) => (values.name === undefined ? [] : [values.name])),
    jvms: of('jvm')
      .flatMap((line) => {
        const [pid, startTime, uid] = [countOf(line, 'pid'), countOf(line, 'start'), countOf(line, 'uid')];
        if (pid === undefined || pid === 0 || startTime === undefined || uid === undefined) return [];
        const mainClass = (line.values.main ?? '').slice(0, 300) || 'unknown';
        return [{ pid, startTime, uid, mainClass, catchesQuit: line.values['catches-quit'] === 'yes' }];
      })
      .sort((a, b) => a.pid - b.pid),
    heap:
      heapUsed === undefined
        ? undefined
        : {
            usedBytes: heapUsed,
            maxBytes: countOf(heap, 'max'),
            jdk: countOf(heap, 'jdk'),
            dumpsIntoPipe: heap?.values.overwrite === 'yes' && heap.values.parallel === 'no',
          },
    cannotAttach: CANNOT_ATTACH.find((reason) => reason === of('heap-unknown')[0]?.values.reason),
    dirs: of('dir').flatMap((line) => {
      const freeBytes = countOf(line, 'free');
      const { path } = line.values;
      if (path === undefined || !PATH.test(path) || freeBytes === undefined) return [];
      return [
        {
          path,
          freeBytes,
          allowsExecution: line.values.exec === 'yes',
          inMemory: line.values.memory === 'yes',
        },
      ];
    }),
    memory: limit === undefined || used === undefined ? undefined : { limitBytes: limit, usedBytes: used },
    commands: new Set(of('has').flatMap(({ values }) => (values.name === undefined ? [] : [values.name]))),
    uid: countOf(of('user')[0], 'uid') ?? 0,
    leftovers: of('leftover').flatMap(({ values }) =>
      values.path !== undefined && PATH.test(values.path)
        ? [{ path: values.path, alive: values.alive === 'yes' }]
        : [],
    ),
  };
}

/** At most 2.1 × used and a constant part, compact headers apart. */
export const predictedSizeBytes = (heapUsedBytes: number): number =>
  Math.ceil(2.1 * heapUsedBytes) + 10_000_000;

/** JDK 25 and later write segments first and merge them, so that the peak is twice the file. */
export const predictedPeakBytes = (sizeBytes: number, jdk: number | undefined): number =>
  sizeBytes * ((jdk ?? 25) >= 25 ? 2 : 1);

/** Measured: from 1.5 GB/s on a warm, quiet machine down to a disk that writes back at 125 MB/s. Milliseconds. */
export const predictedPauseMs = (heapUsedBytes: number): [number, number] => [
  Math.max(100, Math.round(heapUsedBytes / 1.5e6)),
  Math.max(1000, Math.round(heapUsedBytes / 1.25e5)),
];

/**
 * The lowest pid that can be attached to.
 * @throws StepError no-jvm, jvm-not-ready
 */
export function chooseJvm(probe: Probe): ProbedJvm {
  const ready = probe.jvms.find(({ catchesQuit }) => catchesQuit);
  if (ready !== undefined) return ready;
  const first = probe.jvms[0];
  if (first !== undefined)
    throw new StepError('jvm-not-ready', `pid ${first.pid} (${first.mainClass}) does not catch SIGQUIT`);
  throw new StepError('no-jvm', '');
}

/** Nobody shall be asked to approve what cannot be done. @throws StepError attach-disabled, read-only-tmp */
export function expectAttachable({ cannotAttach }: Probe, { pid, mainClass }: ProbedJvm): void {
  if (cannotAttach !== undefined) throw new StepError(cannotAttach, `pid ${pid} (${mainClass})`);
}

/** @throws StepError no-jdk-tools */
export function chooseAttachTool(probe: Probe): 'jcmd' | 'jmap' | 'jattach' {
  for (const tool of ['jcmd', 'jmap', 'jattach'] as const) if (probe.tools.includes(tool)) return tool;
  throw new StepError(
    'no-jdk-tools',
    probe.tools.length === 0 ? '' : `found only: ${probe.tools.join(', ')}`,
  );
}

/**
 * Where the dump will be written: room first, then whether the tool can be executed there. A memory file system counts
 * against the container's limit, so it needs room there as well.
 * @throws StepError no-writable-dir, not-enough-disk
 */
export function chooseDir(probe: Probe, neededBytes: number | undefined): ProbedDir {
  const room = (dir: ProbedDir): number => {
    if (!dir.inMemory) return dir.freeBytes;
    const left = probe.memory === undefined ? 0 : probe.memory.limitBytes - probe.memory.usedBytes;
    return Math.min(dir.freeBytes, Math.max(0, left));
  };
  const usable = probe.dirs.filter((dir) => !dir.inMemory || room(dir) > 0);
  if (usable.length === 0)
    throw new StepError(
      'no-writable-dir',
      probe.dirs.length === 0 ? '' : 'only memory file systems are writable',
    );
  const needed = neededBytes ?? 0;
  const fits = usable.filter((dir) => room(dir) >= needed);
  const best = [...fits].sort(
    (a, b) =>
      Number(a.inMemory) - Number(b.inMemory) ||
      Number(b.allowsExecution) - Number(a.allowsExecution) ||
      room(b) - room(a),
  )[0];
  if (best !== undefined) return best;
  const largest = usable.map((dir) => `${dir.path} has ${mega(room(dir))}`).join(', ');
  throw new StepError('not-enough-disk', `up to ${mega(needed)} needed; ${largest}`);
}

const mega = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

/** For the tool and a pipe; the dump itself goes elsewhere. */
const PIPE_ROOM_BYTES = 16_000_000;

export interface DumpPlace {
  readonly dir: ProbedDir;
  readonly noDisk: boolean;
}

/**
 * A place for the file, or for a pipe where that was asked for, or may be and nothing has room for the file.
 * @throws StepError no-writable-dir, not-enough-disk, no-pipe-dump
 */
export function choosePlace(
  probe: Probe,
  neededBytes: number | undefined,
  noDisk: 'always' | 'if-needed' | 'never',
): DumpPlace {
  const pipe = (): DumpPlace => {
    if (!probe.commands.has('mkfifo')) throw new StepError('no-pipe-dump', 'the container has no mkfifo');
    if (!probe.heap?.dumpsIntoPipe)
      throw new StepError('no-pipe-dump', `JDK ${probe.heap?.jdk ?? 'unknown'}`);
    return { dir: chooseDir(probe, PIPE_ROOM_BYTES), noDisk: true };
  };
  if (noDisk === 'always') return pipe();
  try {
    return { dir: chooseDir(probe, neededBytes), noDisk: false };
  } catch (error) {
    if (noDisk === 'never' || !(error instanceof StepError) || error.code !== 'not-enough-disk') throw error;
    try {
      return pipe();
    } catch {
      // What was wished for first is what people should hear about.
      throw error;
    }
  }
}
