/** What people do in their Slack clients. */
import { Arguments } from './arguments.ts';
import { allBlocks, buttonsIn, isObject, type JsonObject, type PlacedButton } from './block.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import type { Desk } from './desk.ts';
import type { Channel, Person } from './directory.ts';
import { fillIn } from './fill-in.ts';
import type { StoredMessage } from './message-log.ts';
import { clickPayload, eventPayload, slashPayload, viewPayload } from './payloads.ts';
import { Refusal } from './refusal.ts';
import { applyResponse, type ResponseUrls } from './response-urls.ts';
import { typedMarkup } from './typed-text.ts';
import type { OpenView } from './views.ts';

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

  /**
   * @param values by block id or action id
   * @throws Error for what the client does not let through: a field that is missing or too long
   */
  async submitView(
    person: Person,
    view: OpenView,
    values: Readonly<Record<string, string>>,
  ): Promise<Delivery> {
    const { views, triggers, directory } = this.#desk;
    const current = this.#viewBefore(person, view);
    const wire = views.wire(current, fillIn(current.blocks, values));
    const payload = viewPayload(directory, person, wire, {
      type: 'view_submission',
      triggerId: triggers.issue(person.id),
    });
    return this.#deliveries.send('view_submission', payload, (body) => this.#afterSubmit(current, body));
  }

  /** @returns undefined where the app did not ask to be told */
  async closeView(person: Person, view: OpenView): Promise<Delivery | undefined> {
    const { views, directory } = this.#desk;
    const current = this.#viewBefore(person, view);
    views.close(current);
    if (!current.notifyOnClose) return undefined;
    const payload = viewPayload(directory, person, views.wire(current), { type: 'view_closed' });
    return this.#deliveries.send('view_closed', payload);
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

  #viewBefore(person: Person, view: OpenView): OpenView {
    const current = this.#desk.views.find(view.id);
    if (current === undefined || current.personId !== person.id) {
      throw new Error(`${person.name} has no such view open`);
    }
    return current;
  }

  #afterSubmit(view: OpenView, body: unknown): void {
    const { views } = this.#desk;
    const answer: JsonObject = isObject(body) ? body : {};
    switch (answer.response_action) {
      case undefined:
        views.close(view);
        return;
      case 'clear':
        views.closeAll(view.personId);
        return;
      case 'errors':
        views.showErrors(view, errorsOf(answer.errors));
        return;
      case 'update':
        views.replace(view, answer.view);
        return;
      case 'push':
        views.open(view.personId, answer.view, 'modal', view);
        return;
      default:
        throw new Error(`unknown response_action: ${String(answer.response_action)}`);
    }
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

function errorsOf(errors: unknown): Record<string, string> {
  if (!isObject(errors)) return {};
  return Object.fromEntries(Object.entries(errors).map(([key, value]) => [key, String(value)]));
}
