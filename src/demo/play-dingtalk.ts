/** Plays the people of the main job in DingTalk: with cards by pressing, without by tapping a link in one's own chat. */
import type { ChatMessage, Client } from './dingtalk/dingtalk.ts';
import type { DingtalkOffice } from './dingtalk-office.ts';
import { type Download, download, PlayError } from './download.ts';

export interface DingtalkPlayOptions {
  readonly office: DingtalkOffice;
  /** What the developer types behind the mention of the robot. */
  readonly text: string;
  /** Where the dump is saved. */
  readonly file: string;
  /** For the dump and its transfer, together. */
  readonly timeoutMs: number;
  /** Is told what a person does that leaves no message. */
  readonly onPress: (person: Client, label: string) => void;
}

const APPROVE = '同意';
const ASKED_MS = 60_000;

/** @throws PlayError that says in which act it stopped, and what chat said */
export async function playDingtalk(options: DingtalkPlayOptions): Promise<Download> {
  const { office, timeoutMs } = options;
  const { dingtalk, group, developer, reviewer } = office;

  // Refusals go to the developer alone.
  const refusal = dingtalk
    .waitForMessage((message) => message.conversation === developer.singleChat && isBad(message), timeoutMs)
    .then((message): never => {
      throw new PlayError(`The bot answered: ${onOneLine(message, developer)}`);
    });
  refusal.catch(() => undefined);

  developer.type(group, options.text);
  await Promise.race([refusal, approve(options)]);

  const result = await Promise.race([
    refusal,
    dingtalk.waitForMessage(
      (message) =>
        message.conversation === group.id &&
        !isOfPerson(message) &&
        (linkIn(message, reviewer) !== undefined || isBad(message)),
      timeoutMs,
    ),
  ]);
  const link = linkIn(result, developer);
  if (link === undefined)
    throw new PlayError(`The request ended without a link: ${onOneLine(result, developer)}`);
  return download(link, options.file);
}

async function approve({ office, onPress }: DingtalkPlayOptions): Promise<void> {
  const { dingtalk, group, reviewer, cardTemplateId } = office;
  if (cardTemplateId === undefined) {
    const approveIn = (message: ChatMessage): number =>
      reviewer.links(message).findIndex(({ label }) => label === APPROVE);
    const asked = await dingtalk.waitForMessage(
      (message) => message.conversation === reviewer.singleChat && approveIn(message) >= 0,
      ASKED_MS,
    );
    onPress(reviewer, APPROVE);
    reviewer.tapLink(asked, approveIn(asked));
    return;
  }
  const buttonIn = (message: ChatMessage) =>
    reviewer.face(message)?.buttons.find(({ label }) => label === APPROVE);
  const card = await dingtalk.waitForMessage(
    (message) => message.conversation === group.id && buttonIn(message) !== undefined,
    ASKED_MS,
  );
  onPress(reviewer, APPROVE);
  const { personSaw } = await reviewer.press(card, buttonIn(card)?.actionId ?? '');
  if (personSaw !== undefined) throw new PlayError(`DingTalk showed the reviewer: ${personSaw}`);
}

const isOfPerson = ({ via }: ChatMessage): boolean => via === 'typed';

/** Failures and refusals begin with it, whoever says them. */
const isBad = (message: ChatMessage): boolean => {
  const { content } = message;
  return !isOfPerson(message) && content.kind === 'markdown' && content.title.includes('⚠️');
};

const linkIn = (message: ChatMessage, reader: Client): string | undefined =>
  reader.links(message).find(({ url }) => url.includes('.hprof'))?.url;

const onOneLine = (message: ChatMessage, reader: Client): string =>
  reader.read(message).replaceAll(/\s*\n\s*/g, ' · ');
