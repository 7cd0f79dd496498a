/** What every step of one attempt works with. */
import type { Redis } from 'ioredis';
import type { ClusterConfig, Config } from '../config-schema.ts';
import type { Cluster } from '../k8s/client.ts';
import type { Logger } from '../log.ts';
import type { Checkpoint, DumpData, Progress, Step } from './dump-job.ts';
import type { PieceThreads } from './pieces/piece-threads.ts';
import type { ObjectStore } from './store/object-store.ts';

export interface DumpSettings extends Readonly<Config['worker']> {
  /** The dump tool as a host path, and beside it the tool that takes its place, if the config names one. */
  readonly toolPath: string;
  readonly foreignToolPath: string | undefined;
  /** The first one signs. */
  readonly manifestKeys: readonly string[];
}

export interface DumpContext {
  readonly data: DumpData;
  readonly attempt: number;
  readonly cluster: Cluster;
  readonly clusterConfig: ClusterConfig;
  readonly store: ObjectStore;
  /** Shared by all transfers of this process. */
  readonly threads: PieceThreads;
  readonly redis: Redis;
  readonly settings: DumpSettings;
  /** Aborts on cancel, hand-over, and a lost lease; its reason says which. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly log: Logger;
  readonly checkpoint: Readonly<Checkpoint>;
  /** In Redis when it resolves: only then may it be relied on. */
  save(change: Partial<Checkpoint>): Promise<void>;
  /** Shown to people, at most about once a second. */
  report(
    change: Partial<Pick<Progress, 'dumpedBytes' | 'sentBytes' | 'totalBytes' | 'bytesPerSecond'>>,
  ): void;
}

export type StepRun = <T>(step: Step, work: () => Promise<T>) => Promise<T>;
