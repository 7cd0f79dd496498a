import type { Socket } from 'node:net';
import type { ContainerSpec } from '../pod-spec.ts';
import type { Lookup } from './executable.ts';

/**
 * 'namespaces': each container has its own pid and mount namespace and its own root.
 * 'processes': plain processes of this machine, for where namespaces are not allowed (a Docker container without rights).
 */
export type ClusterMode = 'namespaces' | 'processes';

/** One start of one container. */
export interface ContainerPlan {
  spec: ContainerSpec;
  pod: string;
  /** A directory of this start alone; removed by destroy(). */
  dir: string;
  /** Host directories of spec.emptyDirs, in that order; they belong to the pod. */
  emptyDirs: string[];
  stdoutFile: string;
}

export interface ExecStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** A command that was started in a container. The two file descriptors must be read to their end, or closed. */
export interface ExecProcess {
  stdin: Socket | undefined;
  stdoutFd: number | undefined;
  stderrFd: number | undefined;
  /** Exit code as a shell counts it: 128 + n for signal n. Its children may live on. */
  exited: Promise<number>;
  /** To the command itself, never to its children. */
  signal(signal: NodeJS.Signals): Promise<void>;
}

export interface RunningContainer {
  /** Resolves when pid 1 has ended, and with it everything in the container. */
  ended: Promise<number>;
  /** Host pids of all live processes in the container. */
  hostPids(): number[];
  hostPath(path: string): string;
  findExecutable(file: string): Lookup;
  exec(argv: string[], streams: ExecStreams): ExecProcess;
  /** To pid 1. */
  signal(signal: NodeJS.Signals): void;
  /** Ends all processes and removes the files of this start. Safe to call twice. */
  destroy(): Promise<void>;
}

export interface ContainerRuntime {
  mode: ClusterMode;
  /** Resolves once pid 1 runs the command. Throws ClusterSetupError, and leaves nothing behind then. */
  start(plan: ContainerPlan): Promise<RunningContainer>;
}
