/** What people have entered in the fields of their open views. */
import { type Block, isObject, type JsonObject, listOf } from './block.ts';

/** An element that has a state: an input's, or a menu in a section or among actions. */
export interface Field {
  readonly blockId: string;
  readonly actionId: string;
  readonly element: JsonObject;
  /** May be left empty when the view is submitted. */
  readonly optional: boolean;
  /** The app is told of each choice. */
  readonly dispatches: boolean;
}

export type EnteredValues = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;

export function fieldsIn(blocks: readonly Block[]): Field[] {
  return blocks.flatMap((block) => {
    const isInput = block.type === 'input';
    const elements = isInput ? [block.element] : [block.accessory, ...elementsOf(block)];
    return elements
      .filter(isObject)
      .filter(({ type }) => HAS_STATE.has(String(type)))
      .map((element) => ({
        blockId: String(block.block_id),
        actionId: String(element.action_id),
        element,
        optional: !isInput || block.optional === true,
        dispatches: !isInput || block.dispatch_action === true,
      }));
  });
}

/** @param field a block id or an action id; @throws Error when the view has none such */
export function fieldNamed(blocks: readonly Block[], field: string): Field {
  const fields = fieldsIn(blocks);
  const found = fields.find(({ blockId, actionId }) => blockId === field || actionId === field);
  if (found !== undefined) return found;
  const names = fields.map(({ blockId, actionId }) => `${blockId} (${actionId})`);
  throw new Error(`the view has no field ${field}; it has: ${names.join(', ') || 'none'}`);
}

const HAS_STATE = new Set([
  'plain_text_input',
  'static_select',
  'external_select',
  'users_select',
  'conversations_select',
  'channels_select',
  'radio_buttons',
]);

export class Entries {
  /** By view id, then by block id and action id. */
  readonly #entered = new Map<string, Map<string, JsonObject>>();
  readonly #offered = new Map<string, Map<string, JsonObject>>();

  /**
   * A view is shown. A field whose block id and action id were there before keeps what is in it, whatever the new
   * view's initial value: https://docs.slack.dev/reference/methods/views.update (preserving input entry)
   */
  show(viewId: string, blocks: readonly Block[]): void {
    const before = this.#entered.get(viewId);
    const fields = fieldsIn(blocks).map((field): [string, JsonObject] => {
      const key = keyOf(field);
      return [key, before?.get(key) ?? initialState(field.element)];
    });
    this.#entered.set(viewId, new Map(fields));
  }

  forget(viewId: string): void {
    this.#entered.delete(viewId);
    this.#offered.delete(viewId);
  }

  enter(viewId: string, field: Field, state: JsonObject): void {
    this.#entered.get(viewId)?.set(keyOf(field), state);
  }

  stateOf(viewId: string, field: Field): JsonObject {
    return this.#entered.get(viewId)?.get(keyOf(field)) ?? initialState(field.element);
  }

  /** `state.values` as payloads carry it. */
  values(viewId: string, blocks: readonly Block[]): EnteredValues {
    const values: Record<string, Record<string, JsonObject>> = {};
    for (const field of fieldsIn(blocks)) {
      values[field.blockId] = {
        ...values[field.blockId],
        [field.actionId]: this.stateOf(viewId, field),
      };
    }
    return values;
  }

  /** The app answered a search with these options. */
  offer(viewId: string, field: Field, options: readonly JsonObject[]): void {
    const offered = this.#offered.get(viewId) ?? new Map<string, JsonObject>();
    for (const option of options) offered.set(`${keyOf(field)} ${String(option.value)}`, option);
    this.#offered.set(viewId, offered);
  }

  /** The option that a person can choose: one that the view lists, that a search has shown, or that is chosen already. */
  optionFor(viewId: string, field: Field, value: string): JsonObject | undefined {
    const { element } = field;
    const groups = listOf(element.option_groups).flatMap((group) =>
      isObject(group) ? listOf(group.options) : [],
    );
    const chosen = this.stateOf(viewId, field).selected_option;
    const listed = [...listOf(element.options), ...groups, chosen]
      .filter(isObject)
      .find((option) => option.value === value);
    return listed ?? this.#offered.get(viewId)?.get(`${keyOf(field)} ${value}`);
  }
}

function initialState(element: JsonObject): JsonObject {
  const type = String(element.type);
  if (type === 'plain_text_input') {
    const given = element.initial_value;
    return { type, value: typeof given === 'string' && given !== '' ? given : null };
  }
  return { type, selected_option: element.initial_option ?? null };
}

const elementsOf = (block: Block): readonly unknown[] =>
  block.type === 'actions' ? listOf(block.elements) : [];

const keyOf = ({ blockId, actionId }: Field): string => `${blockId} ${actionId}`;
