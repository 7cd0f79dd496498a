#!/usr/bin/env node
/**
 * `npm run demo`: starts everything on this machine, and a page in which one can play with it; with `--once` it plays
 * the main job itself, and shows the thread as it happens. The one file of the demo that knows the bot and the worker.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { createPlatforms } from '../bot/create-platforms.ts';
import { createRequestStore } from '../bot/request-store.ts';
import { startBot } from '../bot/start-bot.ts';
import { parseConfig } from '../config.ts';
import { credentialsFromConfig } from '../credentials-from-config.ts';
import { createLogger } from '../log.ts';
import { connectRedis } from '../redis.ts';
import { queueName } from '../worker/dump-job.ts';
import { HprofWalk } from '../worker/hprof-walk.ts';
import { startWorker } from '../worker/start-worker.ts';
import { ossFromConfig } from '../worker/store/oss-from-config.ts';
import { checkDump } from './check-dump.ts';
import { type DemoCluster, startCluster } from './cluster/demo-cluster.ts';
import { configText, demoConfig, mergeConfig } from './demo-config.ts';
import { type ChatName, demoOptions } from './demo-options.ts';
import type { Download } from './download.ts';
import { addHandfulOfPods, type ShownPod } from './handful-of-pods.ts';
import { invitePeople, openPage, pageConfig } from './open-page.ts';
import { play } from './play.ts';
import { playDingtalk } from './play-dingtalk.ts';
import { ensureChromium } from './set-up/chromium.ts';
import { ensureTools } from './set-up/debian-tools.ts';
import { startClusterWithLeak, startStandIns } from './stand-ins.ts';
import { printDingtalk, printSlack } from './transcript.ts';

const options = demoOptions(process.argv);

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const print = (line: string): void => console.log(line);
const projectDir = fileURLToPath(new URL('../..', import.meta.url));
/** One for each chat: two replicas of one workload would wait for each other. */
const PODS: Readonly<Record<ChatName, { namespace: string; name: string; app: string }>> = {
  slack: { namespace: 'prod', name: 'order-service-7d9f8-x2x4k', app: 'order-service' },
  dingtalk: { namespace: 'prod', name: 'payment-service-7d9f8-k9w2m', app: 'payment-service' },
};
const TITLES: Readonly<Record<ChatName, string>> = { slack: 'Slack', dingtalk: 'DingTalk' };
const REASONS: Readonly<Record<ChatName, string>> = {
  slack: 'memory grows since the last release',
  dingtalk: '上次发布以来内存一直在涨',
};
const TIMEOUT_MS = 30 * 60_000;
/** Slow enough for the picture to be taken in mid-transfer. */
const PICTURE_BYTES_PER_SECOND = 20e6;

const running: { stop(): Promise<void> }[] = [];
let stopping: Promise<void> | undefined;
/** In the opposite order of the start; every one is stopped, whatever the others do. */
const stopAll = (): Promise<void> => {
  stopping ??= (async () => {
    for (const each of running.splice(0).reverse()) {
      await each.stop().catch((error: unknown) => say(`stopping: ${messageOf(error)}`));
    }
  })();
  return stopping;
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    say(`\n${signal}: stopping everything …`);
    void stopAll().finally(() => process.exit(130));
  });
}

try {
  await run();
  await stopAll();
  process.exit(0);
} catch (error) {
  say(`\nThe demo failed: ${messageOf(error)}`);
  await stopAll();
  console.log(JSON.stringify({ ok: false, error: messageOf(error) }));
  process.exit(1);
}

async function run(): Promise<void> {
  if ((options.kubeconfig === undefined) !== (options.target === undefined)) {
    throw new Error('--kubeconfig and --target go together: --kubeconfig FILE --target namespace/pod');
  }
  const chats: readonly ChatName[] = options.chat === 'both' ? ['slack', 'dingtalk'] : [options.chat];
  if (options.out !== undefined && chats.length > 1)
    throw new Error('--out keeps one heap dump: use it with --chat slack or --chat dingtalk');
  // The page is a Slack channel over the demo's own cluster: everything else is played.
  const isPlayed = options.once === true || options.chat !== 'slack' || options.kubeconfig !== undefined;
  const heapMb = Number(options.heap);
  if (!Number.isInteger(heapMb) || heapMb < 1 || heapMb > 100_000)
    throw new Error(`--heap is "${options.heap}"; allowed: 1 to 100000`);
  const workDir = await mkdtemp(join(tmpdir(), 'heapdump-demo-'));
  running.push({ stop: () => rm(workDir, { recursive: true, force: true }) });
  const tools = await ensureTools({ projectDir, say });
  say(`starting Redis, ${chats.map((chat) => TITLES[chat]).join(', ')}, OSS …`);
  const standIns = await startStandIns(tools, workDir, {
    dingtalk: chats.includes('dingtalk') ? { cards: options.cards } : undefined,
  });
  running.push(standIns);
  const { slack, oss, cast, office } = standIns;
  const cacheDir = join(projectDir, '.cache/java');
  const shown: ShownPod[] = [];
  const cluster =
    options.kubeconfig === undefined
      ? await ownCluster()
      : { name: 'real', kubeconfig: resolve(options.kubeconfig) };
  const pageCast = isPlayed ? undefined : invitePeople(standIns);
  const base = demoConfig({
    redisUrl: standIns.redis.url,
    slack: chats.includes('slack')
      ? {
          apiUrl: slack.apiUrl,
          botToken: slack.botToken,
          appToken: slack.appToken,
          signingSecret: slack.signingSecret,
        }
      : undefined,
    dingtalk: office,
    cluster: { ...cluster, ...(options.context === undefined ? {} : { context: options.context }) },
    oss: {
      bucket: oss.bucket,
      region: oss.region,
      endpoint: oss.endpoint,
      upload: oss.accessKeys.upload,
      download: oss.accessKeys.download,
    },
    reviewersGroup: [
      ...(chats.includes('slack') ? [`slack:group:${standIns.reviewers.id}`] : []),
      ...(office === undefined ? [] : [`dingtalk:group:${office.reviewers.id}`]),
    ],
    logLevel: options.log,
  });
  const own =
    pageCast === undefined ? base : mergeConfig(base, pageConfig(standIns, pageCast, options.language));
  const over: unknown =
    options.config === undefined ? undefined : parse(await readFile(options.config, 'utf8'));
  const config = parseConfig(
    configText(mergeConfig(own, over)),
    process.env,
    'both',
    options.config ?? 'the demo’s config',
  );

  const log = createLogger({
    name: 'demo',
    level: config.log.level,
    write: (line) => process.stderr.write(line),
  });
  const store = ossFromConfig(config, Date.now);
  for (const each of config.clusters)
    running.push(await startWorker(config, each, { store, now: Date.now, log }));
  running.push(
    await startBot(config, {
      platforms: createPlatforms(config, { log, now: Date.now }),
      downloadCredentials: credentialsFromConfig(config, 'downloadCredentials', Date.now),
      log,
      now: Date.now,
      reconcileEveryMs: 5000,
    }),
  );
  const redis = connectRedis(config.redis.url, 'commands');
  running.push({ stop: async () => redis.disconnect() });
  if (pageCast !== undefined) return await showPage(pageCast);

  const downloads = await Promise.all(
    chats.map(
      async (chat): Promise<[ChatName, Download]> => [
        chat,
        await (chat === 'slack' ? inSlack() : inDingtalk()),
      ],
    ),
  );
  const requests = createRequestStore(redis);
  const dumps: Awaited<ReturnType<typeof check>>[] = [];
  for (const [chat, downloaded] of downloads) dumps.push(await check(chat, downloaded));
  await stopAll();
  const [first] = dumps;
  console.log(JSON.stringify({ ok: true, ...first, ...(dumps.length > 1 ? { dumps } : {}) }));

  async function showPage(people: NonNullable<typeof pageCast>): Promise<void> {
    const page = await openPage({
      standIns,
      cast: people,
      pods: shown,
      redis,
      queueName: queueName(cluster.name),
      command: config.chat.slack?.command ?? '/heapdump',
      port: options.screenshot === undefined ? options.port : 0,
    });
    running.push(page);
    if (options.screenshot !== undefined) {
      const { takeScreenshot } = await import('./page/take-screenshot.ts');
      oss.faults.rate(PICTURE_BYTES_PER_SECOND);
      const file = resolve(options.screenshot);
      await takeScreenshot({ url: page.url, file, browser: await ensureChromium({ projectDir, say }) });
      print(options.screenshot);
      return;
    }
    print(`\n  Open  ${page.url}\n`);
    say('Ctrl-C stops everything.');
    await new Promise(() => undefined);
  }

  function typedIn(chat: ChatName): string {
    const { namespace, name } = PODS[chat];
    const target = options.target ?? `${namespace}/${name}`;
    const container = options.container === undefined ? '' : ` -c ${options.container}`;
    const flags = options.flags === '' ? '' : ` ${options.flags}`;
    return `${target}${container}${flags} --reason "${REASONS[chat]}"`;
  }

  function inSlack(): Promise<Download> {
    const command = config.chat.slack?.command ?? '/heapdump';
    const text = typedIn('slack');
    print(`\n#order-service\n\n${cast.developer.name} types:  ${command} ${text}`);
    const end = printSlack(slack, { print, now: Date.now, ...placeOf('slack') });
    running.push({ stop: async () => end() });
    return play({ slack, cast, command, text, file: join(workDir, 'slack'), timeoutMs: TIMEOUT_MS });
  }

  function inDingtalk(): Promise<Download> {
    if (office === undefined) throw new Error('There is no DingTalk');
    const transcript = printDingtalk(office, { print, now: Date.now, ...placeOf('dingtalk') });
    running.push({ stop: async () => transcript.end() });
    return playDingtalk({
      office,
      text: `/heapdump ${typedIn('dingtalk')}`,
      file: join(workDir, 'dingtalk'),
      timeoutMs: TIMEOUT_MS,
      onPress: ({ name }, label) => transcript.note(`${name} 点按 [${label}]`),
    });
  }

  function placeOf(chat: ChatName): { place?: string } {
    return chats.length > 1 ? { place: TITLES[chat] } : {};
  }

  async function check(chat: ChatName, downloaded: Download) {
    const request = (await requests.newest(10)).find(({ requester }) => requester.startsWith(`${chat}:`));
    const outcome = request?.outcome?.outcome === 'completed' ? request.outcome : undefined;
    if (request === undefined || outcome === undefined)
      throw new Error('The request is not on record as completed');
    const record = { ...outcome, requestId: request.id };
    const checked = await checkDump(downloaded, record, { walk: new HprofWalk(), out: options.out, print });
    return {
      ...(chats.length > 1 ? { chat } : {}),
      ...checked,
      via: outcome.via,
      steps: outcome.stepMs,
      pauseMs: outcome.pauseMs,
    };
  }

  async function ownCluster(): Promise<{ name: string; kubeconfig: string }> {
    const demo = isPlayed ? await withLeak() : await withHandful();
    const kubeconfig = join(workDir, 'kubeconfig');
    await writeFile(kubeconfig, demo.kubeconfig('worker'), { mode: 0o600 });
    return { name: 'demo', kubeconfig };
  }

  async function withLeak(): Promise<DemoCluster> {
    const [pod, ...others] = chats.map((chat) => ({ ...PODS[chat], heapMb }));
    if (pod === undefined) throw new Error('No chat, no pod');
    say(`starting a cluster and a Java service that has leaked ${heapMb} MB …`);
    const demo = await startClusterWithLeak(tools, workDir, { pod, others, cacheDir });
    running.push(demo);
    return demo;
  }

  async function withHandful(): Promise<DemoCluster> {
    say(`starting a cluster and six pods, one of which has leaked ${heapMb} MB …`);
    const demo = await startCluster({ workDir });
    running.push(demo);
    shown.push(...(await addHandfulOfPods(demo, { tools, workDir, cacheDir, leakMb: heapMb })));
    return demo;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
