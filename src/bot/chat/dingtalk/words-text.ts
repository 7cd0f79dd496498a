/**
 * A message where there are no cards: markdown with a steady title, and words to type or to tap in the place of
 * buttons. Pure. https://open.dingtalk.com/document/orgapp/message-link-description
 */
import type { Language } from '../chat-platform.ts';
import type { Button } from '../message.ts';
import { onOneLine, shorten } from '../shown-text.ts';
import { escapeLine, linkTarget } from './escape-markdown.ts';
import { LINE_BREAK, type Rendered } from './markdown.ts';
import { mark } from './places.ts';
import type { Markdown } from './robot-messages.ts';
import { dingtalkWords } from './words.ts';

const TITLE_CHARS = 100;
const LABEL_CHARS = 40;
/** Of what a message that cannot be edited has said: enough that no two of its paragraphs look alike. */
const MARK_CHARS = 6;
const MOST_MARKS = 250;

export interface WordsOptions {
  readonly language: Language;
  /** The request; each message of it has the id in its title, as there are no threads. */
  readonly topic: string | undefined;
  /** single: a tap sends the words as the person who taps. In a group the robot would not hear them. */
  readonly chat: 'group' | 'single';
}

export function wordsText(rendered: Rendered, buttons: readonly Button[], options: WordsOptions): Markdown {
  const { language, topic } = options;
  const title =
    topic === undefined ? rendered.title : `${dingtalkWords[language].request} ${topic} · ${rendered.title}`;
  const parts = [
    `#### ${escapeLine(title)}`,
    ...rendered.paragraphs,
    rendered.progress,
    ...actionLines(buttons, options),
  ];
  return {
    title: shorten(onOneLine(title), TITLE_CHARS) || '…',
    text: parts.filter((part) => part !== '').join('\n\n'),
  };
}

/** What is typed, or tapped, for a button. */
export function actionWords(
  { action, requestId }: Pick<Button, 'action' | 'requestId'>,
  language: Language,
): string {
  return `${dingtalkWords[language].actions[action]} ${requestId}`;
}

function actionLines(buttons: readonly Button[], { language, chat }: WordsOptions): string[] {
  if (buttons.length === 0) return [];
  const words = dingtalkWords[language];
  const typed = buttons.map((button) => escapeLine(actionWords(button, language))).join(' · ');
  if (chat === 'group') return [`${words.write} ${typed}`];
  const links = buttons.map((button) => {
    const label = escapeLine(shorten(onOneLine(button.label), LABEL_CHARS)) || '…';
    return `[${label}](${sendLink(actionWords(button, language))})`;
  });
  return [`${words.tap} ${links.join(' · ')}`, `${words.orType} ${typed}`];
}

/** Sends the words into the chat that the link stands in, as the person who taps it. */
function sendLink(words: string): string {
  return linkTarget(`dtmd://dingtalkclient/sendMessage?content=${encodeURIComponent(words)}`);
}

/** What has been said, so that a later message says the news alone. */
export function marksOf(rendered: Rendered, buttons: readonly Button[]): string[] {
  const lines = rendered.paragraphs.flatMap(linesOf);
  const texts = [titleOf(rendered), ...lines, ...buttons.map(({ action }) => `button ${action}`)];
  return texts.slice(0, MOST_MARKS).map((text) => mark(text, MARK_CHARS));
}

/** @returns what is new since then; undefined where nothing is, or only things went away */
export function newsSince(
  said: readonly string[],
  rendered: Rendered,
  buttons: readonly Button[],
): { readonly rendered: Rendered; readonly buttons: readonly Button[] } | undefined {
  const isNew = (text: string): boolean => !said.includes(mark(text, MARK_CHARS));
  const paragraphs = newLines(said, rendered.paragraphs);
  const hasNewButton = buttons.some(({ action }) => isNew(`button ${action}`));
  if (paragraphs.length === 0 && !hasNewButton && !isNew(titleOf(rendered))) return undefined;
  return { rendered: { ...rendered, paragraphs }, buttons };
}

/**
 * Paragraphs with the lines that were not said yet.
 * @param shown the same paragraphs as others read them, line by line
 */
export function newLines(
  said: readonly string[],
  paragraphs: readonly string[],
  shown: readonly string[] = paragraphs,
): string[] {
  return paragraphs
    .map((paragraph, at) => {
      const others = linesOf(shown[at] ?? '');
      return linesOf(paragraph)
        .map((line, index) => (said.includes(mark(line, MARK_CHARS)) ? undefined : others[index]))
        .filter((line) => line !== undefined)
        .join(LINE_BREAK);
    })
    .filter((paragraph) => paragraph !== '');
}

const linesOf = (paragraph: string): string[] => paragraph.split(LINE_BREAK);

/** Its tone alone is no news: what ended is said by the result. */
const titleOf = ({ title, tone }: Rendered): string => title.slice(tone.length);
