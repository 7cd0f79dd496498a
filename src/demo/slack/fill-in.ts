/** What a client lets through of what a person puts into a form. */
import { isObject, type JsonObject } from './block.ts';
import { type Entries, type Field, fieldNamed, fieldsIn } from './entries.ts';
import type { OpenView } from './views.ts';

const DEFAULT_MAX_LENGTH = 3000;

/**
 * Enters values and checks the whole form.
 * @param values by block id or action id; a select takes the option's value
 * @throws Error for what a client does not send: a required field left empty, a text of the wrong length, an option
 * that is not on the screen
 */
export function fillIn(view: OpenView, entries: Entries, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const field = fieldNamed(view.blocks, name);
    entries.enter(view.id, field, stateFor(view, entries, field, value));
  }
  for (const field of fieldsIn(view.blocks)) {
    const state = entries.stateOf(view.id, field);
    const isEmpty = (state.value ?? state.selected_option ?? null) === null;
    if (isEmpty && !field.optional) throw new Error(`the form asks for ${field.blockId}`);
  }
}

/** @param value empty for nothing; @throws Error */
export function stateFor(view: OpenView, entries: Entries, field: Field, value: string): JsonObject {
  const { element, actionId } = field;
  const type = String(element.type);
  if (type === 'plain_text_input') return textState(element, value);
  if (value === '') return { type, selected_option: null };
  const option = entries.optionFor(view.id, field, value);
  if (option !== undefined) return { type, selected_option: option };
  if (type === 'static_select' || type === 'external_select') {
    throw new Error(`${actionId} does not offer ${value}`);
  }
  return { type, selected_option: { text: { type: 'plain_text', text: value, emoji: true }, value } };
}

function textState(element: JsonObject, value: string): JsonObject {
  const max = Number(element.max_length ?? DEFAULT_MAX_LENGTH);
  const min = Number(element.min_length ?? 0);
  if (value.length > max) throw new Error(`the form takes ${max} characters, not ${value.length}`);
  if (value !== '' && value.length < min) throw new Error(`the form asks for ${min} characters or more`);
  return { type: 'plain_text_input', value: value === '' ? null : value };
}

/** The options of an answer to a search, flat. @returns undefined for what is no such answer */
export function optionsOf(answer: unknown): JsonObject[] | undefined {
  if (!isObject(answer)) return undefined;
  const { options, option_groups: groups } = answer;
  if (Array.isArray(options)) return options.filter(isObject);
  if (!Array.isArray(groups)) return undefined;
  return groups.flatMap((group) => (isObject(group) && Array.isArray(group.options) ? group.options : []));
}
