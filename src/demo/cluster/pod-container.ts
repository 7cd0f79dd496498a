import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRuntime, RunningContainer } from './container/runtime.ts';
import type { ContainerSpec } from './pod-spec.ts';

/** How one start of a container ended. Times in milliseconds of the cluster's clock. */
export interface Termination {
  exitCode: number;
  startedAt: number;
  finishedAt: number;
  containerId: string;
}

export type ContainerState =
  | { kind: 'waiting'; reason: string }
  | { kind: 'running'; startedAt: number }
  | { kind: 'terminated'; termination: Termination };

export interface PodContainerOptions {
  runtime: ContainerRuntime;
  pod: string;
  dir: string;
  emptyDirs: string[];
  now: () => number;
  /** After each change of state. */
  changed: () => void;
  /** After pid 1 has ended, however it ended. */
  ended: (container: PodContainer) => void;
}

/** One container of a pod over all its restarts. */
export class PodContainer {
  readonly spec: ContainerSpec;
  readonly stdoutFile: string;
  state: ContainerState = { kind: 'waiting', reason: 'ContainerCreating' };
  lastTermination: Termination | undefined;
  restartCount = 0;
  containerId = '';
  running: RunningContainer | undefined;
  readonly #o: PodContainerOptions;
  #starts = 0;
  #starting: Promise<void> | undefined;

  constructor(spec: ContainerSpec, options: PodContainerOptions) {
    this.spec = spec;
    this.#o = options;
    this.stdoutFile = spec.stdoutFile ?? join(options.dir, 'stdout.log');
  }

  /** Throws ClusterSetupError when the container cannot be started. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { runtime, now } = this.#o;
    const dir = join(this.#o.dir, `start-${this.#starts++}`);
    mkdirSync(dir, { recursive: true });
    const running = await runtime.start({
      spec: this.spec,
      pod: this.#o.pod,
      dir,
      emptyDirs: this.#o.emptyDirs,
      stdoutFile: this.stdoutFile,
    });
    const startedAt = now();
    const containerId = randomBytes(32).toString('hex');
    this.running = running;
    this.containerId = containerId;
    this.state = { kind: 'running', startedAt };
    this.#o.changed();
    void running.ended.then((exitCode) => {
      this.state = {
        kind: 'terminated',
        termination: { exitCode, startedAt, finishedAt: now(), containerId },
      };
      this.#o.changed();
      this.#o.ended(this);
    });
  }

  /** Starts it again with a fresh root; the emptyDirs stay. */
  async restart(): Promise<void> {
    if (this.state.kind === 'terminated') this.lastTermination = this.state.termination;
    await this.running?.destroy();
    this.running = undefined;
    this.restartCount += 1;
    await this.start();
  }

  /** Also for one that is still being started. */
  async destroy(): Promise<void> {
    await this.#starting?.catch(() => {});
    await this.running?.destroy();
  }
}
