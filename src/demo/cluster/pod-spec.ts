/** What a test or the demo asks for when it adds a pod. Plain values only: the cluster never changes them. */

export interface ContainerSpec {
  name: string;
  /** argv of pid 1; the first word is looked up in the container's PATH. */
  command: string[];
  env?: Record<string, string>;
  image?: string;
  /** Shown in the pod's resources and in the container's /sys/fs/cgroup/memory.max. Not enforced. */
  memoryLimitBytes?: number;
  uid?: number;
  gid?: number;
  /** Everything but the emptyDirs and memoryDirs is read-only. Only in mode 'namespaces'. */
  readOnlyRoot?: boolean;
  /** Mount paths that get a private writable directory on disk; they outlive a restart of the container. */
  emptyDirs?: string[];
  /** Memory file systems (tmpfs) of a fixed size. Only in mode 'namespaces'. */
  memoryDirs?: { path: string; sizeBytes: number }[];
  /** Paths of this machine, shown read-only at mountPath. */
  mounts?: { hostPath: string; mountPath: string }[];
  /**
   * Paths that the container must not have: files become empty ones without an execute bit, folders empty. In mode
   * 'processes' just files in a folder of PATH, which are not found by name then.
   */
  hidden?: string[];
  /** PATH inside the container. */
  path?: string;
  /** File of this machine that receives stdout and stderr of pid 1; by default one inside the cluster's workDir. */
  stdoutFile?: string;
}

export interface PodSpec {
  namespace: string;
  name: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string }[];
  /** 'Always' by default: a container that ends is started again after `restartDelayMs`. */
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  containers: ContainerSpec[];
}

/** Thrown by addPod and by options that make no sense. */
export class ClusterSetupError extends Error {
  readonly code: 'bad-spec' | 'container-failed-to-start' | 'mode-not-available' | 'missing-program';
  constructor(code: ClusterSetupError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ClusterSetupError';
    this.code = code;
  }
}

/** The PATH of most images. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
