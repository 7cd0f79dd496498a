/** What this page knows: the server's last snapshot with every change since, and whether the server is there. */
import type { Acted, Change, PageMessage, Role, Snapshot } from '../page-state.ts';

export type Connection = 'connecting' | 'open' | 'stopped';

export interface PageState {
  readonly connection: Connection;
  /** Undefined until the first snapshot. */
  readonly snapshot: Snapshot | undefined;
}

const RETRY_MS = 1000;

export class PageStore {
  #state: PageState = { connection: 'connecting', snapshot: undefined };
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #role: Role;
  readonly #listeners = new Set<() => void>();

  constructor(role: Role) {
    this.#role = role;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): PageState => this.#state;

  /** Also to become somebody else. */
  connect(role: Role = this.#role): void {
    this.#role = role;
    clearTimeout(this.#retry);
    this.#source?.close();
    const source = new EventSource(`/events?as=${role}`);
    this.#source = source;
    source.addEventListener('snapshot', (event) => this.#begin(JSON.parse(event.data)));
    source.addEventListener('change', (event) => this.#change(JSON.parse(event.data)));
    source.addEventListener('error', () => {
      // Browsers differ in when they try again by themselves: not all do after a connection refused.
      source.close();
      this.#set({ connection: this.#state.snapshot === undefined ? 'connecting' : 'stopped' });
      this.#retry = setTimeout(() => this.connect(), RETRY_MS);
    });
  }

  async act(action: { readonly kind: string; readonly [key: string]: unknown }): Promise<Acted> {
    try {
      const response = await fetch('/act', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ as: this.#role, action }),
      });
      return await response.json();
    } catch {
      return { ok: false, problem: 'unanswered' };
    }
  }

  #begin(snapshot: Snapshot): void {
    const before = this.#state.snapshot;
    // Another demo may have another page.
    if (before !== undefined && before.demo !== snapshot.demo) location.reload();
    else this.#set({ connection: 'open', snapshot });
  }

  #change(change: Change): void {
    const { snapshot } = this.#state;
    if (snapshot === undefined) return;
    if (change.kind === 'stopping') this.#set({ connection: 'stopped' });
    else this.#set({ snapshot: changed(snapshot, change) });
  }

  #set(some: Partial<PageState>): void {
    this.#state = { ...this.#state, ...some };
    for (const listener of this.#listeners) listener();
  }
}

function changed(snapshot: Snapshot, change: Exclude<Change, { kind: 'stopping' }>): Snapshot {
  switch (change.kind) {
    case 'message':
      return { ...snapshot, messages: withMessage(snapshot.messages, change.message) };
    case 'deleted':
      return {
        ...snapshot,
        messages: snapshot.messages.filter(
          ({ channel, ts }) => channel !== change.channel || ts !== change.ts,
        ),
      };
    case 'views':
      return { ...snapshot, modal: change.modal, home: change.home };
    case 'people':
      return { ...snapshot, people: change.people };
    case 'behind':
      return { ...snapshot, behind: change.behind };
  }
}

function withMessage(messages: readonly PageMessage[], message: PageMessage): PageMessage[] {
  const at = messages.findIndex(({ channel, ts }) => channel === message.channel && ts === message.ts);
  if (at >= 0) return messages.with(at, message);
  return [...messages, message].sort((a, b) => (a.ts < b.ts ? -1 : 1));
}
