import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRuntime } from './container/runtime.ts';
import { PodContainer } from './pod-container.ts';
import { ClusterSetupError, type PodSpec } from './pod-spec.ts';

/** A pod as a test or the demo holds it. */
export interface DemoPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Path on this machine of a container's path. In memory file systems only while the container runs. */
  hostPath(container: string, path: string): string;
  /** All that pid 1 has written to stdout and stderr so far, over all restarts. */
  stdout(container: string): string;
  /** Pids on this machine of all live processes in the container. */
  hostPids(container: string): number[];
  /**
   * As `kubectl delete`: SIGTERM to each pid 1, SIGKILL after the grace (30 s unless given), then the pod is gone.
   * With grace 0 it is gone from the API at once. Resolves when its last process has ended.
   */
  delete(options?: { graceSeconds?: number }): Promise<void>;
  /** Pid 1 gets SIGKILL. Resolves when the container runs again, with restartCount one higher. */
  killContainer(container: string): Promise<void>;
  /**
   * Ends all containers with SIGTERM (SIGKILL where pid 1 ignores it), with no restart: the pod is completed,
   * phase Succeeded. Resolves when it is.
   */
  complete(): Promise<void>;
}

export interface LivePodOptions {
  runtime: ContainerRuntime;
  workDir: string;
  ip: string;
  restartDelayMs: number;
  now: () => number;
  changed: (pod: LivePod) => void;
  gone: (pod: LivePod) => void;
}

/** How long `complete()` waits for pid 1 to obey SIGTERM. */
const COMPLETE_GRACE_MS = 2000;
const DEFAULT_GRACE_SECONDS = 30;

export class LivePod implements DemoPod {
  readonly spec: PodSpec;
  readonly uid = randomUUID();
  readonly ip: string;
  readonly createdAt: number;
  readonly containers: PodContainer[];
  resourceVersion = '0';
  deletion: { at: number; graceSeconds: number } | undefined;
  completed = false;
  readonly #o: LivePodOptions;
  readonly #dir: string;
  #restarts = new Map<PodContainer, { timer: NodeJS.Timeout; running: Promise<void> | undefined }>();
  #waiters: (() => void)[] = [];
  #destroyed: Promise<void> | undefined;

  constructor(spec: PodSpec, options: LivePodOptions) {
    this.spec = structuredClone(spec);
    this.#o = options;
    this.ip = options.ip;
    this.createdAt = options.now();
    this.#dir = join(options.workDir, 'pods', this.uid);
    this.containers = this.spec.containers.map((container, index) => {
      const dir = join(this.#dir, String(index));
      const emptyDirs = (container.emptyDirs ?? []).map((_, number) => join(dir, `empty-dir-${number}`));
      for (const path of [dir, ...emptyDirs]) mkdirSync(path, { recursive: true });
      // Kubernetes gives emptyDirs to everybody.
      for (const path of emptyDirs) chmodSync(path, 0o777);
      return new PodContainer(container, {
        runtime: options.runtime,
        pod: spec.name,
        dir,
        emptyDirs,
        now: options.now,
        changed: () => this.#changed(),
        ended: (ended) => this.#onEnded(ended),
      });
    });
  }

  get namespace(): string {
    return this.spec.namespace;
  }

  get name(): string {
    return this.spec.name;
  }

  /** No container runs, and none will again. */
  get isOver(): boolean {
    const policy = this.spec.restartPolicy ?? 'Always';
    return this.containers.every(({ state }) => {
      if (state.kind !== 'terminated') return false;
      if (this.completed || this.deletion) return true;
      return policy === 'Never' || (policy === 'OnFailure' && state.termination.exitCode === 0);
    });
  }

  /** Starts all containers; throws ClusterSetupError, with nothing left behind, when one cannot. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.containers.map((container) => container.start()));
    } catch (error) {
      await this.destroy();
      throw error;
    }
  }

  hostPath(container: string, path: string): string {
    const { running } = this.container(container);
    if (!running) throw new RangeError(`${this.name}/${container} is not running`);
    return running.hostPath(path);
  }

  stdout(container: string): string {
    const { stdoutFile } = this.container(container);
    return existsSync(stdoutFile) ? readFileSync(stdoutFile, 'utf8') : '';
  }

  hostPids(container: string): number[] {
    return this.container(container).running?.hostPids() ?? [];
  }

  async delete(options: { graceSeconds?: number } = {}): Promise<void> {
    const graceSeconds = options.graceSeconds ?? DEFAULT_GRACE_SECONDS;
    this.deletion = { at: this.#o.now() + graceSeconds * 1000, graceSeconds };
    if (graceSeconds > 0) {
      this.#changed();
      await this.#terminate(graceSeconds * 1000);
    } else {
      this.#o.gone(this);
    }
    await this.destroy();
  }

  async killContainer(name: string): Promise<void> {
    const container = this.container(name);
    const restarts = container.restartCount;
    container.running?.signal('SIGKILL');
    await this.#until(() => container.restartCount > restarts && container.state.kind === 'running');
  }

  async complete(): Promise<void> {
    this.completed = true;
    await this.#terminate(COMPLETE_GRACE_MS);
    this.#changed();
  }

  container(name: string): PodContainer {
    const container = this.containers.find(({ spec }) => spec.name === name);
    if (!container) throw new RangeError(`No container ${name} in pod ${this.name}`);
    return container;
  }

  /** Ends every process, and removes every file. */
  destroy(): Promise<void> {
    this.#destroyed ??= (async () => {
      const starting = [...this.#restarts.values()].map(({ timer, running }) => {
        clearTimeout(timer);
        return running;
      });
      await Promise.allSettled(starting);
      await Promise.all(this.containers.map((container) => container.destroy()));
      rmSync(this.#dir, { recursive: true, force: true });
      this.#o.gone(this);
    })();
    return this.#destroyed;
  }

  #changed(): void {
    this.#o.changed(this);
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  async #terminate(graceMs: number): Promise<void> {
    for (const { running } of this.containers) running?.signal('SIGTERM');
    const kill = setTimeout(() => {
      for (const { running } of this.containers) running?.signal('SIGKILL');
    }, graceMs);
    await this.#until(() => this.containers.every(({ state }) => state.kind !== 'running'));
    clearTimeout(kill);
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#destroyed) throw new ClusterSetupError('bad-spec', `${this.name} is gone`);
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #onEnded(container: PodContainer): void {
    const policy = this.spec.restartPolicy ?? 'Always';
    const failed = container.state.kind === 'terminated' && container.state.termination.exitCode !== 0;
    if (this.deletion || this.completed || this.#destroyed) return;
    if (policy === 'Never' || (policy === 'OnFailure' && !failed)) return;
    const restart = {
      running: undefined as Promise<void> | undefined,
      timer: setTimeout(() => {
        if (this.deletion || this.completed || this.#destroyed) return;
        restart.running = container.restart().catch((error: unknown) => {
          container.state = { kind: 'waiting', reason: 'RunContainerError' };
          this.#changed();
          console.error('container did not restart', this.name, container.spec.name, error);
        });
      }, this.#o.restartDelayMs),
    };
    this.#restarts.set(container, restart);
  }
}
