/**
 * A neutral message as Block Kit. Pure.
 *
 * Everything that people or pods wrote goes into `rich_text` or `plain_text`, where Slack looks for neither markup nor
 * mentions; `mrkdwn` is used for nothing but mentions and times of our own making. So there is nothing to escape but
 * the fallback `text`, which Slack reads as markup.
 */
import type { types } from '@slack/bolt';
import type { Block, Button, Inline, Line, Message } from '../message.ts';
import { paragraphsOf } from '../message-lines.ts';
import { onOneLine, shorten, TextBudget } from '../shown-text.ts';
import { escapeMarkup } from './escape-markup.ts';
import { groupId, userId } from './places.ts';
import {
  checklistElements,
  DATE_FORMAT,
  fieldElements,
  LABEL_CHARS,
  lineElements,
  quoteElements,
  type RichElement,
  separated,
  timeAsText,
  titleElements,
} from './rich-text.ts';

export interface Rendered {
  /** The fallback for notifications and screen readers; escaped. */
  readonly text: string;
  readonly blocks: types.KnownBlock[];
}

/** https://docs.slack.dev/reference/block-kit/blocks : 50 in a message. */
const MAX_BLOCKS = 50;
/**
 * Slack also limits the texts of all blocks together (`msg_blocks_too_long`) and publishes no number: 9,597 characters
 * were taken and 11,341 refused (bolt-js issue 2867).
 */
const MESSAGE_CHARS = 9000;
const LEAST_TEXT_CHARS = 1500;
const BUTTONS_CHARS = 4000;
/** `text` counts to 4000 at most for chat.update; escaping makes five of one character. */
const FALLBACK_CHARS = 300;
/** https://docs.slack.dev/reference/block-kit/block-elements/button-element and .../confirmation-dialog-object */
const BUTTON = { label: 75, value: 2000, title: 100, text: 300, answer: 30 };
const MAX_BUTTONS = 25;
const CONTEXT_ELEMENTS = 10;

export function renderMessage(message: Message): Rendered {
  const buttonBudget = new TextBudget(BUTTONS_CHARS);
  const actions = renderButtons(message.buttons, buttonBudget);
  const budget = new TextBudget(
    Math.max(LEAST_TEXT_CHARS, MESSAGE_CHARS - fixedChars(message.blocks) - buttonBudget.used),
  );
  const content = [
    section(titleElements(message, budget)),
    ...paragraphsOf(message.blocks).flatMap((group) => renderGroup(group, budget)),
  ].flat();
  const room = MAX_BLOCKS - actions.length;
  return {
    text: escapeMarkup(shorten(onOneLine(message.title), FALLBACK_CHARS)) || '…',
    blocks: [...(content.length <= room ? content : cutBlocks(content, room)), ...actions],
  };
}

export function hasDownload(message: Message): boolean {
  return message.blocks.some(({ kind }) => kind === 'download');
}

function renderGroup(group: readonly Block[], budget: TextBudget): types.KnownBlock[] {
  const [first] = group;
  if (first === undefined) return [];
  switch (first.kind) {
    case 'line':
      return section(
        separated(group.map((block) => (block.kind === 'line' ? lineElements(block.line, budget) : []))),
      );
    case 'fields':
      return section(fieldElements(first.fields, budget));
    case 'checklist':
      return section(checklistElements(first.items, budget));
    case 'quote': {
      const elements = quoteElements(first.text, budget);
      return elements.length === 0
        ? []
        : [{ type: 'rich_text', elements: [{ type: 'rich_text_quote', elements }] }];
    }
    case 'note':
      return renderNote(first.line, budget);
    case 'download':
      // A link and not a button: it can be copied for wget, and a click on it tells us and Slack nothing.
      return section([
        {
          type: 'link',
          url: first.url,
          text: shorten(onOneLine(first.label), LABEL_CHARS),
          style: { bold: true },
        },
      ]);
  }
}

function section(elements: RichElement[]): types.KnownBlock[] {
  if (elements.length === 0) return [];
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }];
}

/** Small print: texts as `plain_text`, and `mrkdwn` where Slack has to show a person or a time. */
function renderNote(line: Line, budget: TextBudget): types.KnownBlock[] {
  const elements: (types.PlainTextElement | types.MrkdwnElement)[] = [];
  for (const inline of line) {
    const markup = markupOf(inline);
    if (markup !== undefined) {
      elements.push({ type: 'mrkdwn', text: markup, verbatim: true });
      continue;
    }
    const before = elements.at(-1);
    const text = textOf(inline);
    if (before?.type === 'plain_text') before.text += text;
    else elements.push({ type: 'plain_text', text, emoji: false });
  }
  if (elements.length > CONTEXT_ELEMENTS) return section(lineElements(line, budget));
  const shown = elements
    .map((element) =>
      element.type === 'mrkdwn' ? element : { ...element, text: budget.take(element.text.trim(), 1000) },
    )
    .filter(({ text }) => text !== '');
  return shown.length === 0 ? [] : [{ type: 'context', elements: shown }];
}

function markupOf(inline: Inline): string | undefined {
  switch (inline.kind) {
    case 'person': {
      const id = userId(inline.person);
      return id === undefined ? undefined : `<@${id}>`;
    }
    case 'group': {
      const id = groupId(inline.group);
      return id === undefined ? undefined : `<!subteam^${id}>`;
    }
    case 'time':
      return `<!date^${Math.floor(inline.at / 1000)}^${DATE_FORMAT}|${timeAsText(inline.at)}>`;
    case 'text':
    case 'code':
      return undefined;
  }
}

function textOf(inline: Inline): string {
  switch (inline.kind) {
    case 'text':
    case 'code':
      return onOneLine(inline.text);
    case 'person':
      return onOneLine(inline.person);
    case 'group':
      return onOneLine(inline.group);
    case 'time':
      return timeAsText(inline.at);
  }
}

/** Labels first: where there are too many words, it is the questions of the last buttons that go. */
function renderButtons(buttons: readonly Button[], budget: TextBudget): types.KnownBlock[] {
  if (buttons.length === 0) return [];
  const seen = new Map<string, number>();
  const labelled = buttons.slice(0, MAX_BUTTONS).map((button) => {
    const count = (seen.get(button.action) ?? 0) + 1;
    seen.set(button.action, count);
    // Ids differ within a block, so that the second button of an action has a number behind it.
    const actionId = count === 1 ? button.action : `${button.action}:${count}`;
    return { button, actionId, label: plainText(button.label, BUTTON.label, budget) };
  });
  return [
    {
      type: 'actions',
      elements: labelled.map(({ button, actionId, label }) => ({
        type: 'button',
        action_id: actionId,
        text: label,
        value: shorten(button.requestId, BUTTON.value),
        ...(button.style === undefined ? {} : { style: button.style }),
        ...(button.confirm === undefined ? {} : { confirm: confirmation(button, button.confirm, budget) }),
      })),
    },
  ];
}

function confirmation(
  { style }: Button,
  confirm: NonNullable<Button['confirm']>,
  budget: TextBudget,
): types.ConfirmationDialog {
  return {
    title: plainText(confirm.title, BUTTON.title, budget),
    text: plainText(confirm.text, BUTTON.text, budget),
    confirm: plainText(confirm.yes, BUTTON.answer, budget),
    deny: plainText(confirm.no, BUTTON.answer, budget),
    ...(style === undefined ? {} : { style }),
  };
}

/** `emoji: false`, so that `:name:` in a text stays what was written. */
export function plainText(
  text: string,
  max: number,
  budget = new TextBudget(Number.POSITIVE_INFINITY),
): types.PlainTextElement {
  return { type: 'plain_text', text: budget.take(onOneLine(text), max) || '…', emoji: false };
}

function cutBlocks(content: types.KnownBlock[], room: number): types.KnownBlock[] {
  return [...content.slice(0, room - 1), ...section([{ type: 'text', text: '…' }])];
}

/** Addresses are never cut: what they take is taken from the texts. */
function fixedChars(blocks: readonly Block[]): number {
  return blocks.reduce(
    (sum, block) => sum + (block.kind === 'download' ? block.url.length + LABEL_CHARS : 0),
    0,
  );
}
