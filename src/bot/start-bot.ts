/** Puts the bot's parts together, starts them in order and stops them in the opposite one. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config-schema.ts';
import type { Health } from '../health/health.ts';
import type { Logger } from '../log.ts';
import type { CredentialSource } from '../oss-credentials.ts';
import { connectRedis } from '../redis.ts';
import { createAdvancer } from './advance.ts';
import { checkAnnouncements, copiesOf } from './announce.ts';
import { createBotMetrics } from './bot-metrics.ts';
import { createCancelRequest } from './cancel-request.ts';
import type { ChatPlatform, Language } from './chat/chat-platform.ts';
import { createLinkSigner } from './download-link.ts';
import { createDumpQueues } from './dump-queues.ts';
import type { DumpRequest } from './dump-request.ts';
import { createHandOutLink, createThreadLink } from './hand-out-link.ts';
import { createCommandHandler } from './handle-command.ts';
import { createHome } from './home.ts';
import { createHomeVisitors } from './home-visitors.ts';
import { createLookups } from './lookups.ts';
import { nameStrangers } from './name-strangers.ts';
import { createLookForObject } from './object-presence.ts';
import type { Rule } from './policy.ts';
import { PrivatePlaces } from './private-places.ts';
import { startReconciler } from './reconcile.ts';
import { createRequestStore } from './request-store.ts';
import { createActionHandler } from './review.ts';
import { createSpeaker } from './speak.ts';
import { createTargetForm } from './target-form/target-form.ts';
import { en } from './words/en.ts';
import type { Words } from './words/words.ts';
import { zhCn } from './words/zh-cn.ts';

export interface BotDeps {
  /** In the order in which they are started; a request names its own by the prefix of its requester. */
  readonly platforms: readonly ChatPlatform[];
  readonly downloadCredentials: CredentialSource;
  readonly log: Logger;
  readonly now: () => number;
  readonly reconcileEveryMs: number;
  /** Of this process, where somebody wants to know. */
  readonly health?: Health | undefined;
}

export interface RunningBot {
  stop(): Promise<void>;
}

/** Inside Slack's patience for a private answer, and longer than a slow cluster needs to answer. */
const PREFLIGHT_TIMEOUT_MS = 45_000;
/** Well inside the 30 s that Kubernetes gives a pod to end. */
const DRAIN_MS = 10_000;
const NO_REVIEWERS: readonly string[] = [];

const wordsOf = (language: Language): Words => (language === 'zh-CN' ? zhCn : en);

export async function startBot(config: Config, deps: BotDeps): Promise<RunningBot> {
  const { log, now } = deps;
  checkAnnouncements(config, deps.platforms);
  const redis = connectRedis(config.redis.url, 'commands');
  redis.on('error', (err) => log.warn({ err }, 'redis connection failed'));
  const rules = rulesOf(config);
  const clusters = config.clusters.map(({ name }) => name);
  const metrics =
    deps.health === undefined
      ? undefined
      : createBotMetrics({
          registry: deps.health.registry,
          redis,
          clusters,
          platforms: deps.platforms,
          now,
          log,
        });
  const plainStore = createRequestStore(redis, {
    onChange: (before, after) => home.changed(before, after),
  });
  const store = metrics?.counted(plainStore) ?? plainStore;
  deps.health?.addCheck('redis', async () => (await redis.ping()) === 'PONG');
  // One will do: Slack over HTTP would be cut off, too, where DingTalk is down.
  deps.health?.addCheck('chat', () => deps.platforms.some((platform) => platform.isConnected()));
  const queues = createDumpQueues({
    clusters: config.clusters.map(({ name }) => name),
    redis,
    blocking: () => connectRedis(config.redis.url, 'blocking'),
    attempts: config.worker.attempts,
    preflightTimeoutMs: PREFLIGHT_TIMEOUT_MS,
    log,
  });
  const linkOptions = {
    bucket: config.store.bucket,
    region: config.store.region,
    publicEndpoint: config.store.publicEndpoint ?? config.store.endpoint,
    cname: config.store.publicCname,
    pathStyle: config.store.pathStyle,
    signatureVersion: config.store.signatureVersion,
  };
  const linkDeps = {
    store,
    signer: createLinkSigner(linkOptions, deps.downloadCredentials),
    lookForObject: createLookForObject(linkOptions, deps.downloadCredentials, log),
    lifetimeMs: config.download.lifetime,
    now,
    log,
  };
  const threadLink = createThreadLink(linkDeps);
  const platforms = nameStrangers(deps.platforms, wordsOf);
  const platformOf = (request: DumpRequest): ChatPlatform => {
    const found = platforms.find(({ name }) => request.requester.startsWith(`${name}:`));
    if (found === undefined) throw new Error(`No chat platform for this request: ${request.id}`);
    return found;
  };
  const home = createHome({
    store,
    visitors: createHomeVisitors(redis),
    platforms,
    rules,
    accounts: config.accounts,
    usualTransfer: config.transfer,
    words: wordsOf,
    now,
    log,
  });
  const privatePlaces = new PrivatePlaces();
  const speaker = createSpeaker({
    store,
    privatePlaces,
    platformOf,
    wordsOf: (platform) => wordsOf(platform.language),
    reviewersOf: (request) => {
      const review = rules.find(({ name }) => name === request.rule)?.review;
      return review === undefined || review === 'none' ? NO_REVIEWERS : review.by;
    },
    usualTransfer: config.transfer,
    copiesOf: (request) =>
      copiesOf(
        request,
        rules.find(({ name }) => name === request.rule),
        platforms,
      ),
    now,
    threadLink: async (request) => (config.download.link === 'thread' ? threadLink(request) : undefined),
    log,
  });
  const advancer = createAdvancer({ store, queues, speaker, botId: randomUUID(), now, log });
  const cancel = createCancelRequest({ store, queues, advancer, rules, now });
  const handleCommand = createCommandHandler({
    store,
    advancer,
    cancel,
    rules,
    accounts: config.accounts,
    usualTransfer: config.transfer,
    clusters: config.clusters.map(({ name }) => name),
    words: wordsOf,
    privatePlaces,
    now,
    log,
  });
  const targetForm = createTargetForm({
    lookups: createLookups({ lookUp: queues.lookUp, now }),
    rules,
    accounts: config.accounts,
    clusters: config.clusters.map(({ name }) => name),
    words: wordsOf,
    ask: handleCommand,
    now,
    log,
  });
  const handleAction = createActionHandler({
    store,
    queues,
    advancer,
    cancel,
    handOutLink: createHandOutLink(linkDeps),
    rules,
    accounts: config.accounts,
    usualTransfer: config.transfer,
    privatePlaces,
    words: wordsOf,
    now,
    log,
  });

  queues.listen({
    onProgress: (requestId, _run, progress) => void advancer.advance(requestId, progress),
    onEnded: (requestId) => void advancer.jobEnded(requestId),
  });
  for (const platform of platforms) {
    await platform.start({
      async onCommand(incoming) {
        if (!(await targetForm.open(platform, incoming))) await handleCommand(platform, incoming);
      },
      form: targetForm.handlersFor(platform),
      onAction: (incoming) => handleAction(platform, incoming),
      onHomeOpened: (opened) => home.opened(platform, opened),
    });
    log.info({ platform: platform.name }, 'chat platform connected');
  }
  const reconciler = startReconciler({ store, advancer, everyMs: deps.reconcileEveryMs, log });
  log.info({ clusters: config.clusters.map(({ name }) => name), rules: rules.length }, 'bot is up');

  return {
    async stop() {
      for (const platform of [...platforms].reverse()) await platform.stop();
      await reconciler.stop();
      // What is not finished by then the next bot's reconciler finishes.
      await Promise.race([advancer.idle(), sleep(DRAIN_MS, undefined, { ref: false })]);
      await home.stop();
      await queues.close();
      await metrics?.close();
      redis.disconnect();
      log.info('bot is down');
    },
  };
}

const rulesOf = (config: Config): Rule[] =>
  config.rules.map((rule) => ({
    ...rule,
    review: rule.review === 'none' ? 'none' : { ...rule.review, expireAfterMs: rule.review.expireAfter },
  }));
