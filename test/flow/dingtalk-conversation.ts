/** What people say and see in DingTalk, where several requests are told of in one group. */
import type { ChatMessage, Client, Delivery } from '../../src/demo/dingtalk/dingtalk.ts';
import type { DingtalkOffice } from '../../src/demo/dingtalk-office.ts';
import { startWorld, until, type World, type WorldOptions } from '../world.ts';

/** For a machine that is busy with other things. */
const PATIENCE_MS = 110_000;
/** Of a request that ended: ready, failed, cancelled, denied, nobody decided. */
const ENDED = /已就绪|失败|已取消|被拒绝|无人及时审批/;

export interface DingtalkWorld extends World {
  readonly office: DingtalkOffice;
}

export async function startDingtalkWorld(options: WorldOptions = {}): Promise<DingtalkWorld> {
  const world = await startWorld({ chat: 'dingtalk', heapMb: 4, ...options });
  if (world.office === undefined) throw new Error('there is no DingTalk');
  return Object.assign(world, { office: world.office });
}

/** A message as a member of its chat reads it; what has no width is not seen. */
export function shown(world: DingtalkWorld, message: ChatMessage): string {
  const { dingtalk, developer, reviewer } = world.office;
  const reader = [developer, reviewer].find((person) => person.canSee(message)) ?? developer;
  return reader.read(dingtalk.refresh(message) ?? message).replaceAll('\u2060', '');
}

/** What the bot said in the group, oldest first. */
export const inGroup = ({ office }: DingtalkWorld): ChatMessage[] =>
  office.dingtalk.messages(office.group).filter(isOfBot);

export const about = (world: DingtalkWorld, id: string): ChatMessage[] =>
  inGroup(world).filter((message) => shown(world, message).includes(id));

/** What the bot says to this person alone because of `act`. */
export async function privately(
  world: DingtalkWorld,
  person: Client,
  act: () => unknown,
  matches: RegExp = /./,
): Promise<ChatMessage> {
  const before = new Set(person.single().map(({ id }) => id));
  await act();
  return world.office.dingtalk.waitForMessage(
    (message) =>
      message.conversation === person.singleChat &&
      isOfBot(message) &&
      !before.has(message.id) &&
      matches.test(person.read(message)),
    PATIENCE_MS,
  );
}

/** The private answer to a line that was typed in the group, as text. */
export async function answerTo(world: DingtalkWorld, text: string, person?: Client): Promise<string> {
  const who = person ?? world.office.developer;
  return who
    .read(await privately(world, who, () => who.type(world.office.group, `/heapdump ${text}`)))
    .replaceAll('\u2060', '');
}

/** Types the line in the group. @returns the request's id, as the person is told it */
export async function askOnly(world: DingtalkWorld, text = world.target, person?: Client): Promise<string> {
  const who = person ?? world.office.developer;
  const looking = await privately(
    world,
    who,
    () => who.type(world.office.group, `/heapdump ${text}`),
    /正在查看/,
  );
  const [, id] = /申请 ([a-z0-9]{8})/.exec(who.read(looking)) ?? [];
  if (id === undefined) throw new Error(`names no request: ${who.read(looking)}`);
  return id;
}

export interface Asked {
  readonly id: string;
  /** With buttons, or with words to type in their place. */
  readonly card: ChatMessage;
}

/** Types the line and waits for what the reviewers are asked. */
export async function ask(world: DingtalkWorld, text = world.target, person?: Client): Promise<Asked> {
  const id = await askOnly(world, text, person);
  return { id, card: await cardOf(world, id) };
}

export const cardOf = (world: DingtalkWorld, id: string): Promise<ChatMessage> =>
  waitInGroup(world, (text) => text.includes(id) && text.includes('的堆转储申请'));

export const resultOf = (world: DingtalkWorld, id: string): Promise<ChatMessage> =>
  waitInGroup(world, (text) => text.includes(id) && ENDED.test(text));

/** The result of a dump that went well. @throws Error with what was said instead, and what was logged */
export async function readyOf(world: DingtalkWorld, id: string): Promise<ChatMessage> {
  const result = await resultOf(world, id);
  if (shown(world, result).includes('已就绪')) return result;
  const log = world.logLines.filter((line) => line.includes(id) && !line.includes('"level":20'));
  throw new Error(`${shown(world, result)}\n${log.slice(-6).join('\n')}`);
}

export function waitInGroup(world: DingtalkWorld, matches: (text: string) => boolean): Promise<ChatMessage> {
  const { dingtalk, group } = world.office;
  return dingtalk.waitForMessage(
    (message) => message.conversation === group.id && isOfBot(message) && matches(shown(world, message)),
    PATIENCE_MS,
  );
}

export async function press(
  world: DingtalkWorld,
  person: Client,
  card: ChatMessage,
  label: string,
): Promise<Delivery> {
  const current = world.office.dingtalk.refresh(card) ?? card;
  const button = person.face(current)?.buttons.find((each) => each.label === label);
  if (button?.actionId === undefined) throw new Error(`no button ${label} in ${shown(world, card)}`);
  const delivery = await person.press(current, button.actionId);
  if (delivery.personSaw !== undefined) throw new Error(`the press ${delivery.personSaw}`);
  return delivery;
}

export const buttonsOf = (world: DingtalkWorld, card: ChatMessage): string[] => {
  const { dingtalk, reviewer } = world.office;
  return reviewer.face(dingtalk.refresh(card) ?? card)?.buttons.map(({ label }) => label) ?? [];
};

/** Taps the link with this label in a message of the person's own chat. */
export function tap(person: Client, message: ChatMessage, label: string): void {
  const at = person.links(message).findIndex((link) => link.label === label);
  if (at < 0) throw new Error(`no link ${label} in ${person.read(message)}`);
  person.tapLink(message, at);
}

export function linkOf(world: DingtalkWorld, message: ChatMessage): string {
  const link = world.office.developer.links(message).find(({ url }) => url.includes('.hprof'));
  if (link === undefined) throw new Error(`no link in ${shown(world, message)}`);
  return link.url;
}

/** Of one request: event and who, in order. */
export async function auditOf(world: DingtalkWorld, id: string): Promise<string[]> {
  const entries = await world.audit();
  return entries.filter(({ requestId }) => requestId === id).map(({ event, by }) => `${event} ${by}`);
}

/** Until nothing more will be said of it. */
export const closed = (world: DingtalkWorld, id: string): Promise<void> =>
  until(
    async () => (await world.requests.get(id))?.closed === true,
    PATIENCE_MS,
    () => `request ${id} is still open`,
  );

const isOfBot = ({ via }: ChatMessage): boolean => via !== 'typed';
