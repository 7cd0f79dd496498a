/** Where the figures come from: a figure without its machine and its versions says nothing. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { VersionApi } from '@kubernetes/client-node';
import type { Lab } from './lab.ts';
import { findKubectl } from './ways/kubectl.ts';

export async function surroundingsOf(lab: Lab): Promise<Record<string, string>> {
  const { options, cluster, tools, projectDir } = lab;
  const kubectl = await findKubectl(lab);
  const packageJson = JSON.parse(await readFile(join(projectDir, 'package.json'), 'utf8')) as {
    version: string;
  };
  return {
    'heapdump-bot': packageJson.version,
    CPU: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${(totalmem() / 1e9).toFixed(0)} GB`,
    system: `${type()} ${release()}`,
    Node: process.versions.node,
    OpenSSL: process.versions.openssl ?? 'unknown',
    kubectl: kubectl?.version ?? 'none of 1.31 or later',
    cluster:
      options.real === undefined
        ? 'the demo’s stand-in, on this machine'
        : `${cluster.server.startsWith('https://127.') ? 'on this machine' : 'elsewhere'}, ${await serverVersion(lab)}`,
    ...(options.real === undefined ? { JDK: await jdkVersion(tools.javaHome) } : {}),
    store: options.config === undefined ? 'the demo’s stand-in, on this machine' : 'as the config says',
  };
}

async function serverVersion({ cluster }: Lab): Promise<string> {
  try {
    return `Kubernetes ${(await cluster.kubeConfig.makeApiClient(VersionApi).getCode()).gitVersion}`;
  } catch {
    return 'does not tell its version';
  }
}

async function jdkVersion(javaHome: string): Promise<string> {
  const text = await readFile(join(javaHome, 'release'), 'utf8').catch(() => '');
  return /^JAVA_VERSION="(.+)"$/m.exec(text)?.[1] ?? 'unknown';
}
