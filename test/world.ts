/** Everything that a flow needs, on real parts: Redis, Slack, a cluster with a JVM, OSS, a bot and a worker. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChatPlatform } from '../src/bot/chat/chat-platform.ts';
import type { SlackPlatform } from '../src/bot/chat/slack/slack-platform.ts';
import { createPlatforms } from '../src/bot/create-platforms.ts';
import type { DumpRequest } from '../src/bot/dump-request.ts';
import { createRequestStore, type RequestStore } from '../src/bot/request-store.ts';
import { type RunningBot, startBot } from '../src/bot/start-bot.ts';
import { parseConfig } from '../src/config.ts';
import type { Config } from '../src/config-schema.ts';
import { credentialsFromConfig } from '../src/credentials-from-config.ts';
import type { DemoCluster, DemoPod } from '../src/demo/cluster/demo-cluster.ts';
import { configText, demoConfig, mergeConfig } from '../src/demo/demo-config.ts';
import type { OfficeOptions } from '../src/demo/dingtalk-office.ts';
import { compileJava } from '../src/demo/java/compile.ts';
import type { Delivery, Person, StoredMessage } from '../src/demo/slack/slack-workspace.ts';
import {
  addLeak,
  type LeakyPod,
  type StandIns,
  startClusterWithLeak,
  startStandIns,
} from '../src/demo/stand-ins.ts';
import { createLogger, type Logger } from '../src/log.ts';
import { connectRedis } from '../src/redis.ts';
import { type RunningWorker, startWorker } from '../src/worker/start-worker.ts';
import { ossFromConfig } from '../src/worker/store/oss-from-config.ts';
import { tools } from './tools.ts';

const projectDir = fileURLToPath(new URL('..', import.meta.url));

export interface WorldOptions {
  /** MB that the JVM has leaked; a dump is about that large. Default 24. */
  readonly heapMb?: number;
  /** Goes before the demo's own config, key by key. `{people}` in a string becomes that person's ref. */
  readonly config?: (world: StandIns) => Record<string, unknown>;
  /** What the bot serves; the Slack workspace is there in each case. Default `slack`. */
  readonly chat?: 'slack' | 'dingtalk' | 'both';
  /** Of the DingTalk organisation; with cards unless it says otherwise. */
  readonly dingtalk?: Partial<OfficeOptions>;
  readonly subprotocol?: 'v4' | 'v5';
  /** A file with STS credentials, in place of the demo's long-lived key. */
  readonly uploadCredentialsFile?: string;
  readonly worker?: 'in-process' | 'child-process' | 'none';
  readonly bot?: 'in-process' | 'none';
  readonly reconcileEveryMs?: number;
  readonly now?: () => number;
  /** What the config sees of the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where the worker takes the dump tool from, instead of tools/. */
  readonly toolsDir?: (workDir: string) => Promise<string>;
}

export interface World extends StandIns {
  readonly workDir: string;
  readonly cluster: DemoCluster;
  readonly pod: DemoPod;
  /** What a person types to have the pod dumped. */
  readonly target: string;
  readonly config: Config;
  readonly requests: RequestStore;
  /** In http mode, and once the bot is up: where it takes Slack's requests. */
  readonly requestUrl: string | undefined;
  /** Each line that bot and worker logged in this process. */
  readonly logLines: string[];
  addPod(pod: Partial<LeakyPod> & { readonly name: string }): Promise<DemoPod>;

  startBot(): Promise<RunningBot>;
  startWorker(): Promise<RunningWorker>;
  /** A worker of its own, for SIGKILL and SIGTERM. Its log lines go to `logLines` as well. */
  spawnWorker(): Promise<ChildProcess>;

  /** Types `/heapdump text` in the channel. */
  type(text: string, person?: Person): Promise<Delivery>;
  /** The request card, once it is there. */
  card(): Promise<StoredMessage>;
  press(label: string, message: StoredMessage, person: Person): Promise<Delivery>;
  /** The message in the card's thread that says how it ended. */
  result(card: StoredMessage, timeoutMs?: number): Promise<StoredMessage>;
  /** From the typed line to the result, approved by the reviewer. */
  dump(text?: string): Promise<{ card: StoredMessage; result: StoredMessage; request: DumpRequest }>;
  request(): Promise<DumpRequest>;
  waitForRequest(predicate: (request: DumpRequest) => boolean, timeoutMs?: number): Promise<DumpRequest>;
  /** How often the JVM stood still for a dump, by its own GC log. */
  dumpsTaken(pod?: DemoPod): number;
  /** Files of ours in the container. */
  leftInPod(pod?: DemoPod, container?: string): Promise<string[]>;
  audit(): Promise<Record<string, string>[]>;
}

const ENDED = /is ready|failed|was cancelled|was denied|nobody decided/;
const POD: LeakyPod = { namespace: 'prod', name: 'order-service-7d9f8-x2x4k', heapMb: 24 };

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const workDir = await mkdtemp(join(tmpdir(), 'heapdump-test-'));
  const stops: (() => Promise<void>)[] = [() => rm(workDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const each of stops.splice(0).reverse())
      await each().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    return await build(options, workDir, stops, stop);
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function build(
  options: WorldOptions,
  workDir: string,
  stops: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<World> {
  const now = options.now ?? Date.now;
  const { chat = 'slack' } = options;
  const standIns = await startStandIns(tools(), workDir, {
    dingtalk: chat === 'slack' ? undefined : { cards: true, ...options.dingtalk },
  });
  stops.push(() => standIns.stop());
  const pod = { ...POD, heapMb: options.heapMb ?? POD.heapMb };
  const cacheDir = join(projectDir, '.cache/java');
  const cluster = await startClusterWithLeak(tools(), workDir, { pod, cacheDir });
  stops.push(() => cluster.stop());
  const kubeconfig = join(workDir, 'kubeconfig');
  await writeFile(kubeconfig, cluster.kubeconfig('worker'), { mode: 0o600 });

  const { slack, oss, redis, cast, office } = standIns;
  const base = demoConfig({
    redisUrl: redis.url,
    slack:
      chat === 'dingtalk'
        ? undefined
        : {
            apiUrl: slack.apiUrl,
            botToken: slack.botToken,
            appToken: slack.appToken,
            signingSecret: slack.signingSecret,
          },
    dingtalk: office,
    cluster: { name: 'demo', kubeconfig },
    oss: {
      bucket: oss.bucket,
      region: oss.region,
      endpoint: oss.endpoint,
      upload: oss.accessKeys.upload,
      download: oss.accessKeys.download,
    },
    reviewersGroup: [
      ...(chat === 'dingtalk' ? [] : [`slack:group:${standIns.reviewers.id}`]),
      ...(office === undefined ? [] : [`dingtalk:group:${office.reviewers.id}`]),
    ],
    logLevel: 'debug',
  });
  const subprotocol = { clusters: [{ name: 'demo', kubeconfig, subprotocol: options.subprotocol ?? 'v4' }] };
  const { uploadCredentialsFile: file } = options;
  const store =
    file === undefined ? {} : { store: { ...(base.store as object), uploadCredentials: { file } } };
  const own = mergeConfig({ ...base, ...store }, subprotocol);
  const text = configText(mergeConfig(own, options.config?.(standIns)));
  const config = parseConfig(text, options.environment ?? {}, 'both', 'test');
  const configFile = join(workDir, 'heapdump.yaml');
  await writeFile(configFile, text, { mode: 0o600 });

  const logLines: string[] = [];
  const log: Logger = createLogger({ name: 'test', level: 'debug', write: (line) => logLines.push(line) });
  const client = connectRedis(redis.url, 'commands');
  client.on('error', () => undefined);
  stops.push(async () => client.disconnect());
  const requests = createRequestStore(client);
  let requestUrl: string | undefined;
  const toolsDir = await options.toolsDir?.(workDir);

  const world: World = {
    ...standIns,
    workDir,
    cluster,
    pod: found(cluster.pod(pod.namespace, pod.name)),
    target: `${pod.namespace}/${pod.name}`,
    config,
    requests,
    logLines,
    get requestUrl() {
      return requestUrl;
    },
    stop,
    async addPod(more) {
      const classes = await compileJava({
        tools: tools(),
        sources: [fileURLToPath(new URL('../src/demo/java/Leak.java', import.meta.url))],
        outDir: cacheDir,
      });
      return addLeak(cluster, tools(), classes, { ...pod, ...more });
    },
    async startBot() {
      const platforms = createPlatforms(config, { log, now });
      const bot = await startBot(config, {
        platforms,
        downloadCredentials: credentialsFromConfig(config, 'downloadCredentials', now),
        log,
        now,
        reconcileEveryMs: options.reconcileEveryMs ?? 1000,
      });
      const stopped = once1(bot, stops);
      requestUrl = platforms.find(isSlack)?.requestUrl();
      if (requestUrl !== undefined) await slack.connectHttp(requestUrl);
      return stopped;
    },
    async startWorker() {
      const [cluster1] = config.clusters;
      return once1(
        await startWorker(config, found(cluster1), {
          store: ossFromConfig(config, now),
          now,
          log,
          ...(toolsDir === undefined ? {} : { toolsDir }),
        }),
        stops,
      );
    },
    async spawnWorker() {
      const child = spawn(
        process.execPath,
        [
          '--import',
          'tsx',
          join(projectDir, 'src/worker/main.ts'),
          '--config',
          configFile,
          '--cluster',
          'demo',
        ],
        { cwd: projectDir, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      stops.push(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
      let seen = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          seen += chunk;
          logLines.push(...chunk.split('\n').filter((line) => line !== ''));
        });
      }
      await until(
        () => seen.includes('worker is up') || child.exitCode !== null,
        60_000,
        () => `worker did not start: ${seen}`,
      );
      return child;
    },

    type: (text, person = cast.developer) => slack.slash(person, cast.channel, '/heapdump', text),
    card: () => slack.waitForMessage((message) => isCard(message) && hasButton(message, 'Approve'), 60_000),
    press: (label, message, person) =>
      slack.click(person, slack.refresh(message) ?? message, ({ text }) => text === label),
    result: (card, timeoutMs = 120_000) =>
      slack.waitForMessage(
        (message) =>
          message.fromBot && message.threadTs === (card.threadTs ?? card.ts) && ENDED.test(message.text),
        timeoutMs,
      ),
    async dump(text = world.target) {
      await world.type(text);
      const card = await world.card();
      await world.press('Approve', card, cast.reviewer);
      const result = await world.result(card);
      // The result comes first: what stands already is brought up to date after it.
      return { card, result, request: await world.waitForRequest(({ closed }) => closed) };
    },
    async request() {
      return found((await requests.newest(1))[0]);
    },
    async waitForRequest(predicate, timeoutMs = 60_000) {
      let last: DumpRequest | undefined;
      await until(
        async () => {
          [last] = await requests.newest(1).catch(() => [last]);
          return last !== undefined && predicate(last);
        },
        timeoutMs,
        () => `request is ${JSON.stringify(last)?.slice(0, 2000)}`,
      );
      return found(last);
    },
    dumpsTaken: (which = world.pod) =>
      (which.stdout('app').match(/Pause Full \(Heap Dump Initiated GC\) \d/g) ?? []).length,
    async leftInPod(which = world.pod, container = 'app') {
      const names = await readdir(which.hostPath(container, '/tmp'));
      return names.filter(
        (name) => name.startsWith('.heapdump') || name.startsWith('.attach') || name.includes('hprof'),
      );
    },
    async audit() {
      const entries = await client.xrange('heapdump:audit', '-', '+');
      return entries.map(([, fields]) => Object.fromEntries(pairs(fields)));
    },
  };
  if (options.worker === 'child-process') await world.spawnWorker();
  else if (options.worker !== 'none') await world.startWorker();
  if (options.bot !== 'none') await world.startBot();
  return world;
}

/** Stopping twice is stopping once: a test may, and the world's end does. */
function once1<T extends { stop(): Promise<void> }>(running: T, stops: (() => Promise<void>)[]): T {
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= running.stop();
    return stopped;
  };
  stops.push(stop);
  return { ...running, stop };
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  complain: () => string,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain: ${complain()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const isSlack = (platform: ChatPlatform): platform is SlackPlatform => platform.name === 'slack';

export const isCard = (message: StoredMessage): boolean =>
  message.fromBot && JSON.stringify(message.blocks).includes('Asked by');

export const hasButton = (message: StoredMessage, label: string): boolean =>
  JSON.stringify(message.blocks).includes(`"text":"${label}"`);

const pairs = (flat: readonly string[]): [string, string][] =>
  flat.flatMap((key, at) => (at % 2 === 0 ? [[key, flat[at + 1] ?? ''] as [string, string]] : []));

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}
