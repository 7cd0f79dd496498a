/** Prints what people see, as it happens: each message once, an edited one again only where it says something new. */
import { messageToText } from './slack/message-to-text.ts';
import type { MessageEvent, SlackWorkspace, StoredMessage } from './slack/slack-workspace.ts';

export interface TranscriptOptions {
  readonly slack: SlackWorkspace;
  readonly print: (text: string) => void;
  readonly now: () => number;
}

/** @returns how to end it */
export function printTranscript({ slack, print, now }: TranscriptOptions): () => void {
  const began = now();
  const shown = new Map<string, string[]>();
  return slack.onMessage((event: MessageEvent) => {
    const { message } = event;
    const lines = messageToText(message, slack.nameOf).split('\n');
    const key = `${message.channel}/${message.ts}`;
    const before = shown.get(key) ?? [];
    shown.set(key, lines);
    // The link is a capability: a terminal's scroll-back is no place for it.
    const fresh = lines
      .filter((line) => !before.includes(line))
      .map((line) => line.replace(/\?[^ )]*(signature|Signature)[^ )]*/g, '?…signed…'));
    if (fresh.length === 0) return;
    const seconds = ((now() - began) / 1000).toFixed(1).padStart(5);
    print(`\n${seconds} s  ${headOf(event.kind, message, slack)}`);
    for (const line of fresh) print(`         ${line}`);
  });
}

function headOf(kind: MessageEvent['kind'], message: StoredMessage, slack: SlackWorkspace): string {
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
