#!/usr/bin/env node
/**
 * `npm run demo`: starts everything on this machine, plays the main job, and shows the thread as it happens.
 * The one file of the demo that knows the bot and the worker.
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
import { HprofWalk } from '../worker/hprof-walk.ts';
import { startWorker } from '../worker/start-worker.ts';
import { ossFromConfig } from '../worker/store/oss-from-config.ts';
import { configText, demoConfig, mergeConfig } from './demo-config.ts';
import { type ChatName, demoOptions } from './demo-options.ts';
import type { Download } from './download.ts';
import { inspectDump } from './inspect-dump.ts';
import { play } from './play.ts';
import { playDingtalk } from './play-dingtalk.ts';
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
  const workDir = await mkdtemp(join(tmpdir(), 'heapdump-demo-'));
  running.push({ stop: () => rm(workDir, { recursive: true, force: true }) });
  const tools = await ensureTools({ projectDir, say });
  say(`starting Redis, ${chats.map((chat) => TITLES[chat]).join(', ')}, OSS …`);
  const standIns = await startStandIns(tools, workDir, {
    dingtalk: chats.includes('dingtalk') ? { cards: options.cards } : undefined,
  });
  running.push(standIns);
  const { slack, oss, cast, office } = standIns;

  const cluster =
    options.kubeconfig === undefined
      ? await ownCluster()
      : { name: 'real', kubeconfig: resolve(options.kubeconfig) };
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
  const over: unknown =
    options.config === undefined ? undefined : parse(await readFile(options.config, 'utf8'));
  const config = parseConfig(
    configText(mergeConfig(base, over)),
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

  const downloads = await Promise.all(
    chats.map(
      async (chat): Promise<[ChatName, Download]> => [
        chat,
        await (chat === 'slack' ? inSlack() : inDingtalk()),
      ],
    ),
  );
  const redis = connectRedis(config.redis.url, 'commands');
  running.push({ stop: async () => redis.disconnect() });
  const requests = createRequestStore(redis);
  const dumps: Awaited<ReturnType<typeof check>>[] = [];
  for (const [chat, downloaded] of downloads) dumps.push(await check(chat, downloaded));
  await stopAll();
  const [first] = dumps;
  console.log(JSON.stringify({ ok: true, ...first, ...(dumps.length > 1 ? { dumps } : {}) }));

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

  /** That the file is the one on record, and a whole heap dump. */
  async function check(chat: ChatName, downloaded: Download) {
    const request = (await requests.newest(10)).find(({ requester }) => requester.startsWith(`${chat}:`));
    const outcome = request?.outcome?.outcome === 'completed' ? request.outcome : undefined;
    if (request === undefined || outcome === undefined)
      throw new Error('The request is not on record as completed');
    if (outcome.sha256 !== downloaded.sha256)
      throw new Error(`The download’s SHA-256 is ${downloaded.sha256}, the record says ${outcome.sha256}`);
    const walk = new HprofWalk();
    const out = options.out === undefined ? undefined : resolve(options.out);
    if (out !== undefined) await mkdir(join(out, '..'), { recursive: true });
    const keptPacked = out?.endsWith('.gz') === true;
    const dump = await inspectDump(downloaded.file, {
      packed: outcome.form === 'hprof.gz',
      onChunk: (chunk) => walk.update(chunk),
      out: keptPacked ? undefined : out,
    });
    const summary = walk.end();
    if (outcome.dumpSha256 !== dump.sha256)
      throw new Error(`The dump’s SHA-256 is ${dump.sha256}, the record says ${outcome.dumpSha256}`);
    if (keptPacked && out !== undefined) await copyFile(downloaded.file, out);
    const packed = outcome.form === 'hprof.gz' ? `, ${dump.sizeBytes} bytes unpacked` : '';
    print(
      `\nDownloaded through the link: ${downloaded.sizeBytes} bytes${packed}, ${summary.records} records, a whole HPROF ${summary.version}.`,
    );
    if (out !== undefined) print(`Kept as ${out}`);
    return {
      ...(chats.length > 1 ? { chat } : {}),
      requestId: request.id,
      bytes: dump.sizeBytes,
      sha256: dump.sha256,
      storedBytes: downloaded.sizeBytes,
      storedSha256: downloaded.sha256,
      via: outcome.via,
      steps: outcome.stepMs,
      pauseMs: outcome.pauseMs,
    };
  }

  async function ownCluster(): Promise<{ name: string; kubeconfig: string }> {
    const heapMb = Number(options.heap);
    if (!Number.isInteger(heapMb) || heapMb < 1 || heapMb > 100_000)
      throw new Error(`--heap is "${options.heap}"; allowed: 1 to 100000`);
    const [pod, ...others] = chats.map((chat) => ({ ...PODS[chat], heapMb }));
    if (pod === undefined) throw new Error('No chat, no pod');
    say(`starting a cluster and a Java service that has leaked ${heapMb} MB …`);
    const demo = await startClusterWithLeak(tools, workDir, {
      pod,
      others,
      cacheDir: join(projectDir, '.cache/java'),
    });
    running.push(demo);
    const kubeconfig = join(workDir, 'kubeconfig');
    await writeFile(kubeconfig, demo.kubeconfig('worker'), { mode: 0o600 });
    return { name: 'demo', kubeconfig };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
