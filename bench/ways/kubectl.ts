/** The kubectl of this machine, if it is new enough to speak WebSockets (1.31). */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ExecTarget } from '../../src/k8s/exec.ts';
import type { Lab } from '../lab.ts';

const run = promisify(execFile);
const OLDEST = [1, 31] as const;

export interface Kubectl {
  readonly version: string;
  exec(target: ExecTarget, argv: readonly string[]): Promise<void>;
  /** Needs tar in the container. */
  copyOut(target: ExecTarget, file: string, to: string): Promise<void>;
}

/** @returns undefined where there is none, or only an older one */
export async function findKubectl(lab: Lab): Promise<Kubectl | undefined> {
  const version = await run('kubectl', ['version', '--client', '-o', 'json'], { timeout: 20_000 }).then(
    ({ stdout }) => versionIn(stdout),
    () => undefined,
  );
  const [major = 0, minor = 0] = (version ?? '').replace(/^v/, '').split('.').map(Number);
  if (version === undefined || major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return undefined;
  const { real } = lab.options;
  const context = real?.context === undefined ? [] : ['--context', real.context];
  const call = async (...args: string[]): Promise<void> => {
    const all = ['--kubeconfig', lab.kubeconfig, ...context, ...args];
    await run('kubectl', all, { signal: lab.signal, maxBuffer: 16 * 1024 * 1024 });
  };
  return {
    version,
    exec: ({ namespace, pod, container }, argv) =>
      call('exec', '-n', namespace, pod, '-c', container, '--', ...argv),
    copyOut: ({ namespace, pod, container }, file, to) =>
      call('cp', `${namespace}/${pod}:${file}`, to, '-c', container),
  };
}

function versionIn(text: string): string | undefined {
  const { clientVersion } = JSON.parse(text) as { clientVersion?: { gitVersion?: string } };
  return clientVersion?.gitVersion;
}
