/** What a platform's test has to bring for the contract: people, a room, and what they see there. */
import type { ChatPlatform } from '../../src/bot/chat/chat-platform.ts';
import type { Action, PersonRef } from '../../src/bot/chat/message.ts';

export interface WorldPerson {
  readonly ref: PersonRef;
  readonly name: string;
}

/** A message as somebody sees it. */
export interface Seen {
  /** Everything that can be read, in reading order; mentions as `@` and a name or an id. */
  readonly text: string;
  /** Whom the platform notified: people by their ref, groups by theirs, anything wider as it is called there. */
  readonly pings: readonly string[];
  readonly buttons: readonly string[];
}

export interface RoomMessage extends Seen {
  readonly inThread: boolean;
}

export interface ChatWorld {
  /** Not started; with the platform's language `en`. The world stops it at the end if the test has not. */
  readonly platform: ChatPlatform;
  /** The place of the room as the platform calls it, for posts that no command asked for. */
  readonly room: string;
  readonly ann: WorldPerson;
  readonly bob: WorldPerson;
  /** One of each kind that may neither ask nor decide, with a word for the test's title. */
  readonly outsiders: readonly { readonly kind: string; readonly person: WorldPerson }[];
  readonly chinese: WorldPerson;
  readonly can: {
    /** Edit a message in place. */
    readonly edit: boolean;
    readonly threads: boolean;
    readonly forms: boolean;
    /** See that a message was posted already whose answer was lost. */
    readonly recognise: boolean;
    /** Ping people in a message that answers nobody. */
    readonly ping: boolean;
  };

  /** Ann types it in the room, in the platform's way. Resolves when the platform has acknowledged it. */
  command(person: WorldPerson, text: string): Promise<void>;
  /** What was delivered last, once more. */
  deliverAgain(): Promise<void>;
  /** @param message as `inRoom` gave it */
  click(person: WorldPerson, message: RoomMessage, action: Action): Promise<void>;
  /** Fills in the form that is open before the person. */
  answerForm(person: WorldPerson, text: string): Promise<void>;
  removeMessage(message: RoomMessage): Promise<void>;
  /** @returns the group's ref */
  group(name: string, members: readonly WorldPerson[]): string;
  groupThatIsNotThere: string;

  inRoom(): readonly RoomMessage[];
  privateTo(person: WorldPerson): readonly Seen[];
  /** Addresses that the platform fetched for a preview. */
  fetched(): readonly string[];

  /** The next post is done, and its answer is lost. */
  loseNextPostAnswer(): void;
  refuseNextPostFor(seconds: number): void;
  /** Whatever brings payloads is cut, without a word. */
  cutConnection(): Promise<void>;
  /** The next asks of a new connection meet an error. */
  breakConnecting(times: number): void;

  stop(): Promise<void>;
}
