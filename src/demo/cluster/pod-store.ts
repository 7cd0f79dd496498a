import type { LivePod } from './pod.ts';

export interface PodEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  version: number;
  pod: LivePod;
  /** The object as it was then, as the API shows it. */
  object: Record<string, unknown>;
}

/** An API server keeps a few minutes of history for watches; more than this a test will not need. */
const HISTORY = 1000;

/** All pods, their one resource version, and what happened to them. */
export class PodStore {
  readonly #pods = new Map<string, LivePod>();
  readonly #toObject: (pod: LivePod) => Record<string, unknown>;
  readonly #listeners = new Set<(event: PodEvent) => void>();
  #history: PodEvent[] = [];
  #forgotten = 0;
  version = 1000;

  constructor(toObject: (pod: LivePod) => Record<string, unknown>) {
    this.#toObject = toObject;
  }

  get(namespace: string, name: string): LivePod | undefined {
    return this.#pods.get(`${namespace}/${name}`);
  }

  /** Of one namespace, or of all, by name as etcd orders them. */
  list(namespace?: string): LivePod[] {
    return [...this.#pods.values()]
      .filter((pod) => namespace === undefined || pod.namespace === namespace)
      .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  }

  add(pod: LivePod): void {
    this.#pods.set(`${pod.namespace}/${pod.name}`, pod);
    this.#record('ADDED', pod);
  }

  changed(pod: LivePod): void {
    if (this.get(pod.namespace, pod.name) === pod) this.#record('MODIFIED', pod);
  }

  remove(pod: LivePod): void {
    if (this.get(pod.namespace, pod.name) !== pod) return;
    this.#pods.delete(`${pod.namespace}/${pod.name}`);
    this.#record('DELETED', pod);
  }

  /** Events after a version, or undefined when they are no longer known. */
  since(version: number): PodEvent[] | undefined {
    return version < this.#forgotten ? undefined : this.#history.filter((event) => event.version > version);
  }

  /** Calls for each event to come; returns how to stop. */
  subscribe(listener: (event: PodEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #record(type: PodEvent['type'], pod: LivePod): void {
    this.version += 1;
    pod.resourceVersion = String(this.version);
    const event: PodEvent = { type, version: this.version, pod, object: this.#toObject(pod) };
    this.#history.push(event);
    if (this.#history.length > HISTORY) this.#forgotten = this.#history.shift()?.version ?? 0;
    for (const listener of this.#listeners) listener(event);
  }
}
