/** The contract's world on the stand-in DingTalk organisation. */
import { vi } from 'vitest';
import type { DingtalkLog } from '../../src/bot/chat/dingtalk/dingtalk-log.ts';
import {
  createDingtalkPlatform,
  type DingtalkDeps,
  type DingtalkOptions,
} from '../../src/bot/chat/dingtalk/dingtalk-platform.ts';
import { guestRef } from '../../src/bot/chat/dingtalk/places.ts';
import { dingtalkWords } from '../../src/bot/chat/dingtalk/words.ts';
import { ACTIONS } from '../../src/bot/chat/message.ts';
import {
  type ChatMessage,
  type Client,
  type Dingtalk,
  type Group,
  plainTemplate,
  startDingtalk,
  type DingtalkOptions as WorldOptions,
} from '../../src/demo/dingtalk/dingtalk.ts';
import type { ChatWorld, RoomMessage, Seen, WorldPerson } from '../contract/chat-world.ts';
import type { LogLine } from './slack-world.ts';

export const TEMPLATE_ID = '6f1c0a2e-heapdump.schema';
export const CREATE = '/v1.0/card/instances/createAndDeliver';
export const CHANGE = 'PUT /v1.0/card/instances';
export const TO_GROUP = '/v1.0/robot/groupMessages/send';
export const TO_PEOPLE = '/v1.0/robot/oToMessages/batchSend';
export const GATEWAY = '/v1.0/gateway/connections/open';

/** A log that can be read; for tests on what is said there and what never is. */
export function recordingLog(lines: LogLine[]): DingtalkLog {
  const to = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  return { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
}

/** What somebody reads: joiners that keep words from becoming links are not seen. */
export const asSeen = (text: string): string => text.replaceAll('\u2060', '');

export function dingtalkOptions(dingtalk: Dingtalk, more: Partial<DingtalkOptions> = {}): DingtalkOptions {
  return {
    clientId: dingtalk.clientId,
    clientSecret: dingtalk.clientSecret,
    corpId: dingtalk.corpId,
    progress: 'coarse',
    language: 'en',
    languages: {},
    timeZone: 'Asia/Shanghai',
    messagesPerMinute: 1000,
    apiUrl: dingtalk.baseUrl,
    oapiUrl: dingtalk.baseUrl,
    ...more,
  };
}

export interface DingtalkWorld extends ChatWorld {
  readonly dingtalk: Dingtalk;
  readonly ops: Group;
  readonly log: readonly LogLine[];
  client(person: WorldPerson): Client;
}

export async function startDingtalkWorld(
  mode: 'cards' | 'words',
  given: {
    readonly world?: WorldOptions;
    readonly options?: Partial<DingtalkOptions>;
    readonly deps?: Partial<DingtalkDeps>;
    /** Before the platform is made, everybody is there. */
    readonly prepare?: (dingtalk: Dingtalk) => void;
  } = {},
): Promise<DingtalkWorld> {
  const dingtalk = await startDingtalk({
    templates: [plainTemplate(TEMPLATE_ID)],
    ...given.world,
    limits: { messagesPerMinute: 'off', callsPerSecond: 'off', ...given.world?.limits },
  });
  const clients = new Map<string, Client>();
  const add = (name: string, more: Partial<Parameters<Dingtalk['addPerson']>[0]> = {}): WorldPerson => {
    const client = dingtalk.addPerson({ name, ...more });
    clients.set(name, client);
    return { name, ref: client.isGuest ? guestRef(client.dingtalkId) : `dingtalk:${client.id}` };
  };
  const client = ({ name }: WorldPerson): Client => {
    const found = clients.get(name);
    if (found === undefined) throw new Error(`nobody is called ${name}`);
    return found;
  };
  const ann = add('ann');
  const bob = add('bob');
  const chinese = add('li');
  const guest = add('guest', { isGuest: true });
  const former = add('former');
  client(former).hasLeft = true;
  const sleeper = add('sleeper', { isActive: false });
  const ops = dingtalk.addGroup({ title: 'ops' });
  given.prepare?.(dingtalk);
  const log: LogLine[] = [];
  const platform = createDingtalkPlatform(
    dingtalkOptions(dingtalk, {
      ...(mode === 'cards' ? { cardTemplateId: TEMPLATE_ID } : {}),
      languages: { [client(chinese).id]: 'zh-CN' },
      ...given.options,
    }),
    { log: recordingLog(log), now: Date.now, ...given.deps },
  );

  const stored = new Map<RoomMessage, ChatMessage>();
  const see = (message: ChatMessage, reader: Client): Seen => {
    const text = asSeen(reader.read(message));
    return {
      text,
      pings: message.pings.map((id) => (id === 'all' ? id : `dingtalk:${id}`)),
      buttons: reader.face(message)?.buttons.map(({ label }) => label) ?? typedActions(text),
    };
  };

  return {
    dingtalk,
    ops,
    log,
    client,
    platform,
    room: JSON.stringify({ group: ops.id }),
    ann,
    bob,
    chinese,
    outsiders: [
      { kind: 'guest', person: guest },
      { kind: 'staff id of another company', person: { name: 'x', ref: `dingtalk:${client(guest).id}` } },
      { kind: 'former member', person: former },
      { kind: 'account that nobody uses', person: sleeper },
    ],
    can: {
      edit: mode === 'cards',
      threads: false,
      forms: false,
      recognise: mode === 'cards',
      ping: mode === 'cards',
    },

    async command(person, text) {
      const delivery = client(person).type(ops, `/heapdump ${text}`);
      await vi.waitFor(() => {
        if (delivery?.ack?.code !== 200) throw new Error('not acknowledged');
      });
    },
    async deliverAgain() {
      const last = dingtalk.deliveries.at(-1);
      if (last === undefined) throw new Error('nothing was delivered yet');
      dingtalk.redeliver(last);
    },
    async click(person, message, action) {
      const found = stored.get(message);
      if (found === undefined) throw new Error('no such message');
      if (mode === 'cards') {
        const delivery = await client(person).press(found, action);
        if (delivery.personSaw !== undefined) throw new Error(`the click ${delivery.personSaw}`);
        return;
      }
      const typed = typedActions(message.text).find((words) =>
        words.startsWith(dingtalkWords.en.actions[action]),
      );
      if (typed === undefined) throw new Error(`no words for ${action}`);
      client(person).type(ops, typed);
    },
    async answerForm() {
      throw new Error('there are no forms');
    },
    async removeMessage(message) {
      const found = stored.get(message);
      if (found === undefined) throw new Error('no such message');
      dingtalk.recall(found);
      dingtalk.faults.next(CHANGE, { status: 400, code: 'param.cardNotExist' });
    },
    group(name, members) {
      const people = members.map(client);
      return name === 'dba'
        ? `dingtalk:group:${dingtalk.addGroup({ title: name, members: people.map(({ id }) => id) }).id}`
        : `dingtalk:group:${dingtalk.addRole(name, people).id}`;
    },
    groupThatIsNotThere: 'dingtalk:group:1500000000',

    inRoom: () =>
      dingtalk
        .messages(ops)
        .filter(({ via }) => via !== 'typed')
        .map((message) => {
          const seen: RoomMessage = { ...see(message, client(ann)), inThread: false };
          stored.set(seen, message);
          return seen;
        }),
    privateTo: (person) =>
      client(person)
        .single()
        .filter(({ via }) => via !== 'typed')
        .map((message) => see(message, client(person))),
    fetched: () => [],

    loseNextPostAnswer: () =>
      dingtalk.faults.next(mode === 'cards' ? CREATE : TO_GROUP, { dropResponseAfterDoing: true }),
    refuseNextPostFor: () =>
      dingtalk.faults.next(mode === 'cards' ? CREATE : TO_GROUP, {
        status: 403,
        code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi',
      }),
    async cutConnection() {
      dingtalk.cutSockets();
    },
    breakConnecting(times) {
      dingtalk.faults.next(GATEWAY, ...Array.from({ length: times }, () => ({ status: 503 })));
    },

    async stop() {
      await platform.stop();
      await dingtalk.stop();
    },
  };
}

/** `approve req00001` and the like, as a message without buttons says them. */
function typedActions(text: string): string[] {
  const words = ACTIONS.map((action) => dingtalkWords.en.actions[action]).join('|');
  const [, listed] =
    new RegExp(`(?:Write to the robot|or send me): ((?:(?:${words}) \\w{8}(?: · )?)+)`).exec(text) ?? [];
  return listed?.split(' · ') ?? [];
}
