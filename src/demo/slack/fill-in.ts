/** Fills in a form and gives the `state.values` that Slack sends for it. */
import { type Block, isObject, type JsonObject } from './block.ts';

const DEFAULT_MAX_LENGTH = 3000;

/**
 * @param values by block id or action id; a select takes the option's value
 * @throws Error for what a client does not send: a required field left empty, a text of the wrong length
 */
export function fillIn(blocks: readonly Block[], values: Readonly<Record<string, string>>): JsonObject {
  const state: Record<string, JsonObject> = {};
  const asked = new Set<string>();
  for (const block of blocks) {
    const element = block.element;
    if (block.type !== 'input' || !isObject(element)) continue;
    const blockId = String(block.block_id);
    const actionId = String(element.action_id);
    asked.add(blockId).add(actionId);
    const value = values[blockId] ?? values[actionId] ?? initialOf(element);
    if (value === '' && block.optional !== true) throw new Error(`the form asks for ${blockId}`);
    state[blockId] = { [actionId]: stateOf(element, value) };
  }
  for (const key of Object.keys(values)) {
    if (!asked.has(key)) throw new Error(`the form has no field ${key}; it has: ${[...asked].join(', ')}`);
  }
  return state;
}

function initialOf(element: JsonObject): string {
  return typeof element.initial_value === 'string' ? element.initial_value : '';
}

function stateOf(element: JsonObject, value: string): JsonObject {
  const type = String(element.type);
  if (type === 'plain_text_input') {
    const max = Number(element.max_length ?? DEFAULT_MAX_LENGTH);
    const min = Number(element.min_length ?? 0);
    if (value.length > max) throw new Error(`the form takes ${max} characters, not ${value.length}`);
    if (value !== '' && value.length < min) throw new Error(`the form asks for ${min} characters or more`);
    return { type, value: value === '' ? null : value };
  }
  return {
    type,
    selected_option: value === '' ? null : { text: { type: 'plain_text', text: value, emoji: true }, value },
  };
}
