/** Everything that was ever said, as people see it now. */
import { randomBytes } from 'node:crypto';
import type { Card } from './card.ts';

export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'markdown'; readonly title: string; readonly text: string }
  | {
      readonly kind: 'actionCard';
      readonly title: string;
      readonly text: string;
      readonly buttons: readonly { readonly label: string; readonly url: string }[];
    }
  | { readonly kind: 'link'; readonly title: string; readonly text: string; readonly url: string }
  | { readonly kind: 'other'; readonly text: string };

/** How a message came. */
export type Via = 'typed' | 'session-webhook' | 'robot' | 'card' | 'group-webhook';

export interface ChatMessage {
  readonly id: string;
  /** Conversation id of a group or a one-to-one chat. */
  readonly conversation: string;
  /** Staff id of a person; the names of robots. */
  readonly author: string;
  readonly via: Via;
  readonly at: number;
  /** What it says; of a card, what it says to those without private data of their own. */
  readonly content: Content;
  readonly card: Card | undefined;
  /** Who is pinged: staff ids, and `all`. */
  readonly pings: readonly string[];
  readonly processQueryKey: string | undefined;
  readonly recalled: boolean;
}

export type NewMessage = Pick<ChatMessage, 'conversation' | 'author' | 'via' | 'content'> &
  Partial<Pick<ChatMessage, 'card' | 'pings' | 'processQueryKey'>>;

export interface ChatEvent {
  readonly kind: 'posted' | 'updated' | 'recalled';
  readonly message: ChatMessage;
}

export class ChatLog {
  readonly #now: () => number;
  readonly #messages = new Map<string, ChatMessage>();
  readonly #listeners = new Set<(event: ChatEvent) => void>();

  constructor(now: () => number) {
    this.#now = now;
  }

  post(message: NewMessage): ChatMessage {
    const stored: ChatMessage = Object.freeze({
      id: `msg${randomBytes(16).toString('base64')}`,
      at: this.#now(),
      card: undefined,
      pings: [],
      processQueryKey: undefined,
      ...message,
      recalled: false,
    });
    this.#messages.set(stored.id, stored);
    this.#tell({ kind: 'posted', message: stored });
    return stored;
  }

  /** Shows a card's present data wherever it was delivered. */
  showCard(card: Card, content: Content): void {
    for (const message of this.all()) {
      if (message.card?.outTrackId !== card.outTrackId) continue;
      const updated = Object.freeze({ ...message, card, content });
      this.#messages.set(message.id, updated);
      this.#tell({ kind: 'updated', message: updated });
    }
  }

  recall(before: ChatMessage): void {
    const message = Object.freeze({ ...before, recalled: true });
    this.#messages.set(message.id, message);
    this.#tell({ kind: 'recalled', message });
  }

  find(id: string): ChatMessage | undefined {
    return this.#messages.get(id);
  }

  /** Everything that still stands, in the order of posting. */
  all(): ChatMessage[] {
    return [...this.#messages.values()].filter(({ recalled }) => !recalled);
  }

  in(conversation: string): ChatMessage[] {
    return this.all().filter((message) => message.conversation === conversation);
  }

  /** @returns a function that ends it */
  onMessage(listener: (event: ChatEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(event: ChatEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
