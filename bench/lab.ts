/** What every measure works with: Redis, a cluster with a pod to dump, stores, and configs that name them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { parse } from 'yaml';
import { parseConfig } from '../src/config.ts';
import type { ClusterConfig, Config } from '../src/config-schema.ts';
import { configText, demoConfig, mergeConfig } from '../src/demo/demo-config.ts';
import type { Cast } from '../src/demo/play.ts';
import { startRedis } from '../src/demo/redis-server.ts';
import { ensureTools, type Tools } from '../src/demo/set-up/debian-tools.ts';
import { type SlackWorkspace, startSlack } from '../src/demo/slack/slack-workspace.ts';
import { type Cluster, connectCluster } from '../src/k8s/client.ts';
import { createLogger, type Logger, type LogLevel } from '../src/log.ts';
import { connectRedis } from '../src/redis.ts';
import type { ClusterCalls } from './hosts/cluster-host.ts';
import type { OssCalls, StoreAddress } from './hosts/oss-host.ts';
import { type Host, startHost } from './hosts/start-host.ts';
import { NotMeasurable } from './not-measurable.ts';
import type { BenchOptions } from './options.ts';

/** A pod that may be dumped. */
export interface Subject {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | undefined;
}

export interface LabStore {
  readonly address: StoreAddress;
  readonly host: Host<OssCalls>;
}

/** A config as bot and worker see it, and as the file that a worker of its own reads. */
export interface Setting {
  readonly config: Config;
  readonly clusterConfig: ClusterConfig;
  readonly file: string;
  /** False where the config of the command line names a store of its own. */
  readonly usesStandIn: boolean;
}

export interface Lab {
  readonly options: BenchOptions;
  readonly tools: Tools;
  readonly projectDir: string;
  readonly workDir: string;
  readonly kubeconfig: string;
  readonly cluster: Cluster;
  /** The stand-in; undefined on a real cluster. */
  readonly clusterHost: Host<ClusterCalls> | undefined;
  readonly redis: Redis;
  readonly slack: SlackWorkspace;
  readonly cast: Cast;
  readonly log: Logger;
  readonly say: (line: string) => void;
  /** Aborts when the bench is interrupted. */
  readonly signal: AbortSignal;
  startStore(options: { readonly discard: boolean }): Promise<LabStore>;
  /** @param dumpsAtOnce of the cluster; the default unless given */
  setting(store: LabStore, dumpsAtOnce?: number): Promise<Setting>;
  /** A pod whose service has leaked that much; on a real cluster it is the one that was named, whatever its heap. */
  addSubject(heapMb: number): Promise<Subject>;
  removeSubject(subject: Subject): Promise<void>;
  /** @throws NotMeasurable where nobody counts what a cluster sends */
  ownCluster(why: string): Host<ClusterCalls>;
}

const CLUSTER = 'bench';

/** @param stops what to do at the end, in the opposite order; filled while it starts, so that nothing is left behind */
export async function startLab(
  options: BenchOptions,
  projectDir: string,
  say: (line: string) => void,
  signal: AbortSignal,
  stops: (() => Promise<void>)[],
): Promise<Lab> {
  const workDir = await mkdtemp(join(tmpdir(), 'heapdump-bench-'));
  stops.push(() => rm(workDir, { recursive: true, force: true }));
  const tools = await ensureTools({ projectDir, say });
  say('starting Redis, Slack and a cluster …');
  const redisServer = await startRedis({ tools, workDir: join(workDir, 'redis') });
  stops.push(() => redisServer.stop());
  const redis = connectRedis(redisServer.url, 'commands');
  redis.on('error', () => undefined);
  stops.push(async () => redis.disconnect());
  const slack = await startSlack();
  stops.push(() => slack.stop());
  const developer = slack.addPerson({ name: 'Mei' });
  const reviewer = slack.addPerson({ name: 'Ann' });
  const reviewers = slack.addUserGroup('heap-reviewers', [reviewer]);
  const channel = slack.addChannel('order-service');

  const { real } = options;
  const clusterHost = real === undefined ? await startCluster() : undefined;
  const kubeconfig = real?.kubeconfig ?? join(workDir, 'kubeconfig');
  const context = real?.context === undefined ? {} : { context: real.context };
  const given: unknown =
    options.config === undefined ? undefined : parse(await readFile(options.config, 'utf8'));
  const log = createLogger({
    name: 'bench',
    level: options.log as LogLevel,
    write: (line) => process.stderr.write(line),
  });
  let count = 0;

  return {
    options,
    tools,
    projectDir,
    workDir,
    kubeconfig,
    cluster: connectCluster({ kubeconfigPath: kubeconfig, ...context }),
    clusterHost,
    redis,
    slack,
    cast: { channel, developer, reviewer },
    log,
    say,
    signal,
    async startStore({ discard }) {
      const host = startHost<OssCalls>(new URL('hosts/oss-host.ts', import.meta.url));
      stops.push(() => host.stop());
      count += 1;
      const folder = join(workDir, `store-${count}`);
      await mkdir(folder, { recursive: true });
      return { host, address: await host.call('start', { workDir: folder, discard }) };
    },
    async setting({ address }, dumpsAtOnce) {
      const base = demoConfig({
        redisUrl: redisServer.url,
        slack: {
          apiUrl: slack.apiUrl,
          botToken: slack.botToken,
          appToken: slack.appToken,
          signingSecret: slack.signingSecret,
        },
        cluster: { name: CLUSTER, kubeconfig, ...context },
        oss: address,
        reviewersGroup: `slack:group:${reviewers.id}`,
        logLevel: options.log === 'error' ? 'info' : options.log,
      });
      const merged = mergeConfig(base, given) as { clusters: Record<string, unknown>[] };
      const clusters = merged.clusters.map((each) =>
        dumpsAtOnce === undefined ? each : { ...each, dumpsAtOnce },
      );
      const text = configText({ ...merged, clusters });
      const config = parseConfig(text, process.env, 'both', options.config ?? 'the bench’s config');
      const [clusterConfig] = config.clusters;
      if (clusterConfig === undefined) throw new Error('The config names no cluster');
      count += 1;
      const file = join(workDir, `heapdump-${count}.yaml`);
      await writeFile(file, text, { mode: 0o600 });
      return { config, clusterConfig, file, usesStandIn: config.store.endpoint === address.endpoint };
    },
    async addSubject(heapMb) {
      if (real !== undefined) return { namespace: real.namespace, pod: real.pod, container: real.container };
      if (clusterHost === undefined) throw new Error('There is no cluster');
      count += 1;
      const added = await clusterHost.call('addPod', { name: `order-service-${heapMb}m-${count}`, heapMb });
      return { ...added, container: 'app' };
    },
    async removeSubject({ pod }) {
      await clusterHost?.call('removePod', { name: pod });
    },
    ownCluster(why) {
      if (clusterHost === undefined) throw new NotMeasurable(why);
      return clusterHost;
    },
  };

  async function startCluster(): Promise<Host<ClusterCalls>> {
    const host = startHost<ClusterCalls>(new URL('hosts/cluster-host.ts', import.meta.url));
    stops.push(() => host.stop());
    const text = await host.call('start', {
      workDir: join(workDir, 'cluster'),
      cacheDir: join(projectDir, '.cache/java'),
      tools,
    });
    await writeFile(join(workDir, 'kubeconfig'), text, { mode: 0o600 });
    return host;
  }
}
