import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable } from './executable.ts';
import { findProgram } from './find-program.ts';
import {
  BOUNDING_SET,
  becomesCommand,
  environmentOf,
  gidOf,
  type Launch,
  launchContainer,
  type NamespaceRights,
  uidOf,
} from './launch.ts';
import type { PipeMaker } from './pipes.ts';
import { childrenOf, pidNamespaceOf, readProcesses, residentBytes, signalProcess } from './process-table.ts';
import type { ContainerPlan, ContainerRuntime, ExecStreams, RunningContainer } from './runtime.ts';
import { spawnExec } from './spawn-exec.ts';

/**
 * How namespaces can be had here, or undefined when they cannot. Starts a container to find out, as seccomp, sysctls
 * and security modules forbid it in many ways. `dir` is made for that and removed.
 */
export const probeNamespaces = async (dir: string): Promise<NamespaceRights | undefined> => {
  const rights: NamespaceRights[] =
    process.getuid?.() === 0 ? ['privileged', 'user-namespace'] : ['user-namespace'];
  for (const how of rights) {
    mkdirSync(dir, { recursive: true });
    const launch = launchContainer(
      {
        spec: { name: 'probe', command: ['true'] },
        pod: 'probe',
        dir,
        emptyDirs: [],
        stdoutFile: join(dir, 'output'),
      },
      how,
    );
    const exitCode = await launch.ended;
    await launch.destroy();
    if (exitCode === 0) return how;
  }
  return undefined;
};

/** Containers with their own pid and mount namespace and root; needs what `probeNamespaces` found. */
export const namespaceRuntime = (how: NamespaceRights, pipes: PipeMaker): ContainerRuntime => ({
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

const runningContainer = (
  launch: Launch,
  plan: ContainerPlan,
  how: NamespaceRights,
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
