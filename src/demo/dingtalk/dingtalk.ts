/**
 * A DingTalk organisation that runs in this process: a real HTTP and WebSocket server on one port for
 * api.dingtalk.com, oapi.dingtalk.com and the Stream gateway, and the people in it.
 */
import { randomBytes } from 'node:crypto';
import { waitFor } from '../slack/waiting.ts';
import { AccessTokens } from './access-tokens.ts';
import { PERMISSIONS } from './api-table.ts';
import { Cards } from './cards.ts';
import { ChatLog, type ChatMessage } from './chat-log.ts';
import { Deliveries } from './deliveries.ts';
import type { Desk } from './desk.ts';
import { DingtalkServer } from './dingtalk-server.ts';
import { Directory, type Person } from './directory.ts';
import { Faults } from './faults.ts';
import { DINGTALK_LIMITS } from './limits.ts';
import { MessageBudget } from './message-budget.ts';
import { messageToText } from './message-to-text.ts';
import { OpenApi } from './open-api.ts';
import { PeopleSide } from './people-side.ts';
import { Quota } from './quota.ts';
import { SessionWebhooks } from './session-webhooks.ts';
import { Stream } from './stream.ts';
import { WebhookRobots } from './webhook-robots.ts';
import type { Client, Dingtalk, DingtalkOptions } from './world.ts';

export { plainTemplate } from './cards.ts';
export { markdownToText } from './message-to-text.ts';
export type * from './world.ts';

const WAIT_MS = 20_000;

/** Starts an organisation with one app, whose robot is in every group. */
export async function startDingtalk(options: DingtalkOptions = {}): Promise<Dingtalk> {
  const now = options.now ?? Date.now;
  const limits = { ...DINGTALK_LIMITS, ...options.limits };
  const directory = new Directory(options.corp);
  const log = new ChatLog(now);
  const desk: Desk = {
    now,
    limits,
    directory,
    log,
    cards: new Cards(log),
    budget: new MessageBudget(now, limits.messagesPerMinute, limits.muteMs),
  };
  const { clientId } = directory;
  const clientSecret = randomBytes(32).toString('base64url');
  const tokens = new AccessTokens({ clientId, clientSecret }, now, limits.tokenSeconds);
  const quota = new Quota(now, limits.callsPerMonth, limits.callsPerSecond);
  const stream = new Stream({ now, random: options.random ?? Math.random, ...limits });
  const sessions = new SessionWebhooks(desk);
  const webhooks = new WebhookRobots(desk);
  const faults = new Faults();
  const api = new OpenApi({
    desk,
    tokens,
    quota,
    stream,
    sessions,
    webhooks,
    permissions: new Set(options.permissions ?? Object.values(PERMISSIONS)),
    endpoint: () => `${server.socketRoot}/connect`,
  });
  const server: DingtalkServer = new DingtalkServer(api, stream, faults, now);
  const deliveries = new Deliveries(stream, now);
  const people = new PeopleSide(desk, deliveries, sessions, () => server.root);
  const clients = new Map<Person, Client>();

  const face = (person: Person, message: ChatMessage) => {
    const card = desk.cards.find(message.card?.outTrackId);
    return card === undefined ? undefined : desk.cards.faceOf(card, person.id);
  };
  const clientOf = (person: Person): Client => {
    const client =
      clients.get(person) ??
      // One object with the directory's: what a test changes there (`hasLeft`) the APIs see.
      Object.assign(person, {
        type: (room, text, how) => people.type(person, room, text, how),
        press: (message, actionId, how) => people.press(person, message, actionId, how),
        tapLink: (message, n) => people.tapLink(person, message, n),
        links: (message) => people.linksOf(person, log.find(message.id) ?? message),
        single: () => log.in(person.singleChat),
        canSee: (message) => people.canSee(person, message),
        read: (message, paint) => messageToText(message, face(person, message), paint),
        face: (message) => face(person, message),
      } satisfies Omit<Client, keyof Person>);
    clients.set(person, client);
    return client;
  };

  for (const template of options.templates ?? []) desk.cards.addTemplate(template);
  for (const person of options.people ?? []) directory.addPerson(person);
  for (const group of options.groups ?? []) directory.addGroup(group);
  await server.start();

  return {
    baseUrl: server.root,
    clientId,
    clientSecret,
    robotCode: clientId,
    corpId: directory.corpId,

    addPerson: (person) => clientOf(directory.addPerson(person)),
    addGroup: (group) => directory.addGroup(group),
    addRole: (name, members) => directory.addRole(name, members),
    addTemplate: (template) => desk.cards.addTemplate(template),
    addGroupRobot(group, robot) {
      const { accessToken, secret, name } = webhooks.add(group, robot);
      return { url: `${server.root}/robot/send?access_token=${accessToken}`, accessToken, secret, name };
    },
    person(id) {
      const person = directory.people.get(id);
      if (person === undefined) throw new Error(`there is no person ${id}`);
      return clientOf(person);
    },
    group(id) {
      const group =
        directory.groups.get(id) ?? [...directory.groups.values()].find(({ title }) => title === id);
      if (group === undefined) throw new Error(`there is no group ${id}`);
      return group;
    },

    messages: (where) => log.in('singleChat' in where ? where.singleChat : where.id),
    refresh(message) {
      const current = log.find(message.id);
      return current?.recalled === true ? undefined : current;
    },
    recall(message) {
      const current = log.find(message.id);
      if (current !== undefined && !current.recalled) log.recall(current);
    },
    waitForMessage: (predicate, timeoutMs = WAIT_MS) =>
      waitFor(
        'message',
        () => log.all(),
        (seen) => log.onMessage(seen),
        predicate,
        timeoutMs,
        (message) => messageToText(message, undefined),
      ),
    onMessage: (listener) => log.onMessage(listener),
    cards: () => desk.cards.all(),
    removeCard(outTrackId) {
      desk.cards.remove(outTrackId);
      for (const message of log.all()) if (message.card?.outTrackId === outTrackId) log.recall(message);
    },
    webhookMessages: () => webhooks.messages(),

    get streams() {
      return stream.open;
    },
    async waitForStreams(count, timeoutMs = WAIT_MS) {
      await waitFor(
        'number of connections',
        () => [stream.open.length],
        (seen) => stream.onChange(seen),
        (open) => open === count,
        timeoutMs,
        (open) => `${open} of ${count}`,
      );
    },
    deliveries: deliveries.list,
    waitForAck: (delivery, timeoutMs = WAIT_MS) =>
      waitFor(
        `acknowledgement of ${delivery.topic}`,
        () => [delivery],
        (seen) => deliveries.onAck(seen),
        ({ ack }) => ack !== undefined,
        timeoutMs,
        ({ connection }) => (connection === undefined ? 'not sent to anybody' : 'sent'),
      ),
    redeliver: (delivery) => deliveries.again(delivery),
    event: (eventType, payload) =>
      deliveries.push('EVENT', '*', payload, {
        eventType,
        eventId: randomBytes(16).toString('hex'),
        eventCorpId: directory.corpId,
        eventBornTime: String(now()),
      }),
    cutSockets: () => stream.cut(),
    disconnectSockets: () => stream.disconnect(),
    goSilent: () => stream.goSilent(),
    refuseSockets: (count) => stream.refuse(count),
    pingSockets: () => stream.ping(),
    sendJunk: (text) => stream.junk(text),

    faults: { next: (path, ...canned) => faults.next(path, ...canned), left: () => faults.left() },
    quota,
    endTokens: () => tokens.endAll(),
    endSessionWebhooks: () => sessions.endAll(),
    calls: server.calls,

    async stop() {
      deliveries.stop();
      await stream.stop();
      await server.stop();
      if (api.unexpected.length > 0) {
        throw new Error(`The bot called what nobody expected: ${[...new Set(api.unexpected)].join(', ')}`);
      }
    },
  };
}
