/** Pods of all kinds with the leaking service in them. */
import { fileURLToPath } from 'node:url';
import type { ContainerSpec, DemoPod, PodSpec } from '../../src/demo/cluster/demo-cluster.ts';
import { compileJava } from '../../src/demo/java/compile.ts';
import { podWithCurl, podWithoutCurl } from '../../src/demo/set-up/pod-curl.ts';
import { tools } from '../tools.ts';
import { until, type World } from '../world.ts';

export const cacheDir = fileURLToPath(new URL('../../.cache/java', import.meta.url));

export interface JavaContainer extends Partial<ContainerSpec> {
  /** Before the class; `-Xlog:gc:stdout` is there already. */
  readonly flags?: readonly string[];
  readonly javaHome?: string;
  /** argv that starts a JVM in another way, given that of the plain one. */
  readonly wrap?: (java: readonly string[]) => string[];
  /** False for a container without curl, which cannot upload by itself. A `path` of one's own must bring its own. */
  readonly curl?: boolean;
}

/** A container that runs the leaking service with a small heap. */
export async function javaContainer(options: JavaContainer = {}): Promise<ContainerSpec> {
  const {
    flags = [],
    javaHome = tools().javaHome,
    wrap = (java) => [...java],
    curl: hasCurl = true,
    ...rest
  } = options;
  const curl = hasCurl ? podWithCurl(tools().curl) : podWithoutCurl();
  const classes = await compileJava({
    tools: tools(),
    sources: [fileURLToPath(new URL('../../src/demo/java/Leak.java', import.meta.url))],
    outDir: cacheDir,
  });
  return {
    name: 'app',
    path: `/opt/java/bin:${curl.path}`,
    env: tools().env,
    ...rest,
    command: wrap([
      '/opt/java/bin/java',
      '-Xmx64m',
      '-Xlog:gc:stdout',
      ...flags,
      '-cp',
      '/app',
      'Leak',
      '4',
      '3600',
    ]),
    mounts: [
      { hostPath: javaHome, mountPath: '/opt/java' },
      { hostPath: classes, mountPath: '/app' },
      ...curl.mounts,
      ...(rest.mounts ?? []),
    ],
    hidden: [...curl.hidden, ...(rest.hidden ?? [])],
  };
}

/** Resolves when each container that is to say `ready` has said it. */
export async function addPod(
  world: World,
  name: string,
  containers: readonly ContainerSpec[],
  more: Partial<PodSpec> = {},
): Promise<DemoPod> {
  const pod = await world.cluster.addPod({ namespace: 'prod', name, ...more, containers: [...containers] });
  const javas = containers.filter(({ command }) => command.includes('Leak'));
  await until(
    () => javas.every((container) => pod.stdout(container.name).includes('ready')),
    110_000,
    () => `not ready: ${containers.map((container) => pod.stdout(container.name)).join('\n')}`,
  );
  return pod;
}
