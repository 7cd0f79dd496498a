/**
 * Slack's habit of reading what people link to: https://api.slack.com/robots
 * A one-time link in a message is spent before anybody has seen it, unless both unfurl flags were false.
 */

import type { StoredMessage } from './message-log.ts';
import { imagesOf } from './pings-and-links.ts';

export type Robot = 'Slackbot-LinkExpanding' | 'Slack-ImgProxy';

export interface LinkFetch {
  readonly url: string;
  readonly robot: Robot;
  readonly channel: string;
  readonly ts: string;
  /** Of the answer, where the link was really fetched. */
  status: number | undefined;
}

const FETCH_DEADLINE_MS = 10_000;

export class LinkFetcher {
  readonly fetches: LinkFetch[] = [];
  readonly #really: boolean;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  /** @param really GET the links too, as Slack's robots do */
  constructor(really: boolean) {
    this.#really = really;
  }

  /**
   * @param options.quiet both unfurl flags were false
   * @param options.before the message that this one replaces: its links are known
   */
  see(message: StoredMessage, options: { readonly quiet: boolean; readonly before?: StoredMessage }): void {
    const known = new Set(options.before?.links);
    const links = options.quiet ? [] : message.links.filter((url) => !known.has(url));
    const seen = options.before === undefined ? [] : imagesOf({ ...options.before, linkNames: false });
    const images = imagesOf({ ...message, linkNames: false }).filter((url) => !seen.includes(url));
    for (const url of links) this.#fetch(url, 'Slackbot-LinkExpanding', message);
    for (const url of images) this.#fetch(url, 'Slack-ImgProxy', message);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay);
  }

  #fetch(url: string, robot: Robot, message: StoredMessage): void {
    const record: LinkFetch = { url, robot, channel: message.channel, ts: message.ts, status: undefined };
    this.fetches.push(record);
    if (!this.#really) return;
    const get = this.#get(record).catch(() => undefined);
    this.#underWay.add(get);
    void get.finally(() => this.#underWay.delete(get));
  }

  async #get(record: LinkFetch): Promise<void> {
    const answer = await fetch(record.url, {
      headers: {
        'user-agent': `${record.robot} 1.0 (+https://api.slack.com/robots)`,
        // The robot reads the head of a page, never the whole.
        range: 'bytes=0-32768',
        accept: '*/*',
      },
      signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(FETCH_DEADLINE_MS)]),
    });
    record.status = answer.status;
    await answer.body?.cancel();
  }
}
