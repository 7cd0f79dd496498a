/** What people do in channels with their Slack clients. */
import { Arguments } from './arguments.ts';
import { allBlocks, buttonsIn, isObject, type PlacedButton } from './block.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import type { Desk } from './desk.ts';
import type { Channel, Person } from './directory.ts';
import type { StoredMessage } from './message-log.ts';
import { clickPayload, eventPayload, slashPayload } from './payloads.ts';
import { Refusal } from './refusal.ts';
import { applyResponse, type ResponseUrls } from './response-urls.ts';
import { typedMarkup } from './typed-text.ts';

export type ButtonChoice = string | ((button: PlacedButton) => boolean);

export class PeopleSide {
  readonly #desk: Desk;
  readonly #deliveries: Deliveries;
  readonly #responseUrls: ResponseUrls;

  constructor(desk: Desk, deliveries: Deliveries, responseUrls: ResponseUrls) {
    this.#desk = desk;
    this.#deliveries = deliveries;
    this.#responseUrls = responseUrls;
  }

  /** @param options.shouldEscape the app's manifest asks for names and links as markup in the text */
  async slash(
    person: Person,
    channel: Channel,
    command: string,
    text: string,
    options: { readonly shouldEscape?: boolean } = {},
  ): Promise<Delivery> {
    this.#need('commands');
    const source = { personId: person.id, channel: channel.id };
    const payload = slashPayload(this.#desk.directory, person, channel, {
      command,
      text: options.shouldEscape === true ? typedMarkup(text, this.#desk.directory, true) : text,
      responseUrl: this.#responseUrls.issue('commands', source),
      triggerId: this.#desk.triggers.issue(person.id),
    });
    let refused: string | undefined;
    const delivery = await this.#deliveries.send('slash_commands', payload, (body) => {
      if (!isObject(body)) return;
      try {
        applyResponse(new Arguments(body), source, this.#desk);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused = 'invalid_command_response';
      }
    });
    delivery.personSaw ??= refused;
    return delivery;
  }

  /** A plain message of a person; no payload goes out for it. */
  say(
    person: Person,
    channel: Channel,
    text: string,
    options: { readonly threadTs?: string } = {},
  ): StoredMessage {
    return this.#post(person, channel, typedMarkup(text, this.#desk.directory), options);
  }

  /** @param text as typed, without the mention itself, which comes first */
  async mention(
    person: Person,
    channel: Channel,
    text: string,
    options: { readonly threadTs?: string } = {},
  ): Promise<Delivery> {
    const { directory } = this.#desk;
    this.#need('app_mentions:read');
    if (!channel.botIsIn) throw new Error(`Slack sends no app_mention: the bot is not in #${channel.name}`);
    const words = `<@${directory.botUserId}> ${typedMarkup(text, directory)}`;
    const message = this.#post(person, channel, words, options);
    const event = {
      type: 'app_mention',
      user: person.id,
      ts: message.ts,
      client_msg_id: directory.newId('cm'),
      text: message.text,
      team: person.teamId,
      channel: channel.id,
      event_ts: message.ts,
      ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
      ...(person.isBot ? { bot_id: `B${person.id.slice(1)}` } : {}),
    };
    return this.#deliveries.send(
      'event',
      eventPayload(directory, event, this.#desk.now(), person.isStranger),
    );
  }

  /**
   * Clicks a button, and says yes where it asks first.
   * @param message an old one is a screen that has not been refreshed yet
   * @throws Error when the person cannot see the message or there is no such button on it
   */
  async click(person: Person, message: StoredMessage, choice: ButtonChoice): Promise<Delivery> {
    const { directory, messages } = this.#desk;
    const current = messages.find(message.channel, message.ts);
    const channel = directory.channels.get(message.channel);
    if (current === undefined || channel === undefined) throw new Error(`no message ${message.ts}`);
    if (current.deleted) throw new Error('the message is gone: nobody can click on it');
    if (current.ephemeralTo !== undefined && current.ephemeralTo !== person.id) {
      throw new Error(`${person.name} does not see this message`);
    }
    const button = findButton(current, choice) ?? findButton(message, choice);
    if (button === undefined) throw new Error(`no such button; there are: ${buttonNames(current)}`);
    const source = { personId: person.id, channel: channel.id, message: current };
    return this.#deliveries.send(
      'block_actions',
      clickPayload(directory, messages, {
        person,
        channel,
        message: current,
        button,
        responseUrl: this.#responseUrls.issue('actions', source),
        triggerId: this.#desk.triggers.issue(person.id),
        actionTs: messages.newTs(),
      }),
    );
  }

  #post(
    person: Person,
    channel: Channel,
    markup: string,
    options: { readonly threadTs?: string },
  ): StoredMessage {
    const message = this.#desk.messages.post({
      channel: channel.id,
      author: person.id,
      fromBot: false,
      text: markup,
      threadTs: options.threadTs,
    });
    // What people post is always looked up: no flag of theirs or ours prevents it.
    this.#desk.links.see(message, { quiet: false });
    return message;
  }

  #need(scope: string): void {
    if (!this.#desk.scopes.has(scope))
      throw new Error(`Slack sends nothing: the app lacks the scope ${scope}`);
  }
}

function findButton(message: StoredMessage, choice: ButtonChoice): PlacedButton | undefined {
  const wanted = typeof choice === 'string' ? (button: PlacedButton) => button.actionId === choice : choice;
  return buttonsIn(allBlocks(message.blocks, message.attachments)).find(wanted);
}

function buttonNames(message: StoredMessage): string {
  const buttons = buttonsIn(allBlocks(message.blocks, message.attachments));
  return buttons.map((button) => `${button.actionId} [${button.text}]`).join(', ') || 'none';
}
