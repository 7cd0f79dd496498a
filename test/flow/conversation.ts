/** What people say and see where several requests are told of in one channel. */
import { messageToText } from '../../src/demo/slack/message-to-text.ts';
import type { Person, StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import { isCard, type World } from '../world.ts';

/** For a machine that is busy with other things. */
const PATIENCE_MS = 110_000;
const ENDED = /is ready|failed|was cancelled|was denied|nobody decided/;

export interface Asked {
  readonly id: string;
  readonly card: StoredMessage;
}

/** A message as its reader sees it; people and groups by their ids: `@U012`. */
export const shown = (message: StoredMessage): string => messageToText(message);

/** What only this person is shown because of `act`. */
export async function privately(
  world: World,
  person: Person,
  act: () => Promise<unknown>,
  matches: RegExp = /./,
): Promise<StoredMessage> {
  const before = new Set(world.slack.ephemerals(person).map(({ ts }) => ts));
  await act();
  return world.slack.waitForEphemeral(
    person,
    (message) => !before.has(message.ts) && matches.test(shown(message)),
    PATIENCE_MS,
  );
}

/** The private answer to a typed line, as text. */
export async function answerTo(world: World, text: string, person = world.cast.developer): Promise<string> {
  return shown(await privately(world, person, () => world.type(text, person)));
}

/** Types the line and waits for the card. */
export async function ask(
  world: World,
  text: string = world.target,
  person: Person = world.cast.developer,
): Promise<Asked> {
  const id = await askOnly(world, text, person);
  return { id, card: await cardOf(world, id) };
}

/** @returns the request's id, as the person is told it */
export async function askOnly(world: World, text: string, person = world.cast.developer): Promise<string> {
  const looking = await privately(world, person, () => world.type(text, person), /Looking at/);
  return idIn(looking);
}

export function idIn(message: StoredMessage): string {
  const [, id] = /request ([a-z0-9]{8})\b/i.exec(shown(message)) ?? [];
  if (id === undefined) throw new Error(`names no request: ${shown(message)}`);
  return id;
}

export const cardOf = (world: World, id: string): Promise<StoredMessage> =>
  world.slack.waitForMessage((message) => isCard(message) && isAbout(message, id), PATIENCE_MS);

export const resultOf = (world: World, id: string): Promise<StoredMessage> =>
  world.slack.waitForMessage(
    (message) => message.fromBot && !isCard(message) && ENDED.test(message.text) && isAbout(message, id),
    PATIENCE_MS,
  );

/** The result of a dump that went well. @throws Error with what was said instead, and what was logged */
export async function readyOf(world: World, id: string): Promise<StoredMessage> {
  const result = await resultOf(world, id);
  if (result.text.includes('is ready')) return result;
  const log = world.logLines.filter((line) => line.includes(id) && !line.includes('"level":20'));
  throw new Error(`${shown(result)}\n${log.slice(-6).join('\n')}`);
}

/** The message as it stands now, as text. */
export function now(world: World, message: StoredMessage): string {
  const current = world.slack.refresh(message);
  if (current === undefined) throw new Error(`gone: ${shown(message)}`);
  return shown(current);
}

/** Everything below a card, without the card, as text. */
export const threadOf = (world: World, card: StoredMessage): StoredMessage[] =>
  world.slack
    .messages(world.cast.channel, { threadTs: card.threadTs ?? card.ts })
    .filter(({ ts, fromBot }) => ts !== card.ts && fromBot);

/** Of one request: event and who, in order. */
export async function auditOf(world: World, id: string): Promise<string[]> {
  const entries = await world.audit();
  return entries.filter(({ requestId }) => requestId === id).map(({ event, by }) => `${event} ${by}`);
}

const isAbout = (message: StoredMessage, id: string): boolean => shown(message).includes(`Request ${id}`);
