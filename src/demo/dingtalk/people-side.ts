/** What people do in their DingTalk clients. */

import { applyCallbackAnswer } from './card-methods.ts';
import type { CardButton } from './cards.ts';
import type { ChatMessage } from './chat-log.ts';
import { CARD_TOPIC, type Deliveries, type Delivery, ROBOT_TOPIC } from './deliveries.ts';
import type { Desk } from './desk.ts';
import { type Group, type Person, ROBOT_NAME } from './directory.ts';
import type { JsonObject } from './json.ts';
import { linksIn, sendMessageText } from './markdown.ts';
import { cardCallback, robotMessage } from './robot-payloads.ts';
import type { SessionWebhooks } from './session-webhooks.ts';

/** A group, or the person's own chat with the robot. */
export type Room = Group | 'single';

export interface Press {
  /** Instead of what the button has: a client can be made to send anything. */
  readonly params?: JsonObject;
  /** The button need not be there: an old screen, or a client that was tampered with. */
  readonly anyButton?: boolean;
}

export interface Typed {
  /** Without `@robot`: in a group the bot hears nothing of it then. Default true. */
  readonly mentioned?: boolean;
  /** As pieces of formatted text. */
  readonly rich?: boolean;
  /** Quotes this message. */
  readonly quoting?: ChatMessage;
}

export class PeopleSide {
  readonly #desk: Desk;
  readonly #deliveries: Deliveries;
  readonly #sessions: SessionWebhooks;
  readonly #root: () => string;

  constructor(desk: Desk, deliveries: Deliveries, sessions: SessionWebhooks, root: () => string) {
    this.#desk = desk;
    this.#deliveries = deliveries;
    this.#sessions = sessions;
    this.#root = root;
  }

  /** @param text without the mention. @returns undefined where the bot is not told */
  type(person: Person, room: Room, text: string, how: Typed = {}): Delivery | undefined {
    const { log, directory } = this.#desk;
    const group = room === 'single' ? undefined : room;
    if (group !== undefined && !group.members.has(person.id)) {
      throw new Error(`${person.name} is not in ${group.title}`);
    }
    const mentioned = group === undefined || how.mentioned !== false;
    const said = group !== undefined && mentioned ? `@${ROBOT_NAME} ${text}` : text;
    const conversation = group?.id ?? person.singleChat;
    const content = { kind: 'text', text: said } as const;
    const message = log.post({ conversation, author: person.id, via: 'typed', content });
    const heard = mentioned && (group === undefined || directory.groupOfRobot(group.id) !== undefined);
    if (!heard) return undefined;
    const { path, until } = this.#sessions.issue(conversation);
    const session = { url: `${this.#root()}${path}`, until };
    const parts =
      how.rich === true ? [...(group === undefined ? [] : [{ text: `@${ROBOT_NAME}` }]), { text }] : text;
    const payload = robotMessage(directory, message, person, group, session, parts, how.quoting);
    return this.#deliveries.push('CALLBACK', ROBOT_TOPIC, payload);
  }

  /**
   * Presses a button that sends.
   * @param message an old one is a screen that has not been refreshed yet
   * @returns when the answer came, or it was too late for one
   */
  async press(person: Person, message: ChatMessage, actionId: string, press: Press = {}): Promise<Delivery> {
    const { cards, directory, limits } = this.#desk;
    const current = this.#visible(person, message);
    const card = cards.find(current.card?.outTrackId);
    if (card === undefined) throw new Error('the message is no card');
    const buttons = cards.faceOf(card, person.id).buttons;
    const button = buttons.find((each) => each.actionId === actionId && !each.disabled);
    if (button === undefined && press.anyButton !== true) {
      throw new Error(`no such button for ${person.name}; there are: ${namesOf(buttons)}`);
    }
    if (!card.isStream) throw new Error('the card sends no callback by Stream: callbackType is not STREAM');
    const params = press.params ?? button?.params ?? {};
    const payload = cardCallback(directory, card, current, person, { actionIds: [actionId], params });
    return this.#deliveries.ask(CARD_TOPIC, payload, limits.callbackMs, (data) =>
      applyCallbackAnswer(data, cards.find(card.outTrackId) ?? card, person, this.#desk),
    );
  }

  /**
   * Taps a link, in the text or on a button. One that sends a message sends it as this person into this chat.
   * @param n the first is 0
   * @returns undefined for a link to a page, and where the bot does not hear it: in a group it is no mention
   */
  tapLink(person: Person, message: ChatMessage, n = 0): Delivery | undefined {
    const { directory } = this.#desk;
    const current = this.#visible(person, message);
    const links = this.linksOf(person, current);
    const link = links[n];
    if (link === undefined) throw new Error(`no link ${n}; there are ${links.length}`);
    const text = sendMessageText(link.url);
    if (text === undefined) return undefined;
    const group = directory.groups.get(current.conversation);
    if (group === undefined) return this.type(person, 'single', text);
    return this.type(person, group, text, { mentioned: false });
  }

  /** In a card, links in markdown cannot send messages; buttons can. */
  linksOf(person: Person, message: ChatMessage): { readonly label: string; readonly url: string }[] {
    const { content } = message;
    const card = message.card === undefined ? undefined : this.#desk.cards.find(message.card.outTrackId);
    if (card !== undefined) {
      const face = this.#desk.cards.faceOf(card, person.id);
      const inText = linksIn(face.markdown).filter(({ url }) => sendMessageText(url) === undefined);
      const onButtons = face.buttons.flatMap(({ label, url }) => (url === undefined ? [] : [{ label, url }]));
      return [...inText, ...onButtons];
    }
    switch (content.kind) {
      case 'markdown':
        return linksIn(content.text);
      case 'actionCard':
        return [...linksIn(content.text), ...content.buttons];
      case 'link':
        return [{ label: content.title, url: content.url }];
      default:
        return [];
    }
  }

  canSee(person: Person, message: ChatMessage): boolean {
    const { directory } = this.#desk;
    if (message.conversation === person.singleChat) return true;
    const recipients = message.card?.recipients;
    if (recipients !== undefined && !recipients.includes(person.id)) return false;
    return directory.groups.get(message.conversation)?.members.has(person.id) === true;
  }

  #visible(person: Person, message: ChatMessage): ChatMessage {
    const current = this.#desk.log.find(message.id);
    if (current === undefined || current.recalled) throw new Error('the message is gone');
    if (!this.canSee(person, current)) throw new Error(`${person.name} does not see this message`);
    return current;
  }
}

function namesOf(buttons: readonly CardButton[]): string {
  const names = buttons.map(
    ({ actionId, label, disabled }) => `${actionId} [${label}]${disabled ? ' (off)' : ''}`,
  );
  return names.join(', ') || 'none';
}
