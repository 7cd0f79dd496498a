/** Prints what people see, as it happens: each message once, an edited one again only where it says something new. */
import type { ChatEvent, ChatMessage } from './dingtalk/dingtalk.ts';
import type { DingtalkOffice } from './dingtalk-office.ts';
import { messageToText } from './slack/message-to-text.ts';
import type { MessageEvent, SlackWorkspace, StoredMessage } from './slack/slack-workspace.ts';

export interface TranscriptOptions {
  readonly print: (text: string) => void;
  readonly now: () => number;
  /** Before each head, where people talk in more than one place. */
  readonly place?: string;
}

interface Seen {
  /** The same for all states of a message. */
  readonly key: string;
  readonly head: string;
  readonly text: string;
}

/** @returns how to end it */
export function printSlack(slack: SlackWorkspace, options: TranscriptOptions): () => void {
  const transcript = new Transcript(options);
  return slack.onMessage(({ kind, message }: MessageEvent) =>
    transcript.show({
      key: `${message.channel}/${message.ts}`,
      head: slackHead(kind, message, slack),
      text: messageToText(message, slack.nameOf),
    }),
  );
}

export interface RunningTranscript {
  /** What leaves no message: `安然 点按 [同意]`. */
  note(line: string): void;
  end(): void;
}

export function printDingtalk(office: DingtalkOffice, options: TranscriptOptions): RunningTranscript {
  const transcript = new Transcript(options);
  const { dingtalk, developer, reviewer } = office;
  const end = dingtalk.onMessage(({ kind, message }: ChatEvent) => {
    const reader = [developer, reviewer].find((person) => person.canSee(message)) ?? developer;
    transcript.show({
      key: message.id,
      head: dingtalkHead(kind, message, office),
      // It has no width: it keeps words from becoming links.
      text: withNames(reader.read(message).replaceAll('\u2060', ''), message, office),
    });
  });
  return { end, note: (line) => transcript.note(line) };
}

/** Clients show whom a message pings by name. */
function withNames(text: string, { pings }: ChatMessage, { developer, reviewer }: DingtalkOffice): string {
  return [developer, reviewer]
    .filter(({ id }) => pings.includes(id))
    .reduce((shown, { id, name }) => shown.replaceAll(`@${id}`, `@${name}`), text);
}

class Transcript {
  readonly #options: TranscriptOptions;
  readonly #began: number;
  readonly #shown = new Map<string, string[]>();

  constructor(options: TranscriptOptions) {
    this.#options = options;
    this.#began = options.now();
  }

  show({ key, head, text }: Seen): void {
    const lines = text.split('\n');
    const before = this.#shown.get(key) ?? [];
    this.#shown.set(key, lines);
    // The link is a capability: a terminal's scroll-back is no place for it.
    const fresh = lines
      .filter((line) => !before.includes(line))
      .map((line) => line.replace(/\?[^ )]*(signature|Signature)[^ )]*/g, '?…signed…'));
    if (fresh.length === 0) return;
    this.note(head);
    for (const line of fresh) this.#options.print(`         ${line}`);
  }

  note(line: string): void {
    const { print, now, place } = this.#options;
    const seconds = ((now() - this.#began) / 1000).toFixed(1).padStart(5);
    print(`\n${seconds} s  ${place === undefined ? '' : `${place} · `}${line}`);
  }
}

function slackHead(kind: MessageEvent['kind'], message: StoredMessage, slack: SlackWorkspace): string {
  const where = message.threadTs === undefined || message.threadTs === message.ts ? '' : ' in the thread';
  const who = message.fromBot ? 'heapdump-bot' : (slack.nameOf(message.author) ?? message.author);
  switch (kind) {
    case 'posted':
      return `${who}${where}:`;
    case 'updated':
      return `${who}${where}, edited:`;
    case 'ephemeral':
      return `${who}, only to ${slack.nameOf(message.ephemeralTo ?? '') ?? 'one person'}:`;
    case 'deleted':
      return `${who}${where}, deleted:`;
  }
}

function dingtalkHead(kind: ChatEvent['kind'], message: ChatMessage, office: DingtalkOffice): string {
  const { group, developer, reviewer } = office;
  const people = [developer, reviewer];
  const author = people.find(({ id }) => id === message.author);
  const partner = people.find(({ singleChat }) => singleChat === message.conversation);
  const where =
    message.conversation === group.id
      ? `在“${group.title}”群`
      : partner === undefined
        ? '在别处'
        : author === undefined
          ? `单独对${partner.name}`
          : '单独对机器人';
  const who = author?.name ?? message.author;
  const card = message.card === undefined ? '' : '的卡片';
  switch (kind) {
    case 'posted':
      return `${who} ${where}${card}：`;
    case 'updated':
      return `${who} ${where}${card}有了变化：`;
    case 'recalled':
      return `${who} ${where}撤回了：`;
  }
}
