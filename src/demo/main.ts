#!/usr/bin/env node
/**
 * `npm run demo`: starts everything on this machine, plays the main job, and shows the thread as it happens.
 * The one file of the demo that knows the bot and the worker.
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { parse } from 'yaml';
import { createPlatforms } from '../bot/create-platforms.ts';
import { createRequestStore } from '../bot/request-store.ts';
import { startBot } from '../bot/start-bot.ts';
import { parseConfig } from '../config.ts';
import { credentialsFromConfig } from '../credentials-from-config.ts';
import { createLogger, type LogLevel } from '../log.ts';
import { connectRedis } from '../redis.ts';
import { HprofWalk } from '../worker/hprof-walk.ts';
import { startWorker } from '../worker/start-worker.ts';
import { ossFromConfig } from '../worker/store/oss-from-config.ts';
import { configText, demoConfig, mergeConfig } from './demo-config.ts';
import { inspectDump } from './inspect-dump.ts';
import { play } from './play.ts';
import { ensureTools } from './set-up/debian-tools.ts';
import { startClusterWithLeak, startStandIns } from './stand-ins.ts';
import { printTranscript } from './transcript.ts';

interface DemoOptions {
  once?: boolean;
  kubeconfig?: string;
  context?: string;
  target?: string;
  container?: string;
  config?: string;
  flags: string;
  heap: string;
  out?: string;
  log: LogLevel;
}

const options = new Command('demo')
  .description('The main job on stand-ins: ask, approve, dump, transfer, verify, download.')
  .option('--once', 'play the main job once and end (the default for now)')
  .option('--kubeconfig <file>', 'a real cluster in the place of the demo’s')
  .option('--context <name>', 'a context of that kubeconfig')
  .option('--target <namespace/pod>', 'the pod to dump in that cluster')
  .option('-c, --container <name>', 'its container')
  .option(
    '--config <file>',
    'a file in the form of heapdump.example.yaml; what it says goes before the demo’s own settings',
  )
  .option('--flags <words>', 'what the developer types behind the pod, such as "--via relay --no-disk"', '')
  .option('--heap <MB>', 'how much the demo’s Java service has leaked', '128')
  .option('--out <file>', 'keep the heap dump there, unpacked unless the name ends in .gz')
  .option('--log <level>', 'what bot and worker log, to standard error', 'warn')
  .parse()
  .opts<DemoOptions>();

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const print = (line: string): void => console.log(line);
const projectDir = fileURLToPath(new URL('../..', import.meta.url));
const POD = { namespace: 'prod', name: 'order-service-7d9f8-x2x4k' };

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
  const workDir = await mkdtemp(join(tmpdir(), 'heapdump-demo-'));
  running.push({ stop: () => rm(workDir, { recursive: true, force: true }) });
  const tools = await ensureTools({ projectDir, say });
  say('starting Redis, Slack, OSS …');
  const standIns = await startStandIns(tools, workDir);
  running.push(standIns);
  const { slack, oss, cast } = standIns;

  const cluster =
    options.kubeconfig === undefined
      ? await ownCluster()
      : { name: 'real', kubeconfig: resolve(options.kubeconfig) };
  const base = demoConfig({
    redisUrl: standIns.redis.url,
    slack: {
      apiUrl: slack.apiUrl,
      botToken: slack.botToken,
      appToken: slack.appToken,
      signingSecret: slack.signingSecret,
    },
    cluster: { ...cluster, ...(options.context === undefined ? {} : { context: options.context }) },
    oss: {
      bucket: oss.bucket,
      region: oss.region,
      endpoint: oss.endpoint,
      upload: oss.accessKeys.upload,
      download: oss.accessKeys.download,
    },
    reviewersGroup: `slack:group:${standIns.reviewers.id}`,
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

  const target = options.target ?? `${POD.namespace}/${POD.name}`;
  const container = options.container === undefined ? '' : ` -c ${options.container}`;
  const command = config.chat.slack?.command ?? '/heapdump';
  const flags = options.flags === '' ? '' : ` ${options.flags}`;
  const text = `${target}${container}${flags} --reason "memory grows since the last release"`;
  print(`\n#order-service\n\n${cast.developer.name} types:  ${command} ${text}`);
  running.push({ stop: async () => endTranscript() });
  const endTranscript = printTranscript({ slack, print, now: Date.now });

  const file = join(workDir, 'downloaded');
  const downloaded = await play({ slack, cast, command, text, file, timeoutMs: 30 * 60_000 });

  const redis = connectRedis(config.redis.url, 'commands');
  running.push({ stop: async () => redis.disconnect() });
  const [request] = await createRequestStore(redis).newest(1);
  const outcome = request?.outcome?.outcome === 'completed' ? request.outcome : undefined;
  if (request === undefined || outcome === undefined)
    throw new Error('The request is not on record as completed');
  if (outcome.sha256 !== downloaded.sha256)
    throw new Error(`The download’s SHA-256 is ${downloaded.sha256}, the record says ${outcome.sha256}`);
  const walk = new HprofWalk();
  const out = options.out === undefined ? undefined : resolve(options.out);
  if (out !== undefined) await mkdir(join(out, '..'), { recursive: true });
  const keptPacked = out?.endsWith('.gz') === true;
  const dump = await inspectDump(file, {
    packed: outcome.form === 'hprof.gz',
    onChunk: (chunk) => walk.update(chunk),
    out: keptPacked ? undefined : out,
  });
  const summary = walk.end();
  if (outcome.dumpSha256 !== dump.sha256)
    throw new Error(`The dump’s SHA-256 is ${dump.sha256}, the record says ${outcome.dumpSha256}`);
  if (keptPacked && out !== undefined) await copyFile(file, out);
  const packed = outcome.form === 'hprof.gz' ? `, ${dump.sizeBytes} bytes unpacked` : '';
  print(
    `\nDownloaded through the link: ${downloaded.sizeBytes} bytes${packed}, ${summary.records} records, a whole HPROF ${summary.version}.`,
  );
  if (out !== undefined) print(`Kept as ${out}`);
  await stopAll();
  console.log(
    JSON.stringify({
      ok: true,
      requestId: request.id,
      bytes: dump.sizeBytes,
      sha256: dump.sha256,
      storedBytes: downloaded.sizeBytes,
      storedSha256: downloaded.sha256,
      via: outcome.via,
      steps: outcome.stepMs,
      pauseMs: outcome.pauseMs,
    }),
  );

  async function ownCluster(): Promise<{ name: string; kubeconfig: string }> {
    const heapMb = Number(options.heap);
    if (!Number.isInteger(heapMb) || heapMb < 1 || heapMb > 100_000)
      throw new Error(`--heap is "${options.heap}"; allowed: 1 to 100000`);
    say(`starting a cluster and a Java service that has leaked ${heapMb} MB …`);
    const demo = await startClusterWithLeak(tools, workDir, {
      pod: { ...POD, heapMb },
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
