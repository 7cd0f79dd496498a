/** Plays the people of the main job in Slack: a developer asks, a reviewer approves, the developer downloads. */
import { type Download, download, PlayError } from './download.ts';
import { messageToText } from './slack/message-to-text.ts';
import type { Channel, Person, SlackWorkspace, StoredMessage } from './slack/slack-workspace.ts';

export interface Cast {
  readonly channel: Channel;
  readonly developer: Person;
  readonly reviewer: Person;
}

export interface PlayOptions {
  readonly slack: SlackWorkspace;
  readonly cast: Cast;
  readonly command: string;
  /** What the developer types behind the command. */
  readonly text: string;
  /** Where the dump is saved. */
  readonly file: string;
  /** For the dump and its transfer, together. */
  readonly timeoutMs: number;
}

/** @throws PlayError that says in which act it stopped, and what chat said */
export async function play(options: PlayOptions): Promise<Download> {
  const { slack, cast } = options;
  const asked = await slack.slash(cast.developer, cast.channel, options.command, options.text);
  if (asked.personSaw !== undefined) throw new PlayError(`Slack showed the developer: ${asked.personSaw}`);

  const refusal = slack
    .waitForEphemeral(cast.developer, (message) => toneOf(message) === 'bad', options.timeoutMs)
    .then((message): never => {
      throw new PlayError(`The bot answered: ${onOneLine(message, slack)}`);
    });
  refusal.catch(() => undefined);
  const inChannel = (message: StoredMessage): boolean =>
    message.channel === cast.channel.id && message.fromBot;

  const card = await Promise.race([
    refusal,
    slack.waitForMessage((message) => inChannel(message) && hasButton(message, 'Approve'), 60_000),
  ]);
  await slack.click(cast.reviewer, card, ({ text }) => text === 'Approve');

  const result = await Promise.race([
    refusal,
    slack.waitForMessage(
      (message) => inChannel(message) && message.threadTs === card.ts && isResult(message),
      options.timeoutMs,
    ),
  ]);
  const link = result.links.find((url) => url.includes('.hprof'));
  if (link === undefined) throw new PlayError(`The thread ended without a link: ${onOneLine(result, slack)}`);
  return download(link, options.file);
}

const onOneLine = (message: StoredMessage, slack: SlackWorkspace): string =>
  messageToText(message, slack.nameOf).replaceAll(/\s*\n\s*/g, ' · ');

/** Results are the messages in the thread that address the requester and are never edited: those with a link or an end. */
const isResult = (message: StoredMessage): boolean =>
  /is ready|failed|was cancelled|was denied|nobody decided/.test(message.text);

const toneOf = (message: StoredMessage): 'bad' | 'other' =>
  /failed|Not allowed|did not work|Not possible/.test(message.text) ? 'bad' : 'other';

const hasButton = (message: StoredMessage, label: string): boolean =>
  JSON.stringify(message.blocks).includes(`"text":"${label}"`);
