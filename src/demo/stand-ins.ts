/** One machine stands in for all the others: Redis, a Slack workspace, a DingTalk organisation, a cluster, an OSS. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_USERS } from './cluster/api/access.ts';
import { type DemoCluster, startCluster } from './cluster/demo-cluster.ts';
import { type DingtalkOffice, type OfficeOptions, startDingtalkOffice } from './dingtalk-office.ts';
import { compileJava } from './java/compile.ts';
import { type DemoOss, startOss } from './oss/demo-oss.ts';
import type { Cast } from './play.ts';
import { type RunningRedis, startRedis } from './redis-server.ts';
import type { Tools } from './set-up/debian-tools.ts';
import { podWithCurl } from './set-up/pod-curl.ts';
import { type SlackWorkspace, startSlack } from './slack/slack-workspace.ts';

export interface StandIns {
  readonly redis: RunningRedis;
  readonly slack: SlackWorkspace;
  readonly oss: DemoOss;
  readonly cast: Cast;
  readonly reviewers: { readonly id: string };
  readonly office: DingtalkOffice | undefined;
  /** In the opposite order of their start; nothing of them is left. */
  stop(): Promise<void>;
}

/**
 * Starts all but the cluster.
 * @param options.dingtalk undefined for none; Slack is always there
 */
export async function startStandIns(
  tools: Tools,
  workDir: string,
  options: { readonly dingtalk?: OfficeOptions | undefined } = {},
): Promise<StandIns> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const each of started.splice(0).reverse()) await each.stop();
  };
  const keep = <T extends { stop(): Promise<void> }>(each: T): T => {
    started.push(each);
    return each;
  };
  try {
    const redis = keep(await startRedis({ tools, workDir: await folder(workDir, 'redis') }));
    const oss = keep(await startOss({ workDir: await folder(workDir, 'oss') }));
    const slack = keep(await startSlack());
    const developer = slack.addPerson({ name: 'Mei (developer)' });
    const reviewer = slack.addPerson({ name: 'Ann (reviewer)' });
    const reviewers = slack.addUserGroup('heap-reviewers', [reviewer]);
    const channel = slack.addChannel('order-service');
    const office =
      options.dingtalk === undefined ? undefined : keep(await startDingtalkOffice(options.dingtalk));
    return { redis, slack, oss, cast: { channel, developer, reviewer }, reviewers, office, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface LeakyPod {
  readonly namespace: string;
  readonly name: string;
  readonly heapMb: number;
  /** Its workload; default `order-service`. */
  readonly app?: string;
}

/** What deploy/kubernetes.yaml gives a worker if one likes: the form can offer names then. */
const LISTING_WORKER = {
  worker: [
    ...(DEFAULT_USERS.worker ?? []),
    { namespaces: ['*'], verbs: ['list'], resources: ['pods', 'namespaces'] },
  ],
};

/** A cluster whose pods run the leaking service. Resolves when their heaps are filled. */
export async function startClusterWithLeak(
  tools: Tools,
  workDir: string,
  options: { readonly pod: LeakyPod; readonly others?: readonly LeakyPod[]; readonly cacheDir: string },
): Promise<DemoCluster> {
  const classes = await compileJava({
    tools,
    sources: [fileURLToPath(new URL('java/Leak.java', import.meta.url))],
    outDir: options.cacheDir,
  });
  const cluster = await startCluster({ workDir: await folder(workDir, 'cluster'), users: LISTING_WORKER });
  try {
    for (const pod of [options.pod, ...(options.others ?? [])]) await addLeak(cluster, tools, classes, pod);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** @param classes folder with Leak.class */
export async function addLeak(
  cluster: DemoCluster,
  tools: Tools,
  classes: string,
  { namespace, name, heapMb, app = 'order-service' }: LeakyPod,
) {
  const jdk = { hostPath: tools.javaHome, mountPath: '/opt/java' };
  // So that it can upload its dump by itself.
  const curl = podWithCurl(tools.curl);
  const pod = await cluster.addPod({
    namespace,
    name,
    labels: {
      app,
      'app.kubernetes.io/part-of': 'shop',
      env: 'prod',
      'pod-template-hash': '7d9f8',
    },
    ownerReferences: [{ kind: 'ReplicaSet', name: `${app}-7d9f8` }],
    containers: [
      {
        name: 'app',
        // Its GC log names each heap dump, so that dumps can be counted: one of live objects begins with a full GC.
        command: [
          '/opt/java/bin/java',
          `-Xmx${heapMb * 2 + 64}m`,
          '-Xlog:gc:stdout',
          '-cp',
          '/app',
          'Leak',
          String(heapMb),
          '3600',
        ],
        path: `/opt/java/bin:${curl.path}`,
        memoryLimitBytes: (heapMb * 3 + 256) * 1024 * 1024,
        env: tools.env,
        mounts: [jdk, { hostPath: classes, mountPath: '/app' }, ...curl.mounts],
      },
    ],
  });
  for (let tries = 0; !pod.stdout('app').includes('ready'); tries += 1) {
    if (tries > 600)
      throw new Error(`The Java service was not ready after a minute: ${pod.stdout('app').slice(-500)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return pod;
}

async function folder(workDir: string, name: string): Promise<string> {
  const path = join(workDir, name);
  await mkdir(path, { recursive: true });
  return path;
}
