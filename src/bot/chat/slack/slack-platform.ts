/** The chat port on Slack: puts the parts of this folder together, starts and stops them in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receiver } from '@slack/bolt';
import { BackOff } from '../back-off.ts';
import {
  ChatError,
  type ChatHandlers,
  type ChatPlatform,
  type Language,
  type MessageRef,
  type Place,
} from '../chat-platform.ts';
import type { Message } from '../message.ts';
import { hasDownload } from './blocks.ts';
import { createBoltApp } from './bolt-app.ts';
import { Forms } from './forms.ts';
import { createGroups } from './groups.ts';
import { HomeTab } from './home-tab.ts';
import { findIdentity, type Identity } from './identity.ts';
import { createPeople } from './people.ts';
import {
  channelIdShape,
  decodePlace,
  decodeRef,
  encodePlace,
  encodeRef,
  PLATFORM,
  threadPlace,
  userId,
} from './places.ts';
import { createPosting } from './posting.ts';
import { createPrivateReply } from './private-reply.ts';
import { Reception } from './reception.ts';
import { SignedHttp } from './signed-http.ts';
import { chatError } from './slack-failure.ts';
import type { SlackLog } from './slack-log.ts';
import { SocketModeConnections } from './socket-mode.ts';
import { Updating } from './updating.ts';
import { createWebCalls } from './web-calls.ts';

export interface SlackOptions {
  readonly mode: 'socket' | 'http';
  /** `xoxb-…` */
  readonly botToken: string;
  /** `xapp-…`, for socket mode. */
  readonly appToken?: string | undefined;
  /** For http mode. */
  readonly signingSecret?: string | undefined;
  /** For http mode; port 0 takes a free one. */
  readonly http?: { readonly port: number; readonly host?: string; readonly path: string };
  /** `/heapdump`, as it is called in the app's settings. */
  readonly command: string;
  readonly language: Language;
  /** Default `https://slack.com/api/`. */
  readonly apiUrl?: string | undefined;
}

export interface SlackDeps {
  readonly log: SlackLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to below 1; for the jitter of pauses. */
  readonly random?: () => number;
}

export interface SlackPlatform extends ChatPlatform {
  /** In http mode and once started: where Slack's requests are taken, `http://127.0.0.1:3000/slack/events`. */
  requestUrl(): string | undefined;
}

/** Longer than a handler needs that gave up on Redis or a cluster by itself. */
const DRAIN_MS = 20_000;
const RECONNECT = { firstMs: 500, longestMs: 30_000 };

/** @throws Error for options that do not go together; nothing is connected before `start` */
export function createSlackPlatform(options: SlackOptions, deps: SlackDeps): SlackPlatform {
  const { log, now, random = Math.random } = deps;
  const { botToken, apiUrl, language } = options;
  const stopping = new AbortController();
  let identity: Identity | undefined;
  let handlers: ChatHandlers | undefined;
  let requestUrl: string | undefined;

  const web = createWebCalls({ token: botToken, apiUrl, log });
  const receiver = createReceiver(options, deps);
  let isUp = false;
  const posting = createPosting({ web, botUserId: () => identity?.botUserId, log });
  const updating = new Updating(web, now);
  const privateReply = createPrivateReply({ web, apiUrl, now, log });
  const people = createPeople({ web, teamId: () => identity?.teamId, now, log });
  const groups = createGroups({ web, now, log });
  const started = (): ChatHandlers => {
    if (handlers === undefined) throw new ChatError('unreachable', 'The platform was not started');
    return handlers;
  };
  const forms = new Forms({ web, people, privateReply, handlers: started, language, log });
  const homeTab = new HomeTab({ web, people, privateReply, handlers: started, language, log });
  const reception = new Reception({
    web,
    people,
    privateReply,
    handlers: started,
    botUserId: () => identity?.botUserId,
    language,
    now,
    log,
  });

  /**
   * A link comes in by chat.postMessage alone: chat.update has no switch against previews. So the message is posted
   * anew below, and the one that stood there shows the same without the link and without buttons.
   */
  const repost = async (ref: MessageRef, message: Message): Promise<MessageRef> => {
    const before = decodeRef(ref);
    const place = decodePlace(encodePlace(before));
    const key = `${ref} with its link`;
    const posted = (await posting.find(place, key)) ?? (await posting.post(place, message, key));
    const blocks = message.blocks.filter(({ kind }) => kind !== 'download');
    await updating.show(before, { ...message, blocks, buttons: [] });
    return encodeRef(posted);
  };

  return {
    name: PLATFORM,
    command: options.command,
    title: { en: 'Slack', 'zh-CN': 'Slack' },
    language,
    requestUrl: () => requestUrl,
    forms: { open: (ticket, form) => told(() => forms.open(ticket, form)) },
    home: { show: (person, page) => told(() => homeTab.show(person, page)) },

    async start(given) {
      handlers = given;
      try {
        const backOff = new BackOff({ ...RECONNECT, random });
        identity = await findIdentity(web, { log, backOff, signal: stopping.signal });
        createBoltApp({
          receiver,
          identity,
          botToken,
          apiUrl,
          command: options.command,
          reception,
          forms,
          homeTab,
          log,
        });
        const address: unknown = await receiver.start();
        requestUrl = typeof address === 'string' ? address : undefined;
        isUp = true;
      } catch (error) {
        if (stopping.signal.aborted) throw new ChatError('unreachable', 'Stopped before Slack was reached');
        throw error;
      }
      log.info(
        { mode: options.mode, teamId: identity.teamId, botUserId: identity.botUserId },
        'slack is connected',
      );
    },

    isConnected: () => isUp && (!(receiver instanceof SocketModeConnections) || receiver.isConnected),

    async stop() {
      isUp = false;
      stopping.abort();
      await receiver.stop();
      const drained = reception
        .idle()
        .then(() => forms.idle())
        .then(() => homeTab.idle())
        .then(() => updating.idle());
      const deadline = new AbortController();
      const late = sleep(DRAIN_MS, 'late' as const, { signal: deadline.signal }).catch(() => undefined);
      if ((await Promise.race([drained, late])) === 'late')
        log.warn({}, 'slack handlers did not end in time');
      deadline.abort();
    },

    post: (place, message, { key, mayExist }) =>
      told(async () => {
        const where = decodePlace(place);
        const before = mayExist ? await posting.find(where, key) : undefined;
        return encodeRef(before ?? (await posting.post(where, message, key)));
      }),

    update: (ref, message, overtaken) =>
      told(async () => {
        if (hasDownload(message)) return repost(ref, message);
        await updating.show(decodeRef(ref), message, overtaken);
        return ref;
      }),

    threadOf: (ref): Place => threadPlace(decodeRef(ref)),
    placeNamed: (id) => (channelIdShape.safeParse(id).success ? encodePlace({ channel: id }) : undefined),

    replyPrivately: (to, person, message) =>
      told(async () => {
        const user = userId(person);
        if (user === undefined) throw new ChatError('place-gone', `Not a person in Slack: ${person}`);
        await privateReply.reply(to, user, message);
      }),

    standing: (person) => told(() => people.standing(person)),
    groupsOf: (person, named) => told(() => groups.groupsOf(person, named)),
  };
}

function createReceiver(options: SlackOptions, { log, now, random = Math.random }: SlackDeps): Receiver {
  const { mode, appToken, signingSecret, http, apiUrl } = options;
  switch (mode) {
    case 'socket': {
      if (appToken === undefined) throw new Error('Slack needs an app token in socket mode');
      return new SocketModeConnections({
        appToken,
        apiUrl,
        log,
        backOff: new BackOff({ ...RECONNECT, random }),
        now,
      });
    }
    case 'http': {
      if (signingSecret === undefined || http === undefined) {
        throw new Error('Slack needs a signing secret and a port in http mode');
      }
      const { port, host = '0.0.0.0', path } = http;
      return new SignedHttp({ signingSecret, port, host, path, log, now });
    }
  }
}

/** Failures of Slack, as the port tells them. */
async function told<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw chatError(error);
  }
}
