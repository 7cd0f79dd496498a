/** Forms in Slack: opens them, answers their searches, and hears what is chosen and submitted. */
import type { BlockAction, BlockSuggestion, types, ViewSubmitAction } from '@slack/bolt';
import { z } from 'zod';
import { ChatError, type ChatHandlers, type FormEvent, type Language } from '../chat-platform.ts';
import type { Form, FormChoice, FormTicket, OpenForm } from '../form.ts';
import {
  enteredValues,
  type FormFrame,
  formView,
  keyOf,
  mistakesByBlock,
  readFrame,
  slackOptions,
} from './form-view.ts';
import { unavailableMessage } from './own-words.ts';
import type { People } from './people.ts';
import { encodePlace, encodePrivatePlace, personRef, type SlackPrivatePlace } from './places.ts';
import type { PrivateReply } from './private-reply.ts';
import { SlackFailure } from './slack-failure.ts';
import type { SlackLog } from './slack-log.ts';
import { isTriggerSpent, isTriggerUsed } from './triggers.ts';
import type { WebCalls } from './web-calls.ts';

export interface FormsDeps {
  readonly web: WebCalls;
  readonly people: People;
  readonly privateReply: PrivateReply;
  readonly handlers: () => ChatHandlers;
  /** Of the platform. */
  readonly language: Language;
  readonly log: SlackLog;
}

type Errors = { readonly response_action: 'errors'; readonly errors: Record<string, string> };

/** Slack waits three seconds for an acknowledgement, and this one has to travel. */
const ANSWER_MS = 2600;
/** A language is a matter of an instant here, or the platform's own is used. */
const LANGUAGE_MS = 300;

const openedShape = z.object({ view: z.object({ id: z.string(), hash: z.string() }) });
/** The person has closed it, or it shows something newer. */
const NOTHING_TO_SHOW = new Set(['not_found', 'hash_conflict', 'view_not_found']);

export function formTicket(triggerId: string, from: SlackPrivatePlace): FormTicket {
  return JSON.stringify({ triggerId, from });
}

const ticketShape = z.object({ triggerId: z.string(), from: z.custom<SlackPrivatePlace>() });

export class Forms {
  readonly #deps: FormsDeps;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(deps: FormsDeps) {
    this.#deps = deps;
  }

  /** @throws ChatError 'too-late', and SlackFailure */
  async open(ticket: FormTicket, form: Form): Promise<OpenForm | undefined> {
    const { triggerId, from } = ticketShape.parse(JSON.parse(ticket));
    try {
      const view = formView(form, from);
      const answer = await this.#deps.web.call(
        'views.open',
        { trigger_id: triggerId, view },
        { again: 'once' },
      );
      const { id, hash } = openedShape.parse(answer).view;
      return this.#openForm(id, from, hash);
    } catch (error) {
      if (isTriggerUsed(error)) return undefined;
      if (isTriggerSpent(error)) throw new ChatError('too-late', 'The form came too late', { cause: error });
      throw error;
    }
  }

  /** @param ack to be called once, in time; the others here likewise. Never rejects. */
  suggest(body: BlockSuggestion, ack: (options: types.PlainTextOption[]) => Promise<void>): Promise<void> {
    return this.#attend(async () => {
      const search = this.#searchOf(body);
      const choices = search === undefined ? [] : await inTime(search, [], this.#deps.log);
      await ack(slackOptions(choices));
    });
  }

  change(body: BlockAction): Promise<void> {
    return this.#attend(async () => {
      const { view, user } = body;
      const frame = readFrame(view?.private_metadata ?? '');
      const key = keyOf(body.actions[0]?.action_id ?? '');
      if (view === undefined || frame === undefined || key === undefined) return this.#notOurs();
      const values = enteredValues(view.state?.values);
      // What the person did last counts, whatever was shown meanwhile.
      const form = this.#openForm(view.id, frame.from, undefined);
      const event = await this.#event(user.id, frame);
      await this.#deps.handlers().form?.onChange({ ...event, key, values }, form);
    });
  }

  submit(body: ViewSubmitAction, ack: (errors?: Errors) => Promise<void>): Promise<void> {
    return this.#attend(async () => {
      const { view, user } = body;
      const frame = readFrame(view.private_metadata);
      const { form } = this.#deps.handlers();
      if (frame === undefined || form === undefined) {
        await ack();
        return this.#notOurs();
      }
      const privately = encodePrivatePlace(frame.from);
      const verdict = await this.#event(user.id, frame).then((event) =>
        form.onSubmit({
          ...event,
          // A view is submitted once; what is delivered twice has the same id.
          id: view.id,
          values: enteredValues(view.state.values),
          place: encodePlace(frame.from),
          privately,
        }),
      );
      if (verdict.kind === 'mistakes') {
        await ack({ response_action: 'errors', errors: mistakesByBlock(view.blocks, verdict.mistakes) });
        return;
      }
      await ack();
      await verdict.carryOut().catch(async (err: unknown) => {
        this.#deps.log.error({ err }, 'what a form asked for could not be done');
        await this.#deps.privateReply.reply(privately, user.id, unavailableMessage(this.#deps.language));
      });
    });
  }

  /** Resolves when no handler is at work. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #searchOf(body: BlockSuggestion): Promise<readonly FormChoice[]> | undefined {
    const { view, action_id: actionId, value, user } = body;
    const frame = readFrame(view?.private_metadata ?? '');
    const key = keyOf(actionId);
    const { form: handlers } = this.#deps.handlers();
    if (view === undefined || frame === undefined || key === undefined || handlers === undefined) {
      this.#notOurs();
      return undefined;
    }
    const form = this.#openForm(view.id, frame.from, view.hash);
    return this.#event(user.id, frame).then((event) =>
      handlers.onSearch({ ...event, key, query: value.slice(0, 200) }, form),
    );
  }

  async #event(user: string, { memo }: FormFrame): Promise<FormEvent> {
    const { people, language } = this.#deps;
    return {
      person: personRef(user),
      memo,
      language: await people.language(user, language, LANGUAGE_MS),
    };
  }

  /** @param hash of what is shown; undefined shows the first one whatever is there */
  #openForm(viewId: string, from: SlackPrivatePlace, hash: string | undefined): OpenForm {
    const { web, log } = this.#deps;
    let shown = hash;
    const show = async (form: Form): Promise<void> => {
      const view = formView(form, from);
      const args = { view_id: viewId, view, ...(shown === undefined ? {} : { hash: shown }) };
      try {
        shown = openedShape.parse(await web.call('views.update', args, { again: 'writing' })).view.hash;
      } catch (err) {
        const slackCode = err instanceof SlackFailure ? (err.slackCode ?? '') : '';
        if (NOTHING_TO_SHOW.has(slackCode)) log.debug({ slackCode }, 'form is closed or newer');
        else log.warn({ err }, 'form could not be changed');
      }
    };
    return {
      show: (form) => {
        const showing = show(form);
        this.#keep(showing);
        return showing;
      },
    };
  }

  #notOurs(): void {
    this.#deps.log.warn({}, 'something was done in a form that this bot did not write');
  }

  #attend(work: () => Promise<void>): Promise<void> {
    const attending = work().catch((err: unknown) =>
      this.#deps.log.warn({ err }, 'what a person did in a form was not answered'),
    );
    this.#keep(attending);
    return attending;
  }

  #keep(work: Promise<unknown>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}

/** @returns `otherwise` where it takes too long or fails */
async function inTime<T>(work: Promise<T>, otherwise: T, log: SlackLog): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ANSWER_MS);
  });
  const answer = work.catch((err: unknown) => {
    log.warn({ err }, 'a search in a form could not be answered');
    return otherwise;
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
