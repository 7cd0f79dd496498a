/** The contract's world on the stand-in Slack workspace. */

import type { Message } from '../../src/bot/chat/message.ts';
import type { SlackLog } from '../../src/bot/chat/slack/slack-log.ts';
import { createSlackPlatform, type SlackOptions } from '../../src/bot/chat/slack/slack-platform.ts';
import { allBlocks, buttonsIn } from '../../src/demo/slack/block.ts';
import { messageToText } from '../../src/demo/slack/message-to-text.ts';
import {
  type Channel,
  type Person,
  type SlackWorkspace,
  type StoredMessage,
  startSlack,
  type SlackOptions as WorkspaceOptions,
} from '../../src/demo/slack/slack-workspace.ts';
import type { ChatWorld, RoomMessage, Seen, WorldPerson } from '../contract/chat-world.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** A log that can be read; for tests on what is said there and what never is. */
export function recordingLog(lines: LogLine[]): SlackLog {
  const to = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  return { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
}

export function slackOptions(slack: SlackWorkspace, more: Partial<SlackOptions> = {}): SlackOptions {
  return {
    mode: 'socket',
    botToken: slack.botToken,
    appToken: slack.appToken,
    signingSecret: slack.signingSecret,
    command: '/heapdump',
    language: 'en',
    apiUrl: slack.apiUrl,
    http: { port: 0, host: '127.0.0.1', path: '/slack/events' },
    ...more,
  };
}

export interface SlackWorld extends ChatWorld {
  readonly slack: SlackWorkspace;
  readonly ops: Channel;
}

export async function startSlackWorld(
  mode: 'socket' | 'http',
  workspaceOptions: WorkspaceOptions = {},
): Promise<SlackWorld> {
  const slack = await startSlack({ limits: { rate: 'off' }, ...workspaceOptions });
  const ops = slack.addChannel('ops');
  const platform = createSlackPlatform(slackOptions(slack, { mode }), {
    log: recordingLog([]),
    now: Date.now,
  });
  const people = new Map<string, Person>();
  const add = (name: string, more: Partial<Parameters<SlackWorkspace['addPerson']>[0]> = {}): WorldPerson => {
    const person = slack.addPerson({ name, ...more });
    people.set(name, person);
    return { name, ref: `slack:${person.id}` };
  };
  const find = ({ name }: WorldPerson): Person => {
    const person = people.get(name);
    if (person === undefined) throw new Error(`nobody is called ${name}`);
    return person;
  };
  const stored = new Map<RoomMessage, StoredMessage>();
  const refOf = (id: string): string =>
    id.startsWith('S') ? `slack:group:${id}` : /^[UW]/.test(id) ? `slack:${id}` : id;
  const see = (message: StoredMessage): Seen => ({
    // The fallback is what a notification shows.
    text: `${messageToText(message)}\n${messageToText({ ...message, blocks: [], attachments: [] })}`,
    pings: message.pings.map(refOf),
    buttons: buttonsIn(allBlocks(message.blocks, message.attachments)).map(({ text }) => text),
  });
  let connected = false;
  const connectHttp = async () => {
    const url = platform.requestUrl();
    if (mode === 'http' && url !== undefined && !connected) await slack.connectHttp(url);
    connected = true;
  };

  return {
    slack,
    ops,
    platform: {
      ...platform,
      async start(handlers) {
        await platform.start(handlers);
        await connectHttp();
      },
    },
    room: ops.id,
    ann: add('ann'),
    bob: add('bob'),
    chinese: add('li', { locale: 'zh-CN' }),
    outsiders: [
      { kind: 'guest of several channels', person: add('guest', { isRestricted: true }) },
      { kind: 'guest of one channel', person: add('single', { isUltraRestricted: true }) },
      { kind: 'bot', person: add('robot', { isBot: true }) },
      { kind: 'deactivated account', person: add('former', { deleted: true }) },
      { kind: 'person of another company', person: add('stranger', { isStranger: true }) },
    ],
    can: { edit: true, threads: true, forms: true, recognise: true, ping: true },

    async command(person, text) {
      const delivery = await slack.slash(find(person), ops, '/heapdump', text);
      if (delivery.ackedAt === undefined || delivery.late)
        throw new Error(`not acknowledged: ${delivery.personSaw}`);
    },
    async deliverAgain() {
      const last = slack.deliveries.at(-1);
      if (last === undefined) throw new Error('nothing was delivered yet');
      await slack.redeliver(last);
    },
    async click(person, message, action) {
      const found = stored.get(message);
      if (found === undefined) throw new Error('no such message');
      const delivery = await slack.click(find(person), found, action);
      if (delivery.ackedAt === undefined) throw new Error('click was not acknowledged');
    },
    async answerForm(person, text) {
      const view = await slack.waitForView(find(person));
      await slack.submitView(find(person), view, { text });
    },
    async removeMessage(message) {
      const found = stored.get(message);
      if (found !== undefined) slack.deleteMessage(found);
    },
    group: (name, members) => `slack:group:${slack.addUserGroup(name, members.map(find)).id}`,
    groupThatIsNotThere: 'slack:group:S0NOSUCH',

    inRoom: () =>
      slack.messages(ops).map((message) => {
        const inThread = message.threadTs !== undefined && message.threadTs !== message.ts;
        const seen: RoomMessage = { ...see(message), inThread };
        stored.set(seen, message);
        return seen;
      }),
    privateTo: (person) => [...slack.ephemerals(find(person)), ...slack.direct(find(person))].map(see),
    fetched: () => slack.linkFetches.map(({ url }) => url).filter((url) => url.includes('signature')),

    loseNextPostAnswer: () => slack.faults.next('chat.postMessage', { dropResponseAfterDoing: true }),
    refuseNextPostFor: (seconds) => slack.faults.next('chat.postMessage', { retryAfter: seconds }),
    async cutConnection() {
      slack.faults.cutSockets();
    },
    breakConnecting(times) {
      const method = mode === 'socket' ? 'apps.connections.open' : 'auth.test';
      slack.faults.next(method, ...Array.from({ length: times }, () => ({ status: 503 })));
    },

    async stop() {
      await platform.stop();
      await slack.stop();
    },
  };
}

export const plain = (text: string): Message => ({ tone: 'neutral', title: text, blocks: [], buttons: [] });

/** A call that does not go through the bot, but with its token. */
export async function callSlack(slack: SlackWorkspace, method: string, args: object): Promise<void> {
  const response = await fetch(`${slack.apiUrl}${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${slack.botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  const answer = (await response.json()) as { ok: boolean };
  if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
}
