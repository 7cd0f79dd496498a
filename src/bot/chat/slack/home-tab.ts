/**
 * Slack's App Home: shows a person's page, and hears what they do on it. A page is no place where something could be
 * said, so that answers come in a window over it, or as a direct message where the click is too old for one.
 */
import type { BlockAction, types, ViewSubmitAction } from '@slack/bolt';
import { z } from 'zod';
import type { ActionAnswer, ChatHandlers, IncomingAction, Language } from '../chat-platform.ts';
import { ChatError } from '../chat-platform.ts';
import type { HomePage } from '../home-page.ts';
import { ACTIONS, type Action, type Message, type PersonRef } from '../message.ts';
import { askView, formText } from './ask-form.ts';
import { plainText, renderMessage } from './blocks.ts';
import { homeView, NEWEST_ID, OLDER_ID } from './home-view.ts';
import { closeWord, unavailableMessage } from './own-words.ts';
import type { People } from './people.ts';
import { personRef, userId } from './places.ts';
import type { PrivateReply } from './private-reply.ts';
import { actionOf } from './reception.ts';
import type { SlackLog } from './slack-log.ts';
import { isTriggerSpent, isTriggerUsed } from './triggers.ts';
import type { WebCalls } from './web-calls.ts';

export const HOME_ASK_ID = 'heapdump-home-ask';

export interface HomeTabDeps {
  readonly web: WebCalls;
  readonly people: People;
  readonly privateReply: PrivateReply;
  readonly handlers: () => ChatHandlers;
  /** Of the platform. */
  readonly language: Language;
  readonly log: SlackLog;
}

interface Clicker {
  readonly user: string;
  readonly language: Language;
  /** Opens one window within three seconds. */
  readonly triggerId: string | undefined;
}

const askOrigin = z.strictObject({ action: z.enum(ACTIONS), requestId: z.string().min(1).max(200) });
/** https://docs.slack.dev/reference/views/modal-views */
const TITLE_CHARS = 24;
const MAX_VALUE_CHARS = 200;
/** What is clicked here is answered in a window, which has to be there within three seconds. */
const LANGUAGE_MS = 300;

export class HomeTab {
  readonly #deps: HomeTabDeps;
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: HomeTabDeps) {
    this.#deps = deps;
  }

  /** @throws SlackFailure, ChatError */
  async show(person: PersonRef, page: HomePage): Promise<void> {
    const user = userId(person);
    if (user === undefined) throw new ChatError('place-gone', `Not a person in Slack: ${person}`);
    await this.#deps.web.call('views.publish', { user_id: user, view: homeView(page) }, { again: 'reading' });
  }

  /** Never rejects, as the others here. */
  opened(user: string, behind?: string): Promise<void> {
    return this.#attend(async () => {
      const { people, language, handlers } = this.#deps;
      await handlers().onHomeOpened?.({
        person: personRef(user),
        language: await people.language(user, language),
        ...(behind === undefined ? {} : { behind }),
      });
    });
  }

  click(body: BlockAction): Promise<void> {
    const [element] = body.actions;
    const value = element?.type === 'button' ? element.value : undefined;
    const { id: user } = body.user;
    if (element?.action_id === NEWEST_ID) return this.opened(user);
    if (value !== undefined && value.length <= MAX_VALUE_CHARS) {
      if (element?.action_id === OLDER_ID) return this.opened(user, value);
      const action = actionOf(element?.action_id);
      if (action !== undefined) return this.#act(user, body.trigger_id, { action, requestId: value });
    }
    this.#deps.log.info({ actionId: element?.action_id }, 'a click on nothing that this bot knows');
    return Promise.resolve();
  }

  submission(body: ViewSubmitAction): Promise<void> {
    const origin = askOrigin.safeParse(parsed(body.view.private_metadata));
    if (!origin.success) {
      this.#deps.log.warn({ viewId: body.view.id }, 'a form that this bot did not write was submitted');
      return Promise.resolve();
    }
    const text = formText(body.view.state.values);
    // A view is submitted once; what is delivered twice has the same id.
    return this.#act(body.user.id, body.trigger_id, { ...origin.data, id: body.view.id, text });
  }

  /** Resolves when no handler is at work. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #act(
    user: string,
    triggerId: string | undefined,
    act: {
      readonly action: Action;
      readonly requestId: string;
      readonly id?: string;
      readonly text?: string;
    },
  ): Promise<void> {
    const { people, handlers } = this.#deps;
    return this.#attend(async () => {
      const language = await people.language(user, this.#deps.language, LANGUAGE_MS);
      const clicker = { user, language, triggerId };
      const incoming: IncomingAction = {
        id: act.id ?? triggerId ?? '',
        person: personRef(user),
        action: act.action,
        requestId: act.requestId,
        ...(act.text === undefined ? {} : { text: act.text }),
        place: '',
        privately: '',
        language,
      };
      try {
        await this.#answer(await handlers().onAction(incoming), clicker, incoming);
      } catch (err) {
        this.#deps.log.error({ err }, 'what a person asked for could not be done');
        await this.#tell(clicker, unavailableMessage(language));
      }
    });
  }

  async #answer(answer: ActionAnswer, clicker: Clicker, incoming: IncomingAction): Promise<void> {
    switch (answer.kind) {
      case 'nothing':
        return;
      case 'reply':
        return this.#tell(clicker, answer.message);
      case 'ask': {
        const { action, requestId } = incoming;
        if (await this.#open(clicker, askView(answer, HOME_ASK_ID, JSON.stringify({ action, requestId }))))
          return;
        const unasked = { ...incoming, id: `${incoming.id}:unasked`, text: '' };
        const later = await this.#deps.handlers().onAction(unasked);
        if (later.kind === 'reply') await this.#tell({ ...clicker, triggerId: undefined }, later.message);
      }
    }
  }

  async #tell(clicker: Clicker, message: Message): Promise<void> {
    const view: types.ModalView = {
      type: 'modal',
      title: plainText(message.title, TITLE_CHARS),
      close: plainText(closeWord(clicker.language), TITLE_CHARS),
      // What is offered further is offered on the page below.
      blocks: renderMessage({ ...message, buttons: [] }).blocks,
    };
    if (!(await this.#open(clicker, view)))
      await this.#deps.privateReply.reply(undefined, clicker.user, message);
  }

  /** @returns false where it is too late for a window */
  async #open({ triggerId }: Clicker, view: types.ModalView): Promise<boolean> {
    if (triggerId === undefined) return false;
    try {
      await this.#deps.web.call('views.open', { trigger_id: triggerId, view }, { again: 'once' });
      return true;
    } catch (error) {
      // Delivered twice: there is a window already.
      if (isTriggerUsed(error)) return true;
      if (!isTriggerSpent(error)) throw error;
      this.#deps.log.info({}, 'too late for a window');
      return false;
    }
  }

  #attend(work: () => Promise<void>): Promise<void> {
    const attending = work()
      .catch((err: unknown) => this.#deps.log.warn({ err }, 'a home page could not be attended to'))
      .finally(() => this.#underWay.delete(attending));
    this.#underWay.add(attending);
    return attending;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
