/** The command line of `npm run bench`. */
import { resolve } from 'node:path';
import { Command } from 'commander';

export interface BenchOptions {
  readonly json: boolean;
  readonly quick: boolean;
  /** Of each measure; throughput, which is quick to measure and noisy, has more. */
  readonly runs: number;
  readonly throughputRuns: number;
  readonly sizes: BenchSizes;
  /** Names of the measures to take; empty for all. */
  readonly only: readonly string[];
  /** A real cluster, in the place of the stand-in. */
  readonly real:
    | {
        readonly kubeconfig: string;
        readonly context: string | undefined;
        readonly namespace: string;
        readonly pod: string;
        readonly container: string | undefined;
      }
    | undefined;
  readonly config: string | undefined;
  /** Folder for table, plot and JSON. */
  readonly out: string;
  readonly log: string;
}

/** MB of heap that the stand-in's services have leaked; a dump is about that large. */
export interface BenchSizes {
  readonly throughput: number;
  readonly approval: readonly number[];
  /** One of those. */
  readonly approvalHeadline: number;
  readonly memoryOne: readonly number[];
  readonly memoryEight: readonly number[];
  readonly cut: number;
}

const QUICK: BenchSizes = {
  throughput: 96,
  approval: [64],
  approvalHeadline: 64,
  memoryOne: [64],
  memoryEight: [24],
  cut: 128,
};
const NORMAL: BenchSizes = {
  throughput: 1024,
  approval: [256, 1024],
  approvalHeadline: 1024,
  memoryOne: [256, 1024],
  memoryEight: [256],
  cut: 512,
};
const FULL: BenchSizes = {
  ...NORMAL,
  approval: [256, 1024, 4096],
  memoryOne: [256, 1024, 8192],
  memoryEight: [256, 1024],
};
/** In MB. A JVM wants some for itself, and twice the heap, a dump and its copy have to have room somewhere. */
const LEAST_HEAP = 16;
const HEADLINE_HEAP = 1024;
const MOST_HEAP = 32_768;
const FEWEST_RUNS = 3;
const THROUGHPUT_RUNS = 5;

/** @throws Error with what is wrong and what is allowed */
export function readOptions(argv: readonly string[], projectDir: string): BenchOptions {
  const given = new Command('bench')
    .description(
      'Throughput, time from approval to link, memory, bytes sent twice, and what each part costs.',
    )
    .option('--json', 'print one last line of JSON', false)
    .option('--quick', 'small heaps, one run: shows that it works, no more', false)
    .option('--full', 'the 4 GB and 8 GB heaps as well: wants 24 GB of memory and 30 GB of disk', false)
    .option('--runs <n>', 'runs of each measure')
    .option('--sizes <MB,…>', 'heaps for approval to link, instead of its own, e.g. 1024,4096')
    .option('--only <names>', 'of: throughput, costs, approval, memory, cut; with commas')
    .option('--kubeconfig <file>', 'a real cluster in the place of the stand-in')
    .option('--context <name>', 'a context of that kubeconfig')
    .option('--target <namespace/pod>', 'a pod with a JVM in that cluster; it is dumped some twenty times')
    .option('-c, --container <name>', 'its container')
    .option('--config <file>', 'in the form of heapdump.example.yaml; goes before the bench’s own settings')
    .option('--out <folder>', 'where table.md, plot.svg and report.json are written')
    .option('--log <level>', 'what bot and worker log, to standard error', 'error')
    .parse(argv, { from: 'user' })
    .opts<Given>();
  if ((given.kubeconfig === undefined) !== (given.target === undefined))
    throw new Error('--kubeconfig and --target go together: --kubeconfig FILE --target namespace/pod');
  const [namespace = '', pod = '', ...more] = given.target?.split('/') ?? [];
  if (given.target !== undefined && (namespace === '' || pod === '' || more.length > 0))
    throw new Error(`--target is "${given.target}"; allowed: namespace/pod`);
  const runs = given.runs === undefined ? undefined : Number(given.runs);
  if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= 100))
    throw new Error(`--runs is "${given.runs}"; allowed: 1 to 100`);
  return {
    json: given.json,
    quick: given.quick,
    runs: runs ?? (given.quick ? 1 : FEWEST_RUNS),
    throughputRuns: runs ?? (given.quick ? 1 : THROUGHPUT_RUNS),
    sizes: { ...(given.quick ? QUICK : given.full ? FULL : NORMAL), ...approvalSizes(given) },
    only: given.only?.split(',') ?? [],
    real:
      given.kubeconfig === undefined
        ? undefined
        : {
            kubeconfig: resolve(given.kubeconfig),
            context: given.context,
            namespace,
            pod,
            container: given.container,
          },
    config: given.config,
    out: resolve(given.out ?? `${projectDir}/${given.quick ? '.cache/bench' : 'bench/results'}`),
    log: given.log,
  };
}

/** The headline is of 1024 MB where that is measured, so that it can be compared with others. @throws Error */
function approvalSizes({ sizes, kubeconfig }: Given): Partial<BenchSizes> {
  if (sizes === undefined) return {};
  if (kubeconfig !== undefined)
    throw new Error(
      `--sizes is "${sizes}"; not allowed with --kubeconfig: a target has the heap that it has`,
    );
  const approval = sizes.split(',').map((text) => (/^\d+$/.test(text) ? Number(text) : Number.NaN));
  const inRange = approval.every((size) => size >= LEAST_HEAP && size <= MOST_HEAP);
  const [last] = approval.slice(-1);
  if (!inRange || last === undefined || new Set(approval).size < approval.length)
    throw new Error(
      `--sizes is "${sizes}"; allowed: MB from ${LEAST_HEAP} to ${MOST_HEAP}, each once, with commas: 1024,4096`,
    );
  return { approval, approvalHeadline: approval.includes(HEADLINE_HEAP) ? HEADLINE_HEAP : last };
}

interface Given {
  json: boolean;
  quick: boolean;
  full: boolean;
  runs?: string;
  sizes?: string;
  only?: string;
  kubeconfig?: string;
  context?: string;
  target?: string;
  container?: string;
  config?: string;
  out?: string;
  log: string;
}
