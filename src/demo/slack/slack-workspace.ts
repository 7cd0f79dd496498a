/**
 * A Slack workspace that runs in this process: a real HTTP and WebSocket server which Bolt talks to unmodified, given
 * `clientOptions.slackApiUrl`, and the people in it. The demo shows it; the tests ask it what people saw.
 */

import { randomBytes } from 'node:crypto';
import type { LoopbackServer } from '../loopback-server.ts';
import { Deliveries } from './deliveries.ts';
import { type Desk, SLACK_LIMITS, type SlackLimits } from './desk.ts';
import { Directory, type Person } from './directory.ts';
import { Faults } from './faults.ts';
import { LinkFetcher } from './link-fetcher.ts';
import { MessageLog, type StoredMessage } from './message-log.ts';
import { messageToText } from './message-to-text.ts';
import { methodTable } from './method-table.ts';
import { PeopleInViews } from './people-in-views.ts';
import { PeopleSide } from './people-side.ts';
import { ResponseUrls } from './response-urls.ts';
import { SignedHttp } from './signed-http.ts';
import { createSlackServer } from './slack-server.ts';
import { SocketMode } from './socket-mode.ts';
import { TriggerIds } from './trigger-ids.ts';
import { Views } from './views.ts';
import { waitFor } from './waiting.ts';
import { WebApi } from './web-api.ts';
import type { SlackOptions, SlackWorkspace } from './workspace.ts';

export type * from './workspace.ts';

/** What a bot needs that talks in channels, looks for its own messages, opens forms and knows groups. */
export const DEFAULT_SCOPES: readonly string[] = [
  'app_mentions:read',
  'channels:history',
  'channels:read',
  'chat:write',
  'commands',
  'groups:history',
  'groups:read',
  'im:history',
  'im:read',
  'im:write',
  'usergroups:read',
  'users:read',
];

const WAIT_MS = 20_000;

/** Starts a workspace with a bot in it and nobody else. */
export async function startSlack(options: SlackOptions = {}): Promise<SlackWorkspace> {
  const now = options.now ?? Date.now;
  const limits: SlackLimits = { ...SLACK_LIMITS, ...options.limits };
  const directory = new Directory();
  const desk: Desk = {
    now,
    limits,
    directory,
    messages: new MessageLog(now),
    views: new Views(directory),
    triggers: new TriggerIds(now, limits.triggerMs),
    links: new LinkFetcher(options.fetchLinks ?? false),
    scopes: new Set(options.scopes ?? DEFAULT_SCOPES),
    plan: options.plan ?? 'paid',
  };
  const tokens = { bot: `xoxb-${secret()}`, app: `xapp-1-${directory.appId}-${secret()}` };
  const signingSecret = secret();
  const sockets = new SocketMode({
    appId: directory.appId,
    maxConnections: limits.connections,
    pingMs: limits.serverPingMs,
  });
  const faults = new Faults();
  const methods = methodTable(() => `${server.socketRoot}${sockets.issueTicket()}`);
  const api = new WebApi(desk, tokens, methods, faults);
  const responseUrls: ResponseUrls = new ResponseUrls(desk, () => server.root);
  const server: LoopbackServer = createSlackServer(api, responseUrls, sockets);
  let http: SignedHttp | undefined;
  const deliveries = new Deliveries(() => http ?? sockets, limits.ackMs, limits.eventRetryDelaysMs);
  const people = new PeopleSide(desk, deliveries, responseUrls);
  const inViews = new PeopleInViews(desk, deliveries);
  await server.start();

  return {
    apiUrl: `${server.root}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    signingSecret,
    teamId: directory.teamId,
    botUserId: directory.botUserId,

    addChannel: (name, channel) => directory.addChannel(name, channel),
    addPerson: (person) => directory.addPerson(person),
    addUserGroup: (handle, members) => directory.addUserGroup(handle, members),
    directChannel: (person) => directory.directChannel(person.id),

    async connectHttp(requestUrl) {
      http?.stop();
      http = new SignedHttp(requestUrl, signingSecret, now);
      await http.verifyUrl();
    },
    connections: () => sockets.connections,

    slash: (person, channel, command, text, how) => people.slash(person, channel, command, text, how),
    mention: (person, channel, text, where) => people.mention(person, channel, text, where),
    say: (person, channel, text, where) => people.say(person, channel, text, where),
    click: (person, message, choice) => people.click(person, message, choice),
    suggest: (person, view, field, query) => inViews.suggest(person, view, field, query),
    choose: (person, view, field, value) => inViews.choose(person, view, field, value),
    entered: (view) => desk.views.entered(view),
    clickInView: (person, view, choice) => inViews.clickInView(person, view, choice),
    submitView: (person, view, values) => inViews.submitView(person, view, values),
    closeView: (person, view) => inViews.closeView(person, view),
    openHome: (person, tab = 'home') => inViews.openHome(person, tab),
    deleteMessage(message) {
      const current = desk.messages.find(message.channel, message.ts);
      if (current !== undefined && !current.deleted) desk.messages.delete(current);
    },

    nameOf: (id) => directory.nameOf(id),
    messages: (channel, where) =>
      desk.messages
        .inChannel(channel.id)
        .filter(
          ({ threadTs, ts }) => where?.threadTs === undefined || [threadTs, ts].includes(where.threadTs),
        ),
    ephemerals: (person, channel) =>
      ephemeralsOf(desk, person).filter((message) => channel === undefined || message.channel === channel.id),
    direct: (person) => desk.messages.inChannel(directory.directChannel(person.id).id),
    openViews: (person) => desk.views.of(person.id),
    refresh(message) {
      const current = desk.messages.find(message.channel, message.ts);
      return current?.deleted === true ? undefined : current;
    },
    waitForMessage: (predicate, timeoutMs = WAIT_MS) =>
      waitFor(
        'message',
        () => desk.messages.all().filter((message) => message.ephemeralTo === undefined),
        (seen) => desk.messages.onMessage(seen),
        predicate,
        timeoutMs,
        messageToText,
      ),
    waitForEphemeral: (person, predicate = () => true, timeoutMs = WAIT_MS) =>
      waitFor(
        `message that only ${person.name} sees`,
        () => ephemeralsOf(desk, person),
        (seen) => desk.messages.onMessage(seen),
        predicate,
        timeoutMs,
        messageToText,
      ),
    waitForView: (person, predicate = () => true, timeoutMs = WAIT_MS) =>
      waitFor(
        `view before ${person.name}`,
        () => desk.views.of(person.id),
        (seen) => desk.views.onView(seen),
        predicate,
        timeoutMs,
        (view) => view.title,
      ),
    onMessage: (listener) => desk.messages.onMessage(listener),
    onView: (listener) => desk.views.onView((_, view) => listener(view)),

    deliveries: deliveries.list,
    redeliver: (delivery) => deliveries.again(delivery),

    faults: {
      next: (method, ...canned) => faults.next(method, ...canned),
      left: () => faults.left(),
      cutSockets: () => sockets.cut(),
      disconnectSockets: (reason) => sockets.disconnect(reason),
    },
    calls: api.calls,
    linkFetches: desk.links.fetches,

    async stop() {
      deliveries.stop();
      http?.stop();
      await sockets.stop();
      await server.stop();
      await desk.links.stop();
      if (api.unexpected.length > 0) {
        throw new Error(`The bot called what nobody expected: ${[...new Set(api.unexpected)].join(', ')}`);
      }
    },
  };
}

function ephemeralsOf(desk: Desk, person: Person): StoredMessage[] {
  return desk.messages.all().filter((message) => message.ephemeralTo === person.id && !message.unseen);
}

function secret(): string {
  return randomBytes(16).toString('hex');
}
