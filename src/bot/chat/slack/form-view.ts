/** A neutral form as a modal, and what comes back from it. Pure. https://docs.slack.dev/surfaces/modals */
import { createHash } from 'node:crypto';
import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { Form, FormChoice, FormField } from '../form.ts';
import { onOneLine, shorten } from '../shown-text.ts';
import { plainText } from './blocks.ts';
import { channelIdShape, type SlackPrivatePlace, tsShape } from './places.ts';

export const FORM_VIEW_ID = 'heapdump-form';
/** Of the fields' action ids. */
export const FORM_ACTION = /^form-/;

/** https://docs.slack.dev/reference/views/modal-views and .../block-kit/composition-objects/option-object */
const WORDS_CHARS = 24;
const LABEL_CHARS = 2000;
const PLACEHOLDER_CHARS = 150;
const BUTTON_CHARS = 75;
const NOTICE_CHARS = 2900;
const MOST_CHOICES = 100;
const CHOICE_CHARS = 75;
const ERROR_CHARS = 300;

/** A view knows neither the channel nor the command that it began from. */
export interface FormFrame {
  readonly memo: string;
  readonly from: SlackPrivatePlace;
}

const frameShape = z.strictObject({
  memo: z.string().max(1500),
  channel: channelIdShape,
  threadTs: tsShape.optional(),
  responseUrl: z.url().max(1000).optional(),
  givenAt: z.number().optional(),
});

export function formView(form: Form, from: SlackPrivatePlace): types.ModalView {
  return {
    type: 'modal',
    callback_id: FORM_VIEW_ID,
    private_metadata: JSON.stringify({ memo: form.memo, ...from }),
    title: plainText(form.title, WORDS_CHARS),
    close: plainText(form.cancel, WORDS_CHARS),
    ...(form.submit === undefined ? {} : { submit: plainText(form.submit, WORDS_CHARS) }),
    blocks: form.fields.map(fieldBlock),
  };
}

/** @returns undefined for what this bot did not write */
export function readFrame(privateMetadata: string): FormFrame | undefined {
  try {
    const { memo, channel, threadTs, responseUrl, givenAt } = frameShape.parse(JSON.parse(privateMetadata));
    return {
      memo,
      from: {
        channel,
        ...(threadTs === undefined ? {} : { threadTs }),
        ...(responseUrl === undefined ? {} : { responseUrl }),
        ...(givenAt === undefined ? {} : { givenAt }),
      },
    };
  } catch {
    return undefined;
  }
}

export const slackOption = ({ value, label, note }: FormChoice): types.PlainTextOption => ({
  text: plainText(label, CHOICE_CHARS),
  value,
  ...(note === undefined ? {} : { description: plainText(note, CHOICE_CHARS) }),
});

export const slackOptions = (choices: readonly FormChoice[]): types.PlainTextOption[] =>
  choices.slice(0, MOST_CHOICES).map(slackOption);

const enteredShape = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      value: z.string().nullish(),
      selected_option: z.object({ value: z.string() }).nullish(),
    }),
  ),
);

/** By key; empty for nothing. */
export function enteredValues(state: unknown): Record<string, string> {
  const blocks = enteredShape.safeParse(state);
  if (!blocks.success) return {};
  const fields = Object.values(blocks.data).flatMap((elements) => Object.entries(elements));
  return Object.fromEntries(
    fields.map(([actionId, { value, selected_option }]) => [
      keyOf(actionId) ?? actionId,
      selected_option?.value ?? value ?? '',
    ]),
  );
}

export const keyOf = (actionId: string): string | undefined =>
  FORM_ACTION.test(actionId) ? actionId.replace(FORM_ACTION, '') : undefined;

/** Slack takes errors at input blocks of the view alone; what belongs to none of them is said at the first. */
export function mistakesByBlock(
  blocks: readonly { readonly type: string; readonly block_id?: string }[],
  mistakes: Readonly<Record<string, string>>,
): Record<string, string> {
  const inputs = blocks.filter(({ type }) => type === 'input').flatMap(({ block_id: id }) => id ?? []);
  const blockFor = (key: string) => inputs.find((id) => id.startsWith(`${key} `)) ?? inputs[0];
  return Object.fromEntries(
    Object.entries(mistakes).flatMap(([key, words]) => {
      const block = blockFor(key);
      return block === undefined ? [] : [[block, shorten(words, ERROR_CHARS)]];
    }),
  );
}

function fieldBlock(field: FormField): types.KnownBlock {
  switch (field.kind) {
    case 'notice':
      return {
        type: 'context',
        elements: [
          plainText(`${field.tone === 'warning' ? '⚠️ ' : ''}${onOneLine(field.line)}`, NOTICE_CHARS),
        ],
      };
    case 'button':
      return {
        type: 'actions',
        elements: [
          { type: 'button', action_id: `form-${field.key}`, text: plainText(field.label, BUTTON_CHARS) },
        ],
      };
    case 'search':
    case 'choice':
    case 'text':
      return inputBlock(field);
  }
}

function inputBlock(field: Extract<FormField, { readonly basis: string }>): types.InputBlock {
  const tells = field.kind === 'search' || (field.kind === 'choice' && field.tells);
  return {
    type: 'input',
    // What is in a field stays as long as its ids do.
    block_id: `${field.key} ${createHash('sha256').update(field.basis).digest('base64url').slice(0, 12)}`,
    label: plainText(field.label, LABEL_CHARS),
    element: inputElement(field),
    ...(field.optional === true ? { optional: true } : {}),
    ...(tells ? { dispatch_action: true } : {}),
    ...(field.kind === 'text' && field.hint !== undefined
      ? { hint: plainText(field.hint, LABEL_CHARS) }
      : {}),
  };
}

function inputElement(field: Extract<FormField, { readonly basis: string }>): types.InputBlock['element'] {
  const common = {
    action_id: `form-${field.key}`,
    ...(field.placeholder === undefined
      ? {}
      : { placeholder: plainText(field.placeholder, PLACEHOLDER_CHARS) }),
  };
  switch (field.kind) {
    case 'search':
      return {
        type: 'external_select',
        ...common,
        min_query_length: 0,
        ...(field.chosen === undefined ? {} : { initial_option: slackOption(field.chosen) }),
      };
    case 'choice':
      return {
        type: 'static_select',
        ...common,
        options: slackOptions(field.choices),
        ...(field.chosen === undefined ? {} : { initial_option: slackOption(field.chosen) }),
      };
    case 'text':
      return {
        type: 'plain_text_input',
        ...common,
        max_length: field.maxLength,
        ...(field.multiline === true ? { multiline: true } : {}),
        ...(field.entry === undefined || field.entry === '' ? {} : { initial_value: field.entry }),
      };
  }
}
