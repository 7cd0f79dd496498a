/** What people did in Slack, acknowledged already → the port's handlers, and their answers back. */
import type { BlockAction, SlashCommand, ViewSubmitAction } from '@slack/bolt';
import type {
  ActionAnswer,
  ChatHandlers,
  IncomingAction,
  IncomingCommand,
  Language,
} from '../chat-platform.ts';
import { ACTIONS, type Action, type Message } from '../message.ts';
import { askForm, formOrigin, formText } from './ask-form.ts';
import { formTicket } from './forms.ts';
import { unavailableMessage } from './own-words.ts';
import type { People } from './people.ts';
import { encodePlace, encodePrivatePlace, personRef, type SlackPrivatePlace } from './places.ts';
import type { PrivateReply } from './private-reply.ts';
import type { SlackLog } from './slack-log.ts';
import { isTriggerSpent, isTriggerUsed } from './triggers.ts';
import { afterMention, typedText } from './typed-text.ts';
import type { WebCalls } from './web-calls.ts';

/** The part of an `app_mention` that counts. */
export interface Mention {
  readonly user?: string | undefined;
  readonly bot_id?: string | undefined;
  readonly text: string;
  readonly channel: string;
  readonly thread_ts?: string | undefined;
}

export interface ReceptionDeps {
  readonly web: WebCalls;
  readonly people: People;
  readonly privateReply: PrivateReply;
  readonly handlers: () => ChatHandlers;
  readonly botUserId: () => string | undefined;
  /** Of the platform. */
  readonly language: Language;
  readonly now: () => number;
  readonly log: SlackLog;
}

interface Asker {
  readonly user: string;
  readonly from: SlackPrivatePlace;
}

/** Of a command that may be answered with a form, which has to be there within three seconds. */
const FORM_LANGUAGE_MS = 500;
const MAX_REQUEST_ID_CHARS = 200;

export class Reception {
  readonly #deps: ReceptionDeps;
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: ReceptionDeps) {
    this.#deps = deps;
  }

  /** Never rejects, as the others here. */
  command(body: SlashCommand): Promise<void> {
    const from = this.#placeWithUrl({ channel: body.channel_id }, body.response_url);
    return this.#attend({ user: body.user_id, from }, () =>
      this.#tellCommand(body.trigger_id, { user: body.user_id, from }, typedText(body.text), {
        formTicket: formTicket(body.trigger_id, from),
      }),
    );
  }

  mention(eventId: string, event: Mention): Promise<void> {
    const { user } = event;
    if (event.bot_id !== undefined || user === undefined) {
      this.#deps.log.info({ eventId }, 'a bot mentioned this bot, which is ignored');
      return Promise.resolve();
    }
    const from: SlackPrivatePlace = {
      channel: event.channel,
      ...(event.thread_ts === undefined ? {} : { threadTs: event.thread_ts }),
    };
    const text = typedText(afterMention(event.text, this.#deps.botUserId() ?? ''));
    return this.#attend({ user, from }, () => this.#tellCommand(eventId, { user, from }, text));
  }

  click(body: BlockAction): Promise<void> {
    const [element] = body.actions;
    const action = actionOf(element?.action_id);
    const requestId = element?.type === 'button' ? element.value : undefined;
    const place = placeOfClick(body);
    const isOurs =
      action !== undefined && requestId !== undefined && requestId.length <= MAX_REQUEST_ID_CHARS;
    if (!isOurs || place === undefined) {
      this.#deps.log.info({ actionId: element?.action_id }, 'a click on nothing that this bot knows');
      return Promise.resolve();
    }
    const from = this.#placeWithUrl(place, body.response_url);
    const asker = { user: body.user.id, from };
    return this.#attend(asker, async () => {
      const incoming = await this.#incoming(body.trigger_id, asker, action, requestId);
      const answer = await this.#deps.handlers().onAction(incoming);
      if (answer.kind === 'ask') await this.#ask(answer, incoming, asker, body.trigger_id);
      else await this.#say(answer, asker);
    });
  }

  submission(body: ViewSubmitAction): Promise<void> {
    const origin = formOrigin(body.view.private_metadata);
    if (origin === undefined) {
      this.#deps.log.warn({ viewId: body.view.id }, 'a form that this bot did not write was submitted');
      return Promise.resolve();
    }
    const { action, requestId, ...from } = origin;
    const asker = { user: body.user.id, from };
    return this.#attend(asker, async () => {
      // A view is submitted once; what is delivered twice has the same id.
      const incoming = await this.#incoming(body.view.id, asker, action, requestId);
      const text = formText(body.view.state.values);
      await this.#say(await this.#deps.handlers().onAction({ ...incoming, text }), asker);
    });
  }

  /** Resolves when no handler is at work. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #tellCommand(
    id: string,
    { user, from }: Asker,
    text: string,
    more: Pick<IncomingCommand, 'formTicket'> = {},
  ): Promise<void> {
    const { people, handlers, language } = this.#deps;
    const patienceMs = text === '' && more.formTicket !== undefined ? FORM_LANGUAGE_MS : undefined;
    await handlers().onCommand({
      id,
      person: personRef(user),
      text,
      place: encodePlace(from),
      privately: encodePrivatePlace(from),
      language: await people.language(user, language, patienceMs),
      ...more,
    });
  }

  async #incoming(
    id: string,
    { user, from }: Asker,
    action: Action,
    requestId: string,
  ): Promise<IncomingAction> {
    return {
      id,
      person: personRef(user),
      action,
      requestId,
      place: encodePlace(from),
      privately: encodePrivatePlace(from),
      language: await this.#deps.people.language(user, this.#deps.language),
    };
  }

  async #ask(
    ask: Extract<ActionAnswer, { kind: 'ask' }>,
    incoming: IncomingAction,
    asker: Asker,
    triggerId: string,
  ): Promise<void> {
    const { web, log, handlers } = this.#deps;
    const view = askForm(ask, { ...asker.from, action: incoming.action, requestId: incoming.requestId });
    try {
      await web.call('views.open', { trigger_id: triggerId, view }, { again: 'once' });
    } catch (error) {
      if (isTriggerUsed(error)) return;
      if (!isTriggerSpent(error)) throw error;
      log.info({ requestId: incoming.requestId }, 'too late to ask for words, going on without');
      const answer = await handlers().onAction({ ...incoming, id: `${incoming.id}:unasked`, text: '' });
      await this.#say(answer, asker);
    }
  }

  async #say(answer: ActionAnswer, asker: Asker): Promise<void> {
    switch (answer.kind) {
      case 'nothing':
        return;
      case 'reply':
        return this.#tell(asker, answer.message);
      case 'ask':
        // A form follows a click; after a form there is no trigger for another.
        this.#deps.log.warn({}, 'a handler asked for words twice');
        return;
    }
  }

  #attend(asker: Asker, work: () => Promise<void>): Promise<void> {
    const { log, language } = this.#deps;
    const attending = work()
      .catch(async (err: unknown) => {
        log.error({ err }, 'what a person asked for could not be done');
        await this.#tell(asker, unavailableMessage(language));
      })
      .catch((err: unknown) => log.warn({ err }, 'person could not be told'))
      .finally(() => this.#underWay.delete(attending));
    this.#underWay.add(attending);
    return attending;
  }

  #tell({ user, from }: Asker, message: Message): Promise<void> {
    return this.#deps.privateReply.reply(encodePrivatePlace(from), user, message);
  }

  #placeWithUrl(place: SlackPrivatePlace, responseUrl: string | undefined): SlackPrivatePlace {
    return responseUrl === undefined || responseUrl === ''
      ? place
      : { ...place, responseUrl, givenAt: this.#deps.now() };
  }
}

/** `new-link:3` is the third button of its action in a message. */
export function actionOf(actionId: string | undefined): Action | undefined {
  const name = actionId?.split(':')[0];
  return ACTIONS.find((action) => action === name);
}

/** The channel, and the thread where the message stands in one; the message that begins a thread stands in the channel. */
function placeOfClick(body: BlockAction): SlackPrivatePlace | undefined {
  const { container, message } = body;
  const channel = body.channel?.id ?? stringOf(container.channel_id);
  if (channel === undefined) return undefined;
  const ts = stringOf(container.message_ts) ?? message?.ts;
  const threadTs = stringOf(container.thread_ts) ?? stringOf(message?.thread_ts);
  return { channel, ...(threadTs === undefined || threadTs === ts ? {} : { threadTs }) };
}

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
