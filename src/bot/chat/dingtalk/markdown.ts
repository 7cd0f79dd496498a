/** A neutral message as DingTalk's markdown: https://open.dingtalk.com/document/orgapp/message-type . Pure. */
import type { Language } from '../chat-platform.ts';
import type { Block, CheckState, Inline, Line, Message, PersonRef } from '../message.ts';
import { inlinesIn, paragraphsOf } from '../message-lines.ts';
import { onOneLine, shorten, TextBudget, visible } from '../shown-text.ts';
import { escapeLine, escapeMarkdown, linkTarget } from './escape-markdown.ts';
import { groupId, personRef } from './places.ts';
import { dingtalkWords } from './words.ts';

/** For whom it is written. */
export interface Reader {
  readonly language: Language;
  /** `Asia/Shanghai` */
  readonly timeZone: string;
  /** Markdown that shows who it is. */
  readonly mention: (person: PersonRef) => string;
  /** Of groups: staff ids of those who are in them. */
  readonly members?: ReadonlyMap<string, readonly string[]>;
}

export interface Rendered {
  /** One plain line, for notifications. */
  readonly title: string;
  /** What the title begins with for the tone of the message; may be empty. */
  readonly tone: string;
  /** Markdown, one text a paragraph; lines in it end with `LINE_BREAK`. */
  readonly paragraphs: readonly string[];
  /** All of a message that is nothing but progress, in the place of paragraphs; else empty. */
  readonly progress: string;
}

/**
 * `msgParam` takes 15,000 bytes; a character of these texts becomes three at most, in UTF-8 or by being escaped twice.
 * https://open.dingtalk.com/document/orgapp/the-robot-sends-a-group-message
 */
const MESSAGE_CHARS = 3600;
const TITLE_CHARS = 200;
const TEXT_CHARS = 1500;
const CODE_CHARS = 500;
const LABEL_CHARS = 150;
const QUOTE_CHARS = 1500;
const MOST_NAMED = 5;

/** Two spaces before it, or the clients put both lines into one. */
export const LINE_BREAK = '  \n';

const TONES: Readonly<Record<Message['tone'], string>> = {
  neutral: '',
  waiting: '⏳ ',
  good: '✅ ',
  bad: '⚠️ ',
};

const CHECKS: Readonly<Record<CheckState, string>> = {
  waiting: '⚪',
  running: '▶️',
  finished: '✅',
  failed: '❌',
  cancelled: '🚫',
  skipped: '➖',
};

export function renderMessage(message: Message, reader: Reader): Rendered {
  const budget = new TextBudget(MESSAGE_CHARS);
  const tone = TONES[message.tone];
  const title = tone + budget.take(onOneLine(message.title), TITLE_CHARS);
  const paragraphs = paragraphsOf(message.blocks)
    .map((group) => renderGroup(group, reader, budget))
    .filter((paragraph) => paragraph.trim() !== '');
  return isProgress(message)
    ? { title, tone, paragraphs: [], progress: paragraphs.join('\n\n') }
    : { title, tone, paragraphs, progress: '' };
}

/** A checklist that nobody has to act on: the next one takes its place. */
export function isProgress(message: Message): boolean {
  return message.buttons.length === 0 && message.blocks.some(({ kind }) => kind === 'checklist');
}

/** People and groups that a line names and so calls. Fields and small print name people without calling them. */
export function calledIn(message: Message): { people: PersonRef[]; groups: string[] } {
  const inlines = message.blocks.flatMap((block) => (block.kind === 'line' ? block.line : []));
  return {
    people: unique(inlines.flatMap((inline) => (inline.kind === 'person' ? [inline.person] : []))),
    groups: unique(inlines.flatMap((inline) => (inline.kind === 'group' ? [inline.group] : []))),
  };
}

/** Everybody whose name is shown. */
export function peopleIn(message: Message): PersonRef[] {
  return unique(inlinesIn(message).flatMap((inline) => (inline.kind === 'person' ? [inline.person] : [])));
}

function renderGroup(group: readonly Block[], reader: Reader, budget: TextBudget): string {
  return group.map((block) => renderBlock(block, reader, budget)).join(LINE_BREAK);
}

function renderBlock(block: Block, reader: Reader, budget: TextBudget): string {
  const short = (text: string, max: number) => budget.take(onOneLine(text), max);
  switch (block.kind) {
    case 'line':
    case 'note':
      return renderLine(block.line, reader, budget);
    case 'quote':
      return budget
        .take(visible(block.text).trim(), QUOTE_CHARS)
        .split('\n')
        .map((line) => `> ${escapeMarkdown(line)}`)
        .join(LINE_BREAK);
    case 'fields':
      return block.fields
        .map(({ label, value }) => {
          const shown = short(label, LABEL_CHARS);
          return shown === '' ? '' : `${boldText(shown)}：${renderLine(value, reader, budget)}`;
        })
        .filter((line) => line !== '')
        .join(LINE_BREAK);
    case 'checklist':
      return block.items
        .map(({ state, label, note }) => {
          const shown = escapeLine(short(label, LABEL_CHARS));
          const behind = note === undefined ? '' : ` · ${escapeLine(short(note, 2 * LABEL_CHARS))}`;
          return `${CHECKS[state]} ${shown}${behind}`;
        })
        .join(LINE_BREAK);
    case 'download':
      return `[**${escapeLine(shorten(onOneLine(block.label), LABEL_CHARS))}**](${linkTarget(block.url)})`;
  }
}

function renderLine(line: Line, reader: Reader, budget: TextBudget): string {
  return line.map((inline) => renderInline(inline, reader, budget)).join('');
}

function renderInline(inline: Inline, reader: Reader, budget: TextBudget): string {
  switch (inline.kind) {
    case 'text': {
      const text = budget.take(onOneLine(inline.text), TEXT_CHARS);
      return inline.bold === true ? boldText(text) : escapeMarkdown(text);
    }
    case 'code':
      return escapeMarkdown(budget.take(onOneLine(inline.text), CODE_CHARS));
    case 'person':
      return reader.mention(inline.person);
    case 'group':
      return groupMention(inline.group, reader);
    case 'time':
      return timeText(inline.at, reader);
  }
}

/** Stars do not begin a style before a space, or end it behind one. */
function boldText(text: string): string {
  const [, before = '', inside = '', after = ''] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text) ?? [];
  return inside === '' ? text : `${before}**${escapeMarkdown(inside)}**${after}`;
}

/** DingTalk has no mention of a role: where they are few, those who are in it are named. */
function groupMention(group: string, { members, mention, language }: Reader): string {
  const people = members?.get(group) ?? [];
  return people.length === 0 || people.length > MOST_NAMED
    ? escapeLine(groupText(group, language))
    : people.map((staff) => mention(personRef(staff))).join(' ');
}

function groupText(group: string, language: Language): string {
  const id = groupId(group);
  const words = dingtalkWords[language];
  if (id === undefined) return shorten(onOneLine(group), LABEL_CHARS);
  return 'role' in id ? `${words.role} ${id.role}` : `${words.groupMembers} ${id.conversation.slice(0, 9)}…`;
}

/** By name where it is known; pings nobody. */
export function nameMention(person: PersonRef, names: ReadonlyMap<PersonRef, string>): string {
  const name = names.get(person) ?? person.slice(person.indexOf(':') + 1);
  return `@${escapeLine(shorten(onOneLine(name), LABEL_CHARS))}`;
}

/** DingTalk shows no times in the reader's own zone. */
export function timeText(at: number, { language, timeZone }: Pick<Reader, 'language' | 'timeZone'>): string {
  const parts = new Intl.DateTimeFormat(language, {
    timeZone,
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
  const zone = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'shortOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')?.value;
  return zone === undefined ? parts : `${parts} (${zone})`;
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}
