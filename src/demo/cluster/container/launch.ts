import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterSetupError, DEFAULT_PATH } from '../pod-spec.ts';
import { findProgram } from './find-program.ts';
import { childrenOf, readCommandLine, signalProcess } from './process-table.ts';
import { BUILD_ROOT, prepareRoot, type RootFileSystem } from './root-file-system.ts';
import type { ContainerPlan } from './runtime.ts';
import { exitCodeOf } from './spawn-exec.ts';

/**
 * How namespaces are made: by rights of our own, or in a user namespace. In the latter a container's files belong to
 * us, and so to its one user, whatever its uid: `/` is writable for it unless the root is read-only.
 */
export type NamespaceRights = 'privileged' | 'user-namespace';

/** What containerd leaves a container by default. Root in a pod may thus not look into the processes of others. */
const CAPABILITIES = [
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'net_bind_service',
  'net_raw',
  'sys_chroot',
  'mknod',
  'audit_write',
  'setfcap',
];
export const BOUNDING_SET = `--bounding-set=-all,${CAPABILITIES.map((name) => `+${name}`).join(',')}`;
/** Marks the launcher's argv until pid 1 has become the command. */
const LAUNCHER_MARK = '--pdeathsig';
/**
 * The first process that a shell forks after `unshare --pid` is pid 1 there, and the shell tells its end as 128 + n.
 * `unshare --fork` of util-linux 2.38 says 1 for a child that was killed. The shell's own 'Killed' is for nobody.
 */
const FORK_PID_1 = 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit $?';
/** A start is about 20 mounts; this is for a machine that is very busy. */
const START_TIMEOUT_MS = 60_000;

/** A container from its first process on. */
export interface Launch {
  child: ChildProcess;
  root: RootFileSystem;
  ended: Promise<number>;
  hasEnded(): boolean;
  /** Host pid of the container's pid 1, once known. */
  pid: number | undefined;
  /** Opened at start, so that an exec can never enter a namespace whose pid was given to somebody else. */
  namespaceFds: Map<string, number>;
  destroy(): Promise<void>;
}

export const uidOf = (plan: ContainerPlan): number => plan.spec.uid ?? 0;
export const gidOf = (plan: ContainerPlan): number => plan.spec.gid ?? uidOf(plan);

/** All that the container's processes get; nothing of ours is passed on. */
export const environmentOf = (plan: ContainerPlan): Record<string, string> => ({
  PATH: plan.spec.path ?? DEFAULT_PATH,
  HOME: uidOf(plan) === 0 ? '/root' : '/',
  HOSTNAME: plan.pod,
  ...plan.spec.env,
});

/** Starts pid 1. It is not the command yet: see `becomesCommand`. */
export const launchContainer = (plan: ContainerPlan, how: NamespaceRights): Launch => {
  const root = prepareRoot(plan);
  const setpriv = findProgram('setpriv');
  const ids = [`--reuid=${uidOf(plan)}`, `--regid=${gidOf(plan)}`, '--clear-groups'];
  const userNamespace = ['--user', `--map-user=${uidOf(plan)}`, `--map-group=${gidOf(plan)}`, '--keep-caps'];
  const output = openSync(plan.stdoutFile, 'a');
  let child: ChildProcess;
  try {
    child = spawn(
      setpriv,
      [
        ...[LAUNCHER_MARK, 'KILL', '--', findProgram('unshare')],
        ...(how === 'user-namespace' ? userNamespace : []),
        ...['--mount', '--pid', '--', '/bin/sh', '-c', FORK_PID_1, 'sh'],
        ...[setpriv, LAUNCHER_MARK, 'KILL', '--', '/bin/sh', '-c', BUILD_ROOT, LAUNCHER_MARK],
        ...root.buildArgs,
        ...[setpriv, LAUNCHER_MARK, 'KILL', BOUNDING_SET, '--inh-caps=-all'],
        ...(how === 'user-namespace' ? ['--ambient-caps=-all'] : ids),
        '--',
        ...plan.spec.command,
      ],
      { env: environmentOf(plan), cwd: '/', detached: true, stdio: ['ignore', output, output] },
    );
  } finally {
    closeSync(output);
  }
  let over = false;
  const ended = exitCodeOf(child).then((code) => {
    over = true;
    return code;
  });
  const launch: Launch = {
    child,
    root,
    ended,
    hasEnded: () => over,
    pid: undefined,
    namespaceFds: new Map(),
    destroy: async () => {
      // The kernel kills what is left in a pid namespace before it lets its pid 1 go.
      if (!over && launch.pid !== undefined) signalProcess(launch.pid, 'SIGKILL');
      else if (!over) child.kill('SIGKILL');
      await ended;
      for (const fd of launch.namespaceFds.values()) closeSync(fd);
      launch.namespaceFds.clear();
      rmSync(plan.dir, { recursive: true, force: true });
    },
  };
  return launch;
};

const LAUNCHER_SAID = new RegExp(`^(mount|setpriv|pivot_root|umount|unshare|${LAUNCHER_MARK}): `, 'm');

/** Waits until the launcher has become the command, or throws with what the launcher said. */
export const becomesCommand = async (launch: Launch, plan: ContainerPlan): Promise<void> => {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!launch.hasEnded()) {
    if (launch.child.pid !== undefined) launch.pid ??= childrenOf(launch.child.pid)[0];
    const commandLine = launch.pid === undefined ? undefined : readCommandLine(launch.pid);
    if (
      launch.pid !== undefined &&
      commandLine &&
      commandLine.length > 0 &&
      !commandLine.includes(LAUNCHER_MARK)
    ) {
      for (const kind of ['mnt', 'pid', 'user']) {
        launch.namespaceFds.set(kind, openSync(`/proc/${launch.pid}/ns/${kind}`, 'r'));
      }
      return;
    }
    if (performance.now() > deadline) {
      throw new ClusterSetupError(
        'container-failed-to-start',
        `${plan.pod} was not up after ${START_TIMEOUT_MS} ms`,
      );
    }
    await sleep(3);
  }
  const code = await launch.ended;
  const said = readFileSync(plan.stdoutFile, 'utf8').slice(-2000);
  // A command that is over that soon is no error, unless it was the launcher that failed.
  if (code !== 0 && LAUNCHER_SAID.test(said)) {
    throw new ClusterSetupError('container-failed-to-start', `${plan.pod} ended with ${code}: ${said}`);
  }
};
