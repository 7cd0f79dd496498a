import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterSetupError } from '../pod-spec.ts';
import { findExecutable } from './executable.ts';
import { findProgram } from './find-program.ts';
import { pathWithout } from './path-without.ts';
import type { PipeMaker } from './pipes.ts';
import { readCommandLine, readProcesses, signalProcess } from './process-table.ts';
import type { ContainerPlan, ContainerRuntime, RunningContainer } from './runtime.ts';
import { exitCodeOf, spawnExec } from './spawn-exec.ts';

/** Inherited by every process of a container, and how they are told from all others of this machine. */
const MARK = 'DEMO_CONTAINER';
const LAUNCHER_MARK = '--pdeathsig';

/**
 * Containers without namespaces: processes of this machine in a work directory of their own. /proc shows the whole
 * machine there, so each exec gets JMAP_DUMP_PROC, a directory of links to just this container's processes.
 * Paths are this machine's; argv words that are or begin with a mount path are turned into the host's path.
 */
export const processRuntime = (pipes: PipeMaker): ContainerRuntime => ({
  mode: 'processes',
  start: async (plan) => {
    const uid = plan.spec.uid ?? process.getuid?.() ?? 0;
    const gid = plan.spec.gid ?? plan.spec.uid ?? process.getgid?.() ?? 0;
    const isOther = uid !== process.getuid?.() || gid !== process.getgid?.();
    if (isOther) mustBeOpen(plan);
    const workDir = join(plan.dir, 'work');
    const procDir = join(plan.dir, 'proc');
    const mark = randomUUID();
    for (const dir of [workDir, procDir]) mkdirSync(dir, { recursive: true });
    const toHost = pathMapping(plan);
    const env: Record<string, string> = {
      PATH: pathWithout(plan.spec, join(plan.dir, 'path'), toHost),
      HOME: workDir,
      HOSTNAME: plan.pod,
      ...mapValues(plan.spec.env ?? {}, toHost),
      [MARK]: mark,
    };
    const launcher = [
      findProgram('setpriv'),
      ...[LAUNCHER_MARK, 'KILL'],
      ...(isOther ? [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] : []),
      '--',
    ];
    const lookUp = (file: string) =>
      findExecutable(toHost(file), { root: '', path: env.PATH ?? '', uid, gid });
    const command = plan.spec.command.map(toHost);
    const found = lookUp(command[0] ?? '');
    if ('problem' in found) {
      rmSync(plan.dir, { recursive: true, force: true });
      throw new ClusterSetupError(
        'container-failed-to-start',
        `${plan.pod}: ${command[0]}: ${found.problem}`,
      );
    }

    const output = openSync(plan.stdoutFile, 'a');
    const [file = '', ...args] = [...launcher, ...command];
    const child = spawn(file, args, {
      env,
      cwd: workDir,
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    let over = false;
    const hostPids = () => processesWithMark(mark);
    const killAll = async () => {
      for (let pids = hostPids(); pids.length > 0; pids = hostPids()) {
        for (const pid of pids) signalProcess(pid, 'SIGKILL');
        await sleep(5);
      }
    };
    const ended = exitCodeOf(child).then(async (code) => {
      over = true;
      // As a kernel does with a pid namespace when its pid 1 is gone.
      await killAll();
      return code;
    });
    while (!over && child.pid !== undefined && readCommandLine(child.pid)?.includes(LAUNCHER_MARK))
      await sleep(2);

    const running: RunningContainer = {
      ended,
      hostPids,
      hostPath: toHost,
      findExecutable: lookUp,
      exec: (argv, streams) => {
        linkProcesses(procDir, hostPids());
        return spawnExec([...launcher, ...argv.map(toHost)], {
          env: { ...env, JMAP_DUMP_PROC: procDir },
          cwd: workDir,
          streams,
          pipes,
          deliver: async (process, signal) => void process.kill(signal),
        });
      },
      signal: (signal) => {
        if (!over) child.kill(signal);
      },
      destroy: async () => {
        if (!over) child.kill('SIGKILL');
        await ended;
        await killAll();
        rmSync(plan.dir, { recursive: true, force: true });
      },
    };
    return running;
  },
});

/** Another user has to get to its directories; a mkdtemp of ours above them would be closed to it. */
const mustBeOpen = (plan: ContainerPlan): void => {
  for (let dir = plan.dir; dir !== dirname(dir); dir = dirname(dir)) {
    if ((statSync(dir).mode & 0o001) === 0) {
      throw new ClusterSetupError(
        'bad-spec',
        `${dir} is closed to uid ${plan.spec.uid}: chmod o+x the workDir`,
      );
    }
  }
};

/** Whole words only: what stands inside a shell script stays as it is. */
const pathMapping = (plan: ContainerPlan) => {
  const pairs = [
    ...(plan.spec.emptyDirs ?? []).map(
      (mountPath, index) => [mountPath, plan.emptyDirs[index] ?? ''] as const,
    ),
    ...(plan.spec.mounts ?? []).map(({ mountPath, hostPath }) => [mountPath, hostPath] as const),
  ].sort(([a], [b]) => b.length - a.length);
  return (word: string): string => {
    for (const [mountPath, hostPath] of pairs) {
      // A path that is there anyway (an emptyDir at /tmp) needs no other name.
      if (word === mountPath || word.startsWith(`${mountPath}/`)) {
        return existsSync(mountPath) ? word : hostPath + word.slice(mountPath.length);
      }
    }
    return word;
  };
};

const mapValues = (values: Record<string, string>, to: (value: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, to(value)]));

/** A process's environment is readable to its own user and to root, which is who runs a cluster in this mode. */
const processesWithMark = (mark: string): number[] => {
  const entry = `${MARK}=${mark}`;
  return readProcesses()
    .filter(({ pid, state }) => {
      if (state === 'Z') return false;
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry);
      } catch {
        return false;
      }
    })
    .map(({ pid }) => pid);
};

const linkProcesses = (dir: string, pids: number[]): void => {
  const wanted = new Map(pids.map((pid) => [String(pid), `/proc/${pid}`]));
  wanted.set('self', '/proc/self');
  // The clock that the dump tool measures by.
  wanted.set('uptime', '/proc/uptime');
  for (const name of readdirSync(dir)) {
    if (!wanted.delete(name)) unlinkSync(join(dir, name));
  }
  for (const [name, target] of wanted) symlinkSync(target, join(dir, name));
};
