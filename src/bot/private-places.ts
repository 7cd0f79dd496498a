/**
 * Where the person who typed a command is answered privately. In memory alone: such a place may hold a capability of the
 * platform, which has no business in Redis. After a restart the answer goes to the person's direct chat instead.
 */
import type { PrivatePlace } from './chat/chat-platform.ts';

const MOST = 10_000;

export class PrivatePlaces {
  readonly #places = new Map<string, PrivatePlace>();

  remember(requestId: string, place: PrivatePlace): void {
    this.#places.set(requestId, place);
    // The oldest goes first: a Map keeps the order in which its keys came.
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= MOST) break;
      this.#places.delete(oldest);
    }
  }

  of(requestId: string): PrivatePlace | undefined {
    return this.#places.get(requestId);
  }
}
