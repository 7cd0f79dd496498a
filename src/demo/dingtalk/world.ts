/** What the stand-in offers to tests and the demo. */
import type { Paint } from '../slack/paint.ts';
import type { Card } from './card.ts';
import type { CardFace, CardTemplate } from './cards.ts';
import type { ChatEvent, ChatMessage } from './chat-log.ts';
import type { Delivery } from './deliveries.ts';
import type { RecordedCall } from './dingtalk-server.ts';
import type { Corp, Group, NewGroup, NewPerson, Person, Role } from './directory.ts';
import type { PathFault } from './faults.ts';
import type { JsonObject } from './json.ts';
import type { DingtalkLimits } from './limits.ts';
import type { Link } from './markdown.ts';
import type { Press, Room, Typed } from './people-side.ts';
import type { StreamConnection } from './stream.ts';
import type { NewWebhookRobot } from './webhook-robots.ts';

export type {
  Card,
  CardFace,
  CardTemplate,
  ChatEvent,
  ChatMessage,
  Corp,
  Delivery,
  DingtalkLimits,
  Group,
  Link,
  PathFault,
  Person,
  Press,
  RecordedCall,
  Role,
  Room,
  StreamConnection,
  Typed,
};

export interface DingtalkOptions {
  readonly corp?: Corp;
  readonly people?: readonly NewPerson[];
  readonly groups?: readonly NewGroup[];
  readonly templates?: readonly CardTemplate[];
  /** What the app may do, as the developer console names it. Default: all that a bot of this kind needs. */
  readonly permissions?: readonly string[];
  readonly limits?: Partial<DingtalkLimits>;
  /** Milliseconds since the epoch, for whatever has a time or expires. Default: real time. */
  readonly now?: () => number;
  /** From 0 to below 1: which of several connections gets a push. */
  readonly random?: () => number;
}

/** A group robot with its signed URL. */
export interface GroupRobot {
  /** With `access_token`, as people copy it from the group's settings. */
  readonly url: string;
  readonly accessToken: string;
  readonly secret: string | undefined;
  readonly name: string;
}

/** A person at their client. */
export interface Client extends Person {
  /** `@robot text` in a group, or just the text to the robot. @returns undefined where the bot is not told */
  type(room: Room, text: string, how?: Typed): Delivery | undefined;
  /** @returns once it was answered, or too late */
  press(message: ChatMessage, actionId: string, how?: Press): Promise<Delivery>;
  /** @param n the first is 0. @returns undefined where the bot is not told */
  tapLink(message: ChatMessage, n?: number): Delivery | undefined;
  links(message: ChatMessage): Link[];
  /** What the one-to-one chat with the robot shows, both sides. */
  single(): ChatMessage[];
  canSee(message: ChatMessage): boolean;
  /** As this person sees it. */
  read(message: ChatMessage, paint?: Paint): string;
  /** What a card shows to this person; undefined for other messages. */
  face(message: ChatMessage): CardFace | undefined;
}

export interface DingtalkFaults {
  /** The next calls of this path meet these faults, one each. `PUT /v1.0/card/instances` names the method as well. */
  next(path: string, ...faults: PathFault[]): void;
  /** How many wait still. */
  left(): number;
}

export interface Dingtalk {
  /** For both hosts, such as `http://127.0.0.1:40000`. */
  readonly baseUrl: string;
  /** Also the robot's code. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly robotCode: string;
  readonly corpId: string;

  addPerson(person: NewPerson): Client;
  addGroup(group: NewGroup): Group;
  addRole(name: string, people: readonly Person[]): Role;
  addTemplate(template: CardTemplate): void;
  addGroupRobot(group: Group, robot?: NewWebhookRobot): GroupRobot;
  /** By staff id. @throws Error when there is none */
  person(id: string): Client;
  /** By conversation id or title. @throws Error when there is none */
  group(id: string): Group;

  /** What a group, or a person's chat with the robot, shows now, in the order of posting. */
  messages(where: Group | Person): ChatMessage[];
  /** The message as it is now; undefined when it was recalled. */
  refresh(message: ChatMessage): ChatMessage | undefined;
  recall(message: ChatMessage): void;
  /** Any message in any chat. Default 20 s. */
  waitForMessage(predicate: (message: ChatMessage) => boolean, timeoutMs?: number): Promise<ChatMessage>;
  /** @returns how to end it */
  onMessage(listener: (event: ChatEvent) => void): () => void;
  cards(): Card[];
  /** The card is gone, with the messages that show it: changing it is refused from now on. */
  removeCard(outTrackId: string): void;
  /** What group robots said. */
  webhookMessages(): ChatMessage[];

  /** The connections that are open. */
  readonly streams: readonly StreamConnection[];
  /** Default 20 s. */
  waitForStreams(count: number, timeoutMs?: number): Promise<void>;
  readonly deliveries: readonly Delivery[];
  /** Resolves when the bot has acknowledged it. Default 20 s. */
  waitForAck(delivery: Delivery, timeoutMs?: number): Promise<Delivery>;
  /** The same frame once more. */
  redeliver(delivery: Delivery): Delivery;
  /** An event of the organisation, such as `user_add_org`. */
  event(eventType: string, payload: JsonObject): Delivery;
  /** Ends every WebSocket without a closing handshake. */
  cutSockets(): void;
  /** Sends `disconnect` to every connection, and closes it after `disconnectGraceMs`. */
  disconnectSockets(): void;
  /** The connections that are open hear and say nothing any more, and stay open. */
  goSilent(): void;
  /** So many of the next WebSocket handshakes fail. */
  refuseSockets(count: number): void;
  /** Sends `ping` now. */
  pingSockets(): void;
  /** Sends this text as it is. */
  sendJunk(text: string): void;

  readonly faults: DingtalkFaults;
  readonly quota: { readonly used: number; limit: number };
  /** Whatever token was given out so far is good no more. */
  endTokens(): void;
  /** Whatever session webhook was given out so far is good no more. */
  endSessionWebhooks(): void;
  readonly calls: readonly RecordedCall[];
  /** @throws Error when the bot called what the stand-in does not know, after everything has ended */
  stop(): Promise<void>;
}
