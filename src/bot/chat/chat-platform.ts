/** THE PORT to a chat platform. Every implementation passes test/contract/chat-platform.ts. */
import type { Form, FormChoice, FormTicket, OpenForm } from './form.ts';
import type { HomePage } from './home-page.ts';
import type { Action, Message, PersonRef } from './message.ts';

/** Where messages go: a channel, or a thread in it. Opaque outside the platform's folder, small, and fit for Redis. */
export type Place = string & { readonly __place?: never };
/** Where one person alone reads: opaque as well. May hold a capability with an end, so it is never logged. */
export type PrivatePlace = string & { readonly __privatePlace?: never };
/** A message that was posted. Opaque, fit for Redis. */
export type MessageRef = string & { readonly __messageRef?: never };

export type Language = 'en' | 'zh-CN';

export interface IncomingCommand {
  /** The same for each delivery of one command: what comes twice is dropped by it. */
  readonly id: string;
  readonly person: PersonRef;
  /** Without the command's own name or the mention. */
  readonly text: string;
  /** Where everything about the request is to be said. */
  readonly place: Place;
  readonly privately: PrivatePlace;
  readonly language: Language;
  /** Where a form can be opened as the answer; good for some two seconds. */
  readonly formTicket?: FormTicket;
}

export interface IncomingAction {
  readonly id: string;
  readonly person: PersonRef;
  readonly action: Action;
  readonly requestId: string;
  /** What the person wrote where `ask` was the answer to the first click; empty where they wrote nothing. */
  readonly text?: string;
  /** Both empty for a click on a home page, which is no place: what is said of it is told to the person directly. */
  readonly place: Place;
  readonly privately: PrivatePlace;
  readonly language: Language;
}

export type ActionAnswer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'reply'; readonly message: Message }
  /** Ask for a line of text, then report the same action again with it. Platforms without forms report it with an empty text. */
  | {
      readonly kind: 'ask';
      readonly title: string;
      readonly label: string;
      readonly submit: string;
      readonly cancel: string;
    };

/** What a person did in a form, with who they are by the platform's signed payload. */
export interface FormEvent {
  readonly person: PersonRef;
  readonly language: Language;
  readonly memo: string;
}

export interface FormSearch extends FormEvent {
  readonly key: string;
  /** As typed so far; may be empty. */
  readonly query: string;
}

export interface FormChange extends FormEvent {
  /** The field that was chosen in, or the button. */
  readonly key: string;
  /** By key; empty for nothing. */
  readonly values: Readonly<Record<string, string>>;
}

export interface FormSubmission extends FormEvent {
  /** The same for each delivery of one submission. */
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
  /** Where the form was asked for. */
  readonly place: Place;
  readonly privately: PrivatePlace;
}

export type FormVerdict =
  /** The form closes, and then this is done. */
  | { readonly kind: 'taken'; readonly carryOut: () => Promise<void> }
  /** By key of a field that asks: the form stays open and says so there. */
  | { readonly kind: 'mistakes'; readonly mistakes: Readonly<Record<string, string>> };

/** People wait for each answer: Slack gives three seconds in all. */
export interface FormHandlers {
  onSearch(search: FormSearch, form: OpenForm): Promise<readonly FormChoice[]>;
  onChange(change: FormChange, form: OpenForm): Promise<void>;
  onSubmit(submission: FormSubmission): Promise<FormVerdict>;
}

export interface HomeOpened {
  readonly person: PersonRef;
  readonly language: Language;
  /** Of `older` on the page that the person saw; absent for the newest. */
  readonly behind?: string;
}

export interface ChatHandlers {
  /** The platform has acknowledged already; what is to be said goes through the port. Never throws for what a person did. */
  onCommand(command: IncomingCommand): Promise<void>;
  onAction(action: IncomingAction): Promise<ActionAnswer>;
  /** For platforms that have forms. */
  readonly form?: FormHandlers;
  /** For platforms that have home pages. Never throws. */
  readonly onHomeOpened?: (opened: HomeOpened) => Promise<void>;
}

export interface Standing {
  /** A guest, a bot, a deactivated account or a member of another company: may neither ask nor decide. */
  readonly outsider: boolean;
  readonly language: Language | undefined;
  /** As the platform shows them; of outsiders none is needed. */
  readonly name?: string | undefined;
}

export interface ChatPlatform {
  /** The prefix of its `PersonRef`s. */
  readonly name: string;
  /** What people call it, in each language. */
  readonly title: Readonly<Record<Language, string>>;
  /** What people type before their words: shown to them in examples. */
  readonly command: string;
  /** For messages that many people read. */
  readonly language: Language;

  /** Absent where the platform has none. */
  readonly forms?: {
    /**
     * Opens a form before the person who gave the ticket.
     * @returns undefined where that ticket has opened one already; @throws ChatError, 'too-late' after some seconds
     */
    open(ticket: FormTicket, form: Form): Promise<OpenForm | undefined>;
  };

  /** Absent where the platform has no home pages. */
  readonly home?: {
    /** Stays until another one is shown. @throws ChatError */
    show(person: PersonRef, page: HomePage): Promise<void>;
  };

  /** Resolves when commands can arrive. @throws ChatError 'refused' on credentials that the platform does not take. */
  start(handlers: ChatHandlers): Promise<void>;
  /** Whether what people say arrives now. */
  isConnected(): boolean;
  /** Takes no more commands, lets running handlers end, closes connections. */
  stop(): Promise<void>;

  /**
   * Posts once. `key` names the message for good: with `mayExist` the platform looks for a message with that key
   * first and returns it, since the answer to an earlier post may have been lost.
   * A thread that is gone becomes its channel. @throws ChatError
   */
  post(
    place: Place,
    message: Message,
    options: { readonly key: string; readonly mayExist: boolean },
  ): Promise<MessageRef>;
  /**
   * Shows another message in the place of one; where a platform cannot edit, posts anew.
   * @param overtaken aborts when something newer waits: what was not sent by then need not be, and fails with 'overtaken'
   * @throws ChatError 'message-gone'
   */
  update(ref: MessageRef, message: Message, overtaken?: AbortSignal): Promise<MessageRef>;
  /** The thread below a message; where the platform has none, the place of the message. */
  threadOf(ref: MessageRef): Place;
  /** @param id of a channel or a conversation, as a config names it. @returns undefined for what is no such id */
  placeNamed(id: string): Place | undefined;

  /** Seen by one person. Where `to` has ended or never was, the person's direct chat with the bot. */
  replyPrivately(to: PrivatePlace | undefined, person: PersonRef, message: Message): Promise<void>;

  standing(person: PersonRef): Promise<Standing>;
  /** Which of the groups (`slack:group:S012ABC`) the person is in. Cached for a minute or so. */
  groupsOf(person: PersonRef, groups: readonly string[]): Promise<ReadonlySet<string>>;
}

export type ChatErrorCode =
  | 'message-gone'
  | 'overtaken' // not sent, as its caller lost interest while it waited for its turn
  | 'place-gone' // channel archived or deleted, the bot is not in it
  | 'refused' // credentials or scopes
  | 'rate-limited'
  | 'too-long'
  | 'too-late' // what allowed it has ended
  | 'unreachable'; // it may have arrived: look before saying it again

export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly code: ChatErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ChatErrorCode,
    message: string,
    options: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
