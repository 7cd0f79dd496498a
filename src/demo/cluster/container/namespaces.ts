import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterSetupError, DEFAULT_PATH } from '../pod-spec.ts';
import { findExecutable } from './executable.ts';
import { findProgram } from './find-program.ts';
import type { PipeMaker } from './pipes.ts';
import {
  childrenOf,
  pidNamespaceOf,
  readCommandLine,
  readProcesses,
  residentBytes,
  signalProcess,
} from './process-table.ts';
import { BUILD_ROOT, prepareRoot, type RootFileSystem } from './root-file-system.ts';
import type { ContainerPlan, ContainerRuntime, ExecStreams, RunningContainer } from './runtime.ts';
import { exitCodeOf, spawnExec } from './spawn-exec.ts';

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
const BOUNDING_SET = `--bounding-set=-all,${CAPABILITIES.map((name) => `+${name}`).join(',')}`;
/** Marks the launcher's argv until pid 1 has become the command. */
const LAUNCHER_MARK = '--pdeathsig';
/**
 * The first process that a shell forks after `unshare --pid` is pid 1 there, and the shell tells its end as 128 + n.
 * `unshare --fork` of util-linux 2.38 says 1 for a child that was killed. The shell's own 'Killed' is for nobody.
 */
const FORK_PID_1 = 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit $?';
/** A start is about 20 mounts; this is for a machine that is very busy. */
const START_TIMEOUT_MS = 60_000;

/**
 * How namespaces can be had here: by rights of our own, by a user namespace (then a container's files belong to us
 * whatever its uid), or not at all. Tries it, as seccomp and sysctls forbid it in many ways.
 */
export const probeNamespaces = (): 'privileged' | 'user-namespace' | undefined => {
  const works = (flags: string[]) =>
    spawnSync(
      'unshare',
      [
        ...flags,
        '--mount',
        '--pid',
        '--fork',
        'sh',
        '-c',
        'mount -t tmpfs tmpfs /mnt && mount -t proc proc /proc',
      ],
      { stdio: 'ignore', timeout: 20_000 },
    ).status === 0;
  if (process.getuid?.() === 0 && works([])) return 'privileged';
  if (works(['--user', '--map-root-user'])) return 'user-namespace';
  return undefined;
};

/** Containers with their own pid and mount namespace and root; needs what `probeNamespaces` found. */
export const namespaceRuntime = (
  how: 'privileged' | 'user-namespace',
  pipes: PipeMaker,
): ContainerRuntime => ({
  mode: 'namespaces',
  start: async (plan) => {
    const launch = launchContainer(plan, how);
    try {
      await becomesCommand(launch, plan);
    } catch (error) {
      await launch.destroy();
      throw error;
    }
    return runningContainer(launch, plan, how, pipes);
  },
});

interface Launch {
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

const uidOf = (plan: ContainerPlan): number => plan.spec.uid ?? 0;
const gidOf = (plan: ContainerPlan): number => plan.spec.gid ?? uidOf(plan);

const environmentOf = (plan: ContainerPlan): Record<string, string> => ({
  PATH: plan.spec.path ?? DEFAULT_PATH,
  HOME: uidOf(plan) === 0 ? '/root' : '/',
  HOSTNAME: plan.pod,
  ...plan.spec.env,
});

const launchContainer = (plan: ContainerPlan, how: 'privileged' | 'user-namespace'): Launch => {
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

/** Waits until the launcher has become the command, or throws with what the launcher said. */
const becomesCommand = async (launch: Launch, plan: ContainerPlan): Promise<void> => {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!launch.hasEnded()) {
    if (launch.pid === undefined && launch.child.pid !== undefined)
      launch.pid = childrenOf(launch.child.pid)[0];
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
  if (code !== 0 && /^(mount|setpriv|pivot_root|umount|unshare|sh|\/bin\/sh): /m.test(said)) {
    throw new ClusterSetupError('container-failed-to-start', `${plan.pod} ended with ${code}: ${said}`);
  }
};

const runningContainer = (
  launch: Launch,
  plan: ContainerPlan,
  how: 'privileged' | 'user-namespace',
  pipes: PipeMaker,
): RunningContainer => {
  const { root } = launch;
  const namespace = launch.pid === undefined ? undefined : pidNamespaceOf(launch.pid);
  const hostPids = () => {
    if (namespace === undefined || launch.hasEnded()) return [];
    return readProcesses()
      .filter((entry) => entry.state !== 'Z' && pidNamespaceOf(entry.pid) === namespace)
      .map((entry) => entry.pid);
  };
  const enter = (kind: string) => `/proc/${process.pid}/fd/${launch.namespaceFds.get(kind)}`;
  const nsenter = [
    findProgram('nsenter'),
    ...(how === 'user-namespace' ? [`--user=${enter('user')}`, '--preserve-credentials'] : []),
    ...[`--mount=${enter('mnt')}`, `--pid=${enter('pid')}`, '--', findProgram('setpriv'), '--inh-caps=-all'],
    // In a user namespace only its root may drop capabilities; everybody else loses them all on exec.
    ...(how === 'privileged' || uidOf(plan) === 0 ? [BOUNDING_SET] : []),
    ...(how === 'privileged' ? [`--reuid=${uidOf(plan)}`, `--regid=${gidOf(plan)}`, '--clear-groups'] : []),
    '--',
  ];
  return {
    ended: launch.ended,
    hostPids,
    hostPath: (path) => {
      const mount = root.hostDirs.find(
        ({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`),
      );
      if (mount) return mount.hostPath + path.slice(mount.mountPath.length);
      const inMemory = [...(plan.spec.memoryDirs ?? []).map((dir) => dir.path), '/dev', '/proc'].some(
        (dir) => path === dir || path.startsWith(`${dir}/`),
      );
      return inMemory && launch.pid !== undefined ? `/proc/${launch.pid}/root${path}` : join(root.dir, path);
    },
    findExecutable: (file) =>
      findExecutable(file, {
        root: `/proc/${launch.pid}/root`,
        path: environmentOf(plan).PATH ?? '',
        uid: uidOf(plan),
        gid: gidOf(plan),
      }),
    exec: (argv: string[], streams: ExecStreams) => {
      const used = hostPids().reduce((sum, pid) => sum + residentBytes(pid), 0);
      writeFileSync(join(root.cgroupDir, 'memory.current'), `${used}\n`);
      const started = spawnExec([...nsenter, ...argv], {
        env: environmentOf(plan),
        cwd: '/',
        streams,
        pipes,
        deliver: signalEntered,
      });
      // nsenter fails with 1 when pid 1 died before it could fork.
      const exited = started.exited.then((code) => (code === 1 && launch.hasEnded() ? 137 : code));
      return { ...started, exited };
    },
    signal: (signal) => {
      if (launch.pid !== undefined && !launch.hasEnded()) signalProcess(launch.pid, signal);
    },
    destroy: launch.destroy,
  };
};

/** nsenter forks to enter a pid namespace, so the command is its child; it may not be there yet. */
const signalEntered = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const [command] = childrenOf(child.pid);
    if (command !== undefined) {
      signalProcess(command, signal);
      return;
    }
    await sleep(2);
  }
};
