/** What the stand-in workspace offers to tests and the demo. */
import type { Delivery } from './deliveries.ts';
import type { SlackLimits } from './desk.ts';
import type { Channel, NewChannel, NewPerson, Person, UserGroup } from './directory.ts';
import type { EnteredValues } from './entries.ts';
import type { MethodFault } from './faults.ts';
import type { LinkFetch } from './link-fetcher.ts';
import type { MessageEvent, StoredMessage } from './message-log.ts';
import type { Suggestions } from './people-in-views.ts';
import type { ButtonChoice } from './people-side.ts';
import type { OpenView } from './views.ts';
import type { RecordedCall } from './web-api.ts';

export type {
  ButtonChoice,
  Channel,
  Delivery,
  LinkFetch,
  MessageEvent,
  MethodFault,
  OpenView,
  Person,
  RecordedCall,
  SlackLimits,
  StoredMessage,
  Suggestions,
  UserGroup,
};

export interface SlackOptions {
  /** Milliseconds since the epoch, for message times, rate limits and whatever expires. Default: real time. */
  readonly now?: () => number;
  readonly scopes?: readonly string[];
  /** Default paid: user groups exist. */
  readonly plan?: 'free' | 'paid';
  /** GET the links in messages, as Slack's robots do; without, they are only recorded. */
  readonly fetchLinks?: boolean;
  readonly limits?: Partial<SlackLimits>;
}

export interface SlackFaults {
  /** The next calls of this method (or `response_url`) meet these faults, one each. */
  next(method: string, ...faults: MethodFault[]): void;
  /** How many wait still. */
  left(): number;
  /** Ends every WebSocket without a closing handshake. */
  cutSockets(): void;
  /** Sends `disconnect` with this reason (`refresh_requested`, `warning`, `link_disabled`, …) to every connection. */
  disconnectSockets(reason: string): void;
}

export interface SlackWorkspace {
  /** `http://127.0.0.1:PORT/api/` */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly teamId: string;
  readonly botUserId: string;

  addChannel(name: string, options?: NewChannel): Channel;
  addPerson(person: NewPerson): Person;
  addUserGroup(handle: string, people: readonly Person[]): UserGroup;
  /** The person's direct channel with the bot. */
  directChannel(person: Person): Channel;

  /**
   * From now on everything goes to this URL, signed, instead of over WebSockets.
   * @throws Error when the URL does not answer Slack's challenge
   */
  connectHttp(requestUrl: string): Promise<void>;
  /** How many WebSockets are open. */
  connections(): number;

  /** As typed: `slash(ann, ops, '/heapdump', 'prod/api')`. @returns once acknowledged, refused or too late */
  slash(
    person: Person,
    channel: Channel,
    command: string,
    text: string,
    options?: { readonly shouldEscape?: boolean },
  ): Promise<Delivery>;
  mention(
    person: Person,
    channel: Channel,
    text: string,
    options?: { readonly threadTs?: string },
  ): Promise<Delivery>;
  /** A message to other people; the bot hears nothing of it. */
  say(
    person: Person,
    channel: Channel,
    text: string,
    options?: { readonly threadTs?: string },
  ): StoredMessage;
  click(person: Person, message: StoredMessage, choice: ButtonChoice): Promise<Delivery>;
  /**
   * Types letters into a menu that asks the app (external_select).
   * @param field block id or action id; @throws Error below its min_query_length
   */
  suggest(person: Person, view: OpenView, field: string, query: string): Promise<Suggestions>;
  /**
   * Chooses in a menu, or types into a field and leaves it.
   * @param value of an option that is on the screen; empty for none. @returns undefined where the app is not told
   */
  choose(person: Person, view: OpenView, field: string, value: string): Promise<Delivery | undefined>;
  /** What stands in the fields now, by block id and action id, as payloads carry it. */
  entered(view: OpenView): EnteredValues;
  /** A button in a modal or on the Home tab. */
  clickInView(person: Person, view: OpenView, choice: ButtonChoice): Promise<Delivery>;
  /** @param values by block id or action id, beside what was chosen before */
  submitView(person: Person, view: OpenView, values: Readonly<Record<string, string>>): Promise<Delivery>;
  closeView(person: Person, view: OpenView): Promise<Delivery | undefined>;
  /** The person opens the app's Home tab (default) or its Messages tab; what is published there is a view of kind `home`. */
  openHome(person: Person, tab?: 'home' | 'messages'): Promise<Delivery>;
  deleteMessage(message: StoredMessage): void;

  /** The name of a person, channel or user group, for `messageToText`. */
  nameOf(id: string): string | undefined;
  /** What the channel shows now: without `threadTs` everything in it, threads included, in the order of posting. */
  messages(channel: Channel, options?: { readonly threadTs?: string }): StoredMessage[];
  /** What only this person sees. */
  ephemerals(person: Person, channel?: Channel): StoredMessage[];
  direct(person: Person): StoredMessage[];
  /** The topmost last. */
  openViews(person: Person): OpenView[];
  /** The message as it is now; undefined when it is gone. */
  refresh(message: StoredMessage): StoredMessage | undefined;
  /** Any message that everyone in its channel, or the person of a direct channel, can read. Default 20 s. */
  waitForMessage(predicate: (message: StoredMessage) => boolean, timeoutMs?: number): Promise<StoredMessage>;
  waitForEphemeral(
    person: Person,
    predicate?: (message: StoredMessage) => boolean,
    timeoutMs?: number,
  ): Promise<StoredMessage>;
  waitForView(person: Person, predicate?: (view: OpenView) => boolean, timeoutMs?: number): Promise<OpenView>;
  /** @returns how to end it */
  onMessage(listener: (event: MessageEvent) => void): () => void;
  /** Each view that is opened, changed or closed. @returns how to end it */
  onView(listener: (view: OpenView) => void): () => void;

  readonly deliveries: readonly Delivery[];
  /** The same payload once more: same event id, same trigger id, another envelope. */
  redeliver(delivery: Delivery): Promise<Delivery>;

  readonly faults: SlackFaults;
  readonly calls: readonly RecordedCall[];
  /** Each URL that Slack's robots went for. */
  readonly linkFetches: readonly LinkFetch[];
  /** @throws Error when the bot called methods that the stand-in does not know, after everything has ended */
  stop(): Promise<void>;
}
