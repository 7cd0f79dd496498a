/** The form that asks for a few words after a click: https://docs.slack.dev/surfaces/modals */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { ActionAnswer } from '../chat-platform.ts';
import { ACTIONS, type Action } from '../message.ts';
import { plainText } from './blocks.ts';
import { channelIdShape, type SlackPrivatePlace, tsShape } from './places.ts';

export const FORM_ID = 'heapdump-ask';
const BLOCK_ID = 'answer';
const INPUT_ID = 'text';

/** https://docs.slack.dev/reference/views/modal-views : title, submit and close; label; input. */
const WORDS_CHARS = 24;
const LABEL_CHARS = 2000;
const INPUT_CHARS = 3000;

/** What the submission has to bring back: a view knows neither the message nor the channel that it began from. */
export interface FormOrigin extends SlackPrivatePlace {
  readonly action: Action;
  readonly requestId: string;
}

const originShape = z.strictObject({
  action: z.enum(ACTIONS),
  requestId: z.string().min(1).max(200),
  channel: channelIdShape,
  threadTs: tsShape.optional(),
  responseUrl: z.url().max(1000).optional(),
  givenAt: z.number().optional(),
});

type Ask = Extract<ActionAnswer, { kind: 'ask' }>;

export const askForm = (ask: Ask, origin: FormOrigin): types.ModalView =>
  askView(ask, FORM_ID, JSON.stringify(origin));

export function askView(ask: Ask, callbackId: string, privateMetadata: string): types.ModalView {
  return {
    type: 'modal',
    callback_id: callbackId,
    private_metadata: privateMetadata,
    title: plainText(ask.title, WORDS_CHARS),
    submit: plainText(ask.submit, WORDS_CHARS),
    close: plainText(ask.cancel, WORDS_CHARS),
    blocks: [
      {
        type: 'input',
        block_id: BLOCK_ID,
        optional: true,
        label: plainText(ask.label, LABEL_CHARS),
        element: { type: 'plain_text_input', action_id: INPUT_ID, multiline: true, max_length: INPUT_CHARS },
      },
    ],
  };
}

/** @returns undefined for what this bot did not write */
export function formOrigin(privateMetadata: string): FormOrigin | undefined {
  try {
    const { action, requestId, channel, threadTs, responseUrl, givenAt } = originShape.parse(
      JSON.parse(privateMetadata),
    );
    return {
      action,
      requestId,
      channel,
      ...(threadTs === undefined ? {} : { threadTs }),
      ...(responseUrl === undefined ? {} : { responseUrl }),
      ...(givenAt === undefined ? {} : { givenAt }),
    };
  } catch {
    return undefined;
  }
}

/** @returns what was written, cut to the input's length; empty where nothing was */
export function formText(
  values: Readonly<Record<string, Readonly<Record<string, { readonly value?: string | null }>>>>,
): string {
  return (values[BLOCK_ID]?.[INPUT_ID]?.value ?? '').slice(0, INPUT_CHARS).trim();
}
