/** The chat port on DingTalk: puts the parts of this folder together, starts and stops them in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BackOff } from '../back-off.ts';
import { ChatError, type ChatHandlers, type ChatPlatform, type Language } from '../chat-platform.ts';
import { createAccessToken } from './access-token.ts';
import { createAnnouncements } from './announcements.ts';
import { createCards } from './cards.ts';
import { chatError } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import { createGroups } from './groups.ts';
import { MessageBudget } from './message-budget.ts';
import { createOpenApi } from './open-api.ts';
import { createPeople } from './people.ts';
import { decodePlace, decodeRef, encodePlace, encodeRef, isConversation, PLATFORM } from './places.ts';
import { Posting } from './posting.ts';
import { createPrivateReply } from './private-reply.ts';
import type { Detail } from './progress-stage.ts';
import { Reception } from './reception.ts';
import { createRobotMessages } from './robot-messages.ts';
import { createSessions } from './sessions.ts';
import { StreamClient } from './stream-client.ts';
import { createWordsPosting } from './words-posting.ts';

export interface DingtalkOptions {
  /** Also called AppKey. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** The organisation: `ding…`. */
  readonly corpId: string;
  /** Default: the client id, which it is for every robot of an internal app. */
  readonly robotCode?: string | undefined;
  /** Of the template made from deploy/dingtalk-card.json; without one everything is said in words. */
  readonly cardTemplateId?: string | undefined;
  readonly progress: Detail;
  readonly language: Language;
  /** By staff id, of people who read another one. */
  readonly languages: Readonly<Record<string, Language>>;
  /** `Asia/Shanghai`: DingTalk shows no times in the reader's own. */
  readonly timeZone: string;
  readonly messagesPerMinute: number;
  /** A group robot that tells one more group what waits for a decision. */
  readonly announce?: { readonly webhookUrl: string; readonly secret?: string | undefined } | undefined;
  /** Default `https://api.dingtalk.com`. */
  readonly apiUrl?: string | undefined;
  /** Default `https://oapi.dingtalk.com`. */
  readonly oapiUrl?: string | undefined;
}

export interface DingtalkDeps {
  readonly log: DingtalkLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to below 1; for the jitter of pauses. */
  readonly random?: () => number;
  /** After so much silence a socket counts as dead; default a minute. */
  readonly silenceMs?: number;
}

const API_URL = 'https://api.dingtalk.com';
const OAPI_URL = 'https://oapi.dingtalk.com';
/** Longer than a handler needs that gave up on Redis or a cluster by itself. */
const DRAIN_MS = 20_000;
const RECONNECT = { firstMs: 500, longestMs: 30_000 };
const SILENCE_MS = 60_000;

/** Nothing is connected before `start`. */
export function createDingtalkPlatform(options: DingtalkOptions, deps: DingtalkDeps): ChatPlatform {
  const { log, now, random = Math.random, silenceMs = SILENCE_MS } = deps;
  const { clientId, clientSecret, corpId, robotCode = clientId, language, languages, timeZone } = options;
  const apiUrl = trimmed(options.apiUrl ?? API_URL);
  const oapiUrl = trimmed(options.oapiUrl ?? OAPI_URL);
  const voice = { language, timeZone };
  let handlers: ChatHandlers | undefined;
  let isStopping = false;

  const token = createAccessToken({ apiUrl, clientId, clientSecret, now });
  const api = createOpenApi({ apiUrl, oapiUrl, token, log });
  const people = createPeople({ api, language, languages, now, log });
  const groups = createGroups({ api, now, log });
  const robot = createRobotMessages({ api, robotCode });
  const sessions = createSessions({ oapiUrl, now, log });
  const budget = new MessageBudget(options.messagesPerMinute, now);
  const words = createWordsPosting({ robot, sessions, budget, voice, log });
  const cards =
    options.cardTemplateId === undefined
      ? undefined
      : createCards({ api, templateId: options.cardTemplateId, robotCode });
  const announcements =
    options.announce === undefined
      ? undefined
      : createAnnouncements({
          webhookUrl: options.announce.webhookUrl,
          secret: options.announce.secret,
          perMinute: options.messagesPerMinute,
          now,
          log,
        });
  const posting = new Posting({
    cards,
    words,
    announcements,
    people,
    groups,
    budget,
    voice,
    detail: options.progress,
    now,
    log,
  });
  const privateReply = createPrivateReply({ robot, sessions, people, groups, timeZone, log });
  const reception = new Reception({
    people,
    sessions,
    privateReply,
    handlers() {
      if (handlers === undefined) throw new ChatError('unreachable', 'The platform was not started');
      return handlers;
    },
    corpId,
    log,
  });
  const stream = new StreamClient(
    {
      apiUrl,
      clientId,
      clientSecret,
      onCallback: (callback) => reception.callback(callback),
      log,
      silenceMs,
    },
    new BackOff({ ...RECONNECT, random }),
  );

  return {
    name: PLATFORM,
    command: '/heapdump',
    title: { en: 'DingTalk', 'zh-CN': '钉钉' },
    language,

    async start(given) {
      handlers = given;
      try {
        await stream.start();
      } catch (error) {
        if (isStopping) throw new ChatError('unreachable', 'Stopped before DingTalk was reached');
        throw chatError(error);
      }
      log.info({ corpId, hasCards: cards !== undefined }, 'dingtalk is connected');
    },

    isConnected: () => stream.isConnected,

    async stop() {
      isStopping = true;
      await stream.stop();
      words.stop();
      const drained = reception.idle().then(() => cards?.idle());
      const deadline = new AbortController();
      const late = sleep(DRAIN_MS, 'late' as const, { signal: deadline.signal }).catch(() => undefined);
      if ((await Promise.race([drained, late])) === 'late')
        log.warn({}, 'dingtalk handlers did not end in time');
      deadline.abort();
    },

    // A message without a card cannot be found again; of a card DingTalk keeps one with the id that the key gives it.
    post: (place, message, { key }) =>
      told(async () => encodeRef(await posting.post(decodePlace(place), message, key))),

    update: (ref, message) => told(async () => encodeRef(await posting.update(decodeRef(ref), message))),

    threadOf(ref) {
      const { group, single, topic, card } = decodeRef(ref);
      return encodePlace({ group, single, topic, card });
    },

    placeNamed: (id) => (isConversation(id) ? encodePlace({ group: id }) : undefined),

    replyPrivately: (to, person, message) => told(() => privateReply.reply(to, person, message)),
    standing: (person) => told(() => people.standing(person)),
    groupsOf: (person, named) => told(() => groups.groupsOf(person, named)),
  };
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');

/** Failures of DingTalk, as the port tells them. */
async function told<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw chatError(error);
  }
}
