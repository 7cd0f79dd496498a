/** A worker as it runs for real: built, in a process of its own, with the queue before it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab, Setting } from '../lab.ts';

export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Resident now, in MB. */
  residentMb(): Promise<number>;
  /** The most that was resident since the last call of `forgetPeak`, in MB. */
  peakMb(): Promise<number>;
  forgetPeak(): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 60_000;
const STOP_MS = 30_000;

/** @throws Error with what it printed, if it does not come up */
export async function startWorkerProcess(lab: Lab, { file, clusterConfig }: Setting): Promise<WorkerProcess> {
  const program = join(lab.projectDir, 'dist/worker/main.js');
  if (!existsSync(program)) throw new Error(`${program} is missing: start this by npm run bench`);
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', program, '--config', file, '--cluster', clusterConfig.name],
    {
      cwd: lab.projectDir,
      env: { ...process.env, ...imageEnv(await readFile(join(lab.projectDir, 'Dockerfile'), 'utf8')) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exited = once(child, 'exit');
  let printed = '';
  let isUp = false;
  const up = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed = `${printed}${text}`.slice(-8000);
        if (!isUp && printed.includes('worker is up')) {
          isUp = true;
          resolve();
        }
      });
    child.once('exit', () => reject(new Error(`The worker ended: ${printed}`)));
    setTimeout(() => reject(new Error(`The worker did not come up: ${printed}`)), START_MS).unref();
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    await up;
  } catch (error) {
    await stop();
    throw error;
  }
  const { pid } = child;
  return {
    pid,
    residentMb: () => statusMb(pid, 'VmRSS'),
    peakMb: () => statusMb(pid, 'VmHWM'),
    // https://www.kernel.org/doc/html/latest/filesystems/proc.html: 5 resets the peak to what is resident now.
    forgetPeak: () => writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined),
    stop,
  };
}

/** @param dockerfile its text @returns what its `ENV NAME=value` lines set: how much memory a worker takes depends on it */
export const imageEnv = (dockerfile: string): Record<string, string> =>
  Object.fromEntries(
    [...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );

async function statusMb(pid: number | undefined, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes] = new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
  return (Number(kilobytes) * 1024) / 1e6;
}
