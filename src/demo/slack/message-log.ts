/** Everything that was ever said in the workspace, as the people in it see it now. */
import type { Block, JsonObject } from './block.ts';
import { linksOf, pingsOf } from './pings-and-links.ts';

export interface MessageMetadata {
  readonly event_type: string;
  readonly event_payload: JsonObject;
}

/** A message at one moment. An update makes a new object; the old one is what an old screen still shows. */
export interface StoredMessage {
  /** The channel's id. */
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | undefined;
  /** A user id. */
  readonly author: string;
  readonly fromBot: boolean;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly attachments: readonly JsonObject[];
  readonly metadata: MessageMetadata | undefined;
  readonly unfurlLinks: boolean | undefined;
  readonly unfurlMedia: boolean | undefined;
  /** The id of the one person who sees it. */
  readonly ephemeralTo: string | undefined;
  /** Slack took it and shows it to nobody. */
  readonly unseen: boolean;
  /** Who would be notified: `channel`, `here`, `everyone`, ids of people and of user groups. */
  readonly pings: readonly string[];
  readonly links: readonly string[];
  readonly edits: number;
  readonly deleted: boolean;
}

export type NewMessage = Pick<StoredMessage, 'channel' | 'author' | 'fromBot' | 'text'> &
  Partial<
    Pick<
      StoredMessage,
      | 'threadTs'
      | 'blocks'
      | 'attachments'
      | 'metadata'
      | 'unfurlLinks'
      | 'unfurlMedia'
      | 'ephemeralTo'
      | 'unseen'
    >
  > & { readonly linkNames?: boolean };

export type MessageChange = Partial<Pick<StoredMessage, 'text' | 'blocks' | 'attachments' | 'metadata'>> & {
  readonly linkNames?: boolean;
};

export type MessageEventKind = 'posted' | 'updated' | 'ephemeral' | 'deleted';

export interface MessageEvent {
  readonly kind: MessageEventKind;
  readonly message: StoredMessage;
  /** What stood there before, for `updated` and `deleted`. */
  readonly before: StoredMessage | undefined;
}

export class MessageLog {
  readonly #now: () => number;
  readonly #messages = new Map<string, StoredMessage>();
  readonly #listeners = new Set<(event: MessageEvent) => void>();
  #lastMicros = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds with six digits, as Slack has it: unique, and in the order of posting. */
  newTs(): string {
    this.#lastMicros = Math.max(this.#lastMicros + 1, Math.floor(this.#now()) * 1000);
    const digits = String(this.#lastMicros).padStart(7, '0');
    return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  }

  post(message: NewMessage): StoredMessage {
    const content = {
      text: message.text,
      blocks: message.blocks ?? [],
      attachments: message.attachments ?? [],
      linkNames: message.linkNames ?? false,
    };
    const stored: StoredMessage = {
      channel: message.channel,
      ts: this.newTs(),
      threadTs: message.threadTs,
      author: message.author,
      fromBot: message.fromBot,
      text: content.text,
      blocks: content.blocks,
      attachments: content.attachments,
      metadata: message.metadata,
      unfurlLinks: message.unfurlLinks,
      unfurlMedia: message.unfurlMedia,
      ephemeralTo: message.ephemeralTo,
      unseen: message.unseen ?? false,
      pings: pingsOf(content),
      links: linksOf(content),
      edits: 0,
      deleted: false,
    };
    this.#put(stored);
    this.#tell({
      kind: stored.ephemeralTo === undefined ? 'posted' : 'ephemeral',
      message: stored,
      before: undefined,
    });
    return stored;
  }

  update(before: StoredMessage, change: MessageChange): StoredMessage {
    const { linkNames, ...rest } = change;
    const changed = { ...before, ...rest };
    const content = { ...changed, linkNames: linkNames ?? false };
    const message = { ...changed, pings: pingsOf(content), links: linksOf(content), edits: before.edits + 1 };
    this.#put(message);
    this.#tell({ kind: 'updated', message, before });
    return message;
  }

  delete(before: StoredMessage): void {
    const message = { ...before, deleted: true };
    this.#put(message);
    this.#tell({ kind: 'deleted', message, before });
  }

  /** @returns the message as it is now, deleted or not */
  find(channel: string, ts: string | undefined): StoredMessage | undefined {
    return this.#messages.get(`${channel}/${ts}`);
  }

  /** Everything that still stands, in the order of posting. */
  all(): StoredMessage[] {
    return [...this.#messages.values()].filter((message) => !message.deleted);
  }

  /** Those that everyone in the channel can read. */
  inChannel(channel: string): StoredMessage[] {
    return this.all().filter((message) => message.channel === channel && message.ephemeralTo === undefined);
  }

  repliesTo(channel: string, ts: string): StoredMessage[] {
    return this.inChannel(channel).filter((message) => message.threadTs === ts && message.ts !== ts);
  }

  /** @returns a function that ends it */
  onMessage(listener: (event: MessageEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(message: StoredMessage): void {
    this.#messages.set(`${message.channel}/${message.ts}`, Object.freeze(message));
  }

  #tell(event: MessageEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
