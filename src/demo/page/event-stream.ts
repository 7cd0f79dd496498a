/** Server-sent events to one page: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { ServerResponse } from 'node:http';
import type { Change, Snapshot } from './page-state.ts';

/** A page that does not read has been closed or sleeps: it begins anew with a snapshot when it is back. */
const MOST_UNREAD_BYTES = 8 * 1024 * 1024;
/** So that a connection that died without a word is noticed on both sides. */
const BEAT_MS = 10_000;

export class EventStream {
  readonly #response: ServerResponse;
  readonly #beat: NodeJS.Timeout;

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response;
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
    this.#beat = setInterval(() => this.#write(': still here\n\n'), BEAT_MS);
    response.once('close', () => clearInterval(this.#beat));
  }

  snapshot(snapshot: Snapshot): void {
    this.#send('snapshot', snapshot);
  }

  change(change: Change): void {
    this.#send('change', change);
  }

  end(): void {
    clearInterval(this.#beat);
    this.#response.end();
  }

  // JSON has no line breaks, which would end the event.
  #send(event: string, what: unknown): void {
    this.#write(`event: ${event}\ndata: ${JSON.stringify(what)}\n\n`);
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (this.#response.writableLength > MOST_UNREAD_BYTES) this.#response.destroy();
    else this.#response.write(text);
  }
}
