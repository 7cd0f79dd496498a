/** What people do in modals and on the app's Home tab: https://docs.slack.dev/surfaces/modals */
import { buttonsIn, isObject, type JsonObject, type PlacedButton } from './block.ts';
import { checkSuggestions } from './check-suggestions.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import type { Desk } from './desk.ts';
import type { Person } from './directory.ts';
import { type Field, fieldNamed } from './entries.ts';
import { fillIn, optionsOf, stateFor } from './fill-in.ts';
import { eventPayload } from './payloads.ts';
import type { ButtonChoice } from './people-side.ts';
import { suggestionPayload, viewActionPayload, viewPayload } from './view-payloads.ts';
import type { OpenView } from './views.ts';

export interface Suggestions {
  readonly delivery: Delivery;
  /** As the client shows them; undefined where the answer was late or none that Slack takes. */
  readonly options: readonly JsonObject[] | undefined;
}

export class PeopleInViews {
  readonly #desk: Desk;
  readonly #deliveries: Deliveries;

  constructor(desk: Desk, deliveries: Deliveries) {
    this.#desk = desk;
    this.#deliveries = deliveries;
  }

  /** The person goes to the app's Home tab, or to its Messages tab. */
  async openHome(person: Person, tab: 'home' | 'messages'): Promise<Delivery> {
    const { directory, views, messages, now } = this.#desk;
    const home = tab === 'home' ? views.home(person.id) : undefined;
    const event = {
      type: 'app_home_opened',
      user: person.id,
      channel: directory.directChannel(person.id).id,
      event_ts: messages.newTs(),
      tab,
      ...(home === undefined ? {} : { view: views.wire(home) }),
    };
    return this.#deliveries.send('event', eventPayload(directory, event, now(), person.isStranger));
  }

  /** Types letters into a menu that asks the app for its options. */
  async suggest(person: Person, view: OpenView, name: string, query: string): Promise<Suggestions> {
    const current = this.#viewBefore(person, view);
    const field = fieldNamed(current.blocks, name);
    if (field.element.type !== 'external_select') throw new Error(`${name} does not ask the app`);
    const atLeast = Number(field.element.min_query_length ?? DEFAULT_MIN_QUERY);
    if (query.length < atLeast) throw new Error(`${name} asks the app from ${atLeast} characters on`);
    const { directory, views } = this.#desk;
    let options: JsonObject[] | undefined;
    const complaints: string[] = [];
    // The state of the other fields is not in it: https://github.com/slackapi/bolt-js/issues/1146
    const payload = suggestionPayload(directory, person, views.wire(current), field, query);
    const delivery = await this.#deliveries.send('block_suggestion', payload, (body) => {
      complaints.push(...checkSuggestions(body));
      if (complaints.length === 0) options = optionsOf(body);
    });
    if (complaints.length > 0) delivery.personSaw = complaints.join('; ');
    if (options !== undefined) views.entries.offer(current.id, field, options);
    return { delivery, options };
  }

  /** Chooses in a menu, or types and leaves the field. @returns undefined where the app is not told of it */
  async choose(person: Person, view: OpenView, name: string, value: string): Promise<Delivery | undefined> {
    const { views } = this.#desk;
    const current = this.#viewBefore(person, view);
    const field = fieldNamed(current.blocks, name);
    const state = stateFor(current, views.entries, field, value);
    views.entries.enter(current.id, field, state);
    return field.dispatches ? this.#act(person, current, fieldAction(field, state)) : undefined;
  }

  /** Clicks a button in a modal or on the Home tab, and says yes where it asks first. */
  async clickInView(person: Person, view: OpenView, choice: ButtonChoice): Promise<Delivery> {
    const current = this.#viewBefore(person, view);
    const wanted = typeof choice === 'string' ? (button: PlacedButton) => button.actionId === choice : choice;
    const button = buttonsIn(current.blocks).find(wanted);
    if (button === undefined) {
      const names = buttonsIn(current.blocks).map(({ actionId, text }) => `${actionId} [${text}]`);
      throw new Error(`no such button in the view; there are: ${names.join(', ') || 'none'}`);
    }
    const { element, blockId, actionId } = button;
    return this.#act(person, current, {
      type: 'button',
      block_id: blockId,
      action_id: actionId,
      text: element.text,
      ...(button.value === undefined ? {} : { value: button.value }),
      ...(button.url === undefined ? {} : { url: button.url }),
      ...(button.style === undefined ? {} : { style: button.style }),
    });
  }

  /**
   * @param values by block id or action id, beside what was entered before
   * @throws Error for what the client does not let through: a field that is missing or too long
   */
  async submitView(
    person: Person,
    view: OpenView,
    values: Readonly<Record<string, string>>,
  ): Promise<Delivery> {
    const { views, triggers, directory } = this.#desk;
    const current = this.#viewBefore(person, view);
    fillIn(current, views.entries, values);
    const payload = viewPayload(directory, person, views.wire(current), {
      type: 'view_submission',
      triggerId: triggers.issue(person.id),
    });
    return this.#deliveries.send('view_submission', payload, (body) => this.#afterSubmit(current, body));
  }

  /** @returns undefined where the app did not ask to be told */
  async closeView(person: Person, view: OpenView): Promise<Delivery | undefined> {
    const { views, directory } = this.#desk;
    const current = this.#viewBefore(person, view);
    const wire = views.wire(current);
    views.close(current);
    if (!current.notifyOnClose) return undefined;
    return this.#deliveries.send(
      'view_closed',
      viewPayload(directory, person, wire, { type: 'view_closed' }),
    );
  }

  #act(person: Person, view: OpenView, action: JsonObject): Promise<Delivery> {
    const { directory, views, triggers, messages } = this.#desk;
    return this.#deliveries.send(
      'block_actions',
      viewActionPayload(directory, person, views.wire(view), {
        triggerId: triggers.issue(person.id),
        action: { ...action, action_ts: messages.newTs() },
      }),
    );
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
        views.showErrors(view, errorsOf(view, answer.errors));
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
}

const DEFAULT_MIN_QUERY = 3;

function fieldAction({ blockId, actionId, element }: Field, state: JsonObject): JsonObject {
  return {
    type: element.type,
    block_id: blockId,
    action_id: actionId,
    ...('selected_option' in state ? { selected_option: state.selected_option } : { value: state.value }),
  };
}

/** Slack shows an error at an input block and drops the whole answer where one names anything else. */
function errorsOf(view: OpenView, errors: unknown): Record<string, string> {
  if (!isObject(errors)) return {};
  const inputs = new Set(view.blocks.filter(({ type }) => type === 'input').map((block) => block.block_id));
  for (const key of Object.keys(errors)) {
    if (!inputs.has(key)) throw new Error(`the view has no input block ${key} for an error`);
  }
  return Object.fromEntries(Object.entries(errors).map(([key, value]) => [key, String(value)]));
}
