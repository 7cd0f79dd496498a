/** What a person has entered in a view. Slack keeps it over an update where block id and action id stay the same. */
import { useEffect, useRef, useState } from 'react';
import type { PageView } from '../page-state.ts';
import { isJson, type Json, listOf, textOf, wordsOf } from './json.ts';
import { usePage } from './page-context.ts';
import type { Words } from './words.ts';

export interface Entry {
  /** Empty for none. */
  readonly value: string;
  /** Of an option. */
  readonly label: string;
}

export interface FormState {
  readonly viewId: string;
  entry(blockId: string, element: Json): Entry;
  /** @param isTold the app hears of it at once */
  enter(blockId: string, element: Json, entry: Entry, isTold: boolean): void;
  /** By block id. */
  readonly errors: Readonly<Record<string, string>>;
}

export interface Form extends FormState {
  /** @returns values by block id; undefined where something has to be corrected first */
  check(): Record<string, string> | undefined;
}

type Entries = Readonly<Record<string, Entry>>;

const NOTHING: Entry = { value: '', label: '' };
const keyOf = (blockId: string, element: Json): string => `${blockId} ${textOf(element.action_id)}`;

export function useForm(view: PageView): Form {
  const { act, words } = usePage();
  const [entries, setEntries] = useState<Entries>({});
  const [own, setOwn] = useState<Readonly<Record<string, string>>>({});
  const latest = useRef<Entries>(entries);
  latest.current = entries;

  // A field that went away and comes back begins anew.
  useEffect(() => {
    const shown = new Set(fieldsOf(view.blocks).map(({ blockId, element }) => keyOf(blockId, element)));
    setEntries((before) => Object.fromEntries(Object.entries(before).filter(([key]) => shown.has(key))));
  }, [view.blocks]);

  const entry = (blockId: string, element: Json): Entry =>
    latest.current[keyOf(blockId, element)] ?? initial(element);

  return {
    viewId: view.id,
    entry,
    errors: { ...view.errors, ...own },
    enter(blockId, element, given, isTold) {
      setEntries((before) => ({ ...before, [keyOf(blockId, element)]: given }));
      setOwn(({ [blockId]: _, ...others }) => others);
      if (isTold) void act({ kind: 'choose', view: view.id, field: blockId, value: given.value });
    },
    check() {
      const found: Record<string, string> = {};
      const values: Record<string, string> = {};
      for (const { blockId, element, optional } of fieldsOf(view.blocks)) {
        const { value } = entry(blockId, element);
        values[blockId] = value;
        const problem = problemOf(element, value, optional, words);
        if (problem !== undefined) found[blockId] = problem;
      }
      setOwn(found);
      return Object.keys(found).length === 0 ? values : undefined;
    },
  };
}

interface Field {
  readonly blockId: string;
  readonly element: Json;
  readonly optional: boolean;
}

const fieldsOf = (blocks: readonly Json[]): Field[] =>
  blocks.flatMap((block) =>
    block.type === 'input' && isJson(block.element)
      ? [{ blockId: textOf(block.block_id), element: block.element, optional: block.optional === true }]
      : [],
  );

function initial(element: Json): Entry {
  if (element.type === 'plain_text_input') return { value: textOf(element.initial_value), label: '' };
  return isJson(element.initial_option) ? entryOf(element.initial_option) : NOTHING;
}

export const entryOf = (option: Json): Entry => ({
  value: textOf(option.value),
  label: wordsOf(option.text),
});

export const optionsOf = (element: Json): Json[] => [
  ...listOf(element.options),
  ...listOf(element.option_groups).flatMap((group) => listOf(group.options)),
];

function problemOf(element: Json, value: string, optional: boolean, words: Words): string | undefined {
  if (value.trim() === '') return optional ? undefined : words.required;
  const { max_length: max, min_length: min } = element;
  if (typeof max === 'number' && value.length > max) return words.tooLong(max);
  if (typeof min === 'number' && value.length < min) return words.tooShort(min);
  return undefined;
}
