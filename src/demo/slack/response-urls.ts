/**
 * A `response_url` lets an app answer a command or click without a token: five times within half an hour.
 * https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 */
import { randomBytes } from 'node:crypto';
import type { Arguments } from './arguments.ts';
import { isQuiet } from './chat-methods.ts';
import { type Content, readContent } from './content.ts';
import type { Desk } from './desk.ts';
import type { StoredMessage } from './message-log.ts';
import { Refusal } from './refusal.ts';

export interface ResponseSource {
  readonly personId: string;
  readonly channel: string;
  /** The message whose button was clicked. */
  readonly message?: StoredMessage | undefined;
}

export class ResponseUrls {
  readonly #desk: Desk;
  readonly #root: () => string;
  readonly #issued = new Map<string, ResponseSource & { at: number; uses: number }>();

  /** @param root gives the server's address, such as `http://127.0.0.1:40000` */
  constructor(desk: Desk, root: () => string) {
    this.#desk = desk;
    this.#root = root;
  }

  issue(kind: 'commands' | 'actions', source: ResponseSource): string {
    const path = `/${kind}/${this.#desk.directory.teamId}/${randomBytes(12).toString('hex')}`;
    this.#issued.set(path, { ...source, at: this.#desk.now(), uses: 0 });
    return `${this.#root()}${path}`;
  }

  /** @throws Refusal `expired_url`, `used_url`, or what is wrong with the content */
  respond(path: string, args: Arguments): void {
    const source = this.#issued.get(path);
    const { responseUrlMs, responseUrlUses } = this.#desk.limits;
    if (source === undefined || this.#desk.now() - source.at > responseUrlMs)
      throw new Refusal('expired_url');
    if (source.uses >= responseUrlUses) throw new Refusal('used_url');
    source.uses += 1;
    applyResponse(args, source, this.#desk);
  }
}

/** Does what a response says; the same words may come in the acknowledgement of a command. */
export function applyResponse(args: Arguments, source: ResponseSource, desk: Desk): void {
  const original = source.message && desk.messages.find(source.message.channel, source.message.ts);
  if (args.flag('delete_original') === true) {
    if (original === undefined || original.deleted) throw new Refusal('message_not_found');
    desk.messages.delete(original);
    return;
  }
  // Measured by others: identical blocks pass here that chat.postMessage finds too long (bolt-js issue 2867).
  const content = readContent(args, { newId: () => desk.directory.newId('b'), blocksTextChars: undefined });
  if (args.flag('replace_original') === true && original !== undefined) {
    if (original.deleted) throw new Refusal('message_not_found');
    const message = desk.messages.update(original, {
      text: content.text ?? '',
      blocks: content.blocks ?? [],
      attachments: content.attachments ?? [],
      linkNames: content.linkNames,
    });
    const quiet = args.flag('unfurl_links') === false && args.flag('unfurl_media') === false;
    desk.links.see(message, { quiet, before: original });
    return;
  }
  postResponse(args, content, source, desk);
}

function postResponse(args: Arguments, content: Content, source: ResponseSource, desk: Desk): void {
  const message = desk.messages.post({
    channel: source.channel,
    author: desk.directory.botUserId,
    fromBot: true,
    text: content.text ?? '',
    threadTs: args.text('thread_ts'),
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    unfurlLinks: args.flag('unfurl_links'),
    unfurlMedia: args.flag('unfurl_media'),
    ephemeralTo: args.text('response_type') === 'in_channel' ? undefined : source.personId,
    linkNames: content.linkNames,
  });
  desk.links.see(message, { quiet: isQuiet(message) });
}
