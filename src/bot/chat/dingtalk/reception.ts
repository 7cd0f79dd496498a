/** What people did in DingTalk, acknowledged already → the port's handlers, and their answers back. */
import type { ActionAnswer, ChatHandlers, IncomingAction } from '../chat-platform.ts';
import { ACTIONS, type Action, type Message, type PersonRef } from '../message.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import { type CardClick, parseCardClick, parseRobotMessage, type RobotMessage } from './payloads.ts';
import type { People } from './people.ts';
import {
  type DingtalkPlace,
  type DingtalkPrivatePlace,
  encodePlace,
  encodePrivatePlace,
  guestRef,
  personRef,
  requestIdOfCard,
} from './places.ts';
import type { PrivateReply } from './private-reply.ts';
import type { Sessions } from './sessions.ts';
import { CARD_TOPIC, type Callback, ROBOT_TOPIC } from './stream-connection.ts';
import { parseDecision, typedText } from './typed-text.ts';
import { dingtalkWords, plainMessage, unavailableMessage } from './words.ts';
import { actionWords } from './words-text.ts';

export interface ReceptionDeps {
  readonly people: People;
  readonly sessions: Sessions;
  readonly privateReply: PrivateReply;
  readonly handlers: () => ChatHandlers;
  /** The organisation; who is of another one is a guest. */
  readonly corpId: string;
  readonly log: DingtalkLog;
}

interface Asker {
  readonly person: PersonRef;
  /** Undefined for guests. */
  readonly staff: string | undefined;
  readonly place: DingtalkPlace;
  readonly from: DingtalkPrivatePlace;
}

export class Reception {
  readonly #deps: ReceptionDeps;
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: ReceptionDeps) {
    this.#deps = deps;
  }

  /** Never throws, and waits for nothing. */
  callback({ topic, messageId, data }: Callback): void {
    const { log } = this.#deps;
    try {
      switch (topic) {
        case ROBOT_TOPIC:
          this.#message(parseRobotMessage(data));
          return;
        case CARD_TOPIC:
          this.#click(messageId, parseCardClick(data));
          return;
        default:
          log.info({ topic }, 'a callback came that nobody asked for');
      }
    } catch (err) {
      log.error({ err, topic, messageId }, 'dingtalk sent what this version of the bot does not understand');
    }
  }

  /** Resolves when no handler is at work. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #message(message: RobotMessage): void {
    const asker = this.#askerOf(message);
    const text = typedText(message.content);
    const decision = parseDecision(text);
    this.#attend(asker, async () => {
      if (decision === undefined) {
        const { person, place, from, staff } = asker;
        const language = this.#deps.people.languageOf(staff);
        return this.#deps.handlers().onCommand({
          id: message.id,
          person,
          text,
          place: encodePlace(place),
          privately: encodePrivatePlace(from),
          language,
        });
      }
      const { action, requestId } = decision;
      const told = await this.#act(message.id, asker, action, requestId, decision.text);
      // In a group the news stand where it was typed; in their own chat nothing would say that it was heard.
      if (!told && !message.isGroup) await this.#confirm(asker, action, requestId);
    });
  }

  #click(messageId: string, { outTrackId, corpId, userId, actionId, group }: CardClick): void {
    const { log } = this.#deps;
    const isOurs = corpId === this.#deps.corpId;
    const where = group === undefined ? { single: userId } : { group };
    const asker: Asker = {
      person: isOurs ? personRef(userId) : guestRef(`${corpId}/${userId}`),
      staff: isOurs ? userId : undefined,
      place: where,
      from: where,
    };
    const requestId = requestIdOfCard(outTrackId);
    const action = ACTIONS.find((each) => each === actionId);
    this.#attend(asker, async () => {
      if (requestId !== undefined && action !== undefined) {
        await this.#act(messageId, asker, action, requestId, undefined);
        return;
      }
      log.error({ outTrackId, actionId }, 'a card of an unknown version was pressed');
      await this.#tell(asker, this.#oldCard(asker, requestId));
    });
  }

  /** @returns whether the person was told something */
  async #act(
    id: string,
    asker: Asker,
    action: Action,
    requestId: string,
    words: string | undefined,
  ): Promise<boolean> {
    const incoming: IncomingAction = {
      id,
      person: asker.person,
      action,
      requestId,
      place: encodePlace(asker.place),
      privately: encodePrivatePlace(asker.from),
      language: this.#deps.people.languageOf(asker.staff),
    };
    const handlers = this.#deps.handlers();
    let answer: ActionAnswer = await handlers.onAction(incoming);
    // There are no forms: what there is to say stands behind the words that were typed.
    if (answer.kind === 'ask')
      answer = await handlers.onAction({ ...incoming, id: `${id}:words`, text: words ?? '' });
    if (answer.kind !== 'reply') return false;
    await this.#tell(asker, answer.message);
    return true;
  }

  #confirm(asker: Asker, action: Action, requestId: string): Promise<void> {
    const language = this.#deps.people.languageOf(asker.staff);
    const words = actionWords({ action, requestId }, language);
    return this.#tell(asker, plainMessage('neutral', dingtalkWords[language].received(words)));
  }

  #oldCard(asker: Asker, requestId: string | undefined): Message {
    const language = this.#deps.people.languageOf(asker.staff);
    const id = requestId ?? '…';
    const typed = ACTIONS.map((action) => actionWords({ action, requestId: id }, language)).join(' · ');
    const { unavailableTitle, oldCard } = dingtalkWords[language];
    return plainMessage('bad', unavailableTitle, `${oldCard} ${typed}`);
  }

  #askerOf(message: RobotMessage): Asker {
    const { people, sessions, corpId, log } = this.#deps;
    const { staffId, senderId, senderName, isGroup, conversation, session } = message;
    if (message.robotCorpId !== undefined && message.robotCorpId !== corpId) {
      log.error(
        { robotCorpId: message.robotCorpId, corpId },
        'a message of another organisation came: look at chat.dingtalk.corpId',
      );
    }
    const isMember =
      staffId !== undefined &&
      [undefined, corpId].includes(message.corpId) &&
      [undefined, corpId].includes(message.robotCorpId);
    const staff = isMember ? staffId : undefined;
    const sessionFields =
      session === undefined ? {} : { sessionWebhook: session.url, sessionEndsAt: session.endsAt };
    if (staff === undefined) {
      const place = { group: conversation };
      return {
        person: guestRef(senderId),
        staff,
        place,
        from: { ...(isGroup ? place : {}), ...sessionFields },
      };
    }
    people.heard(staff, senderName);
    const place = isGroup ? { group: conversation } : { single: staff };
    if (session !== undefined) sessions.remember(place, session);
    return { person: personRef(staff), staff, place, from: { ...place, ...sessionFields } };
  }

  #attend(asker: Asker, work: () => Promise<void>): void {
    const { log, people } = this.#deps;
    const attending: Promise<void> = work()
      .catch(async (err: unknown) => {
        log.error({ err }, 'what a person asked for could not be done');
        await this.#tell(asker, unavailableMessage(people.languageOf(asker.staff)));
      })
      .catch((err: unknown) => log.warn({ err }, 'person could not be told'))
      .finally(() => this.#underWay.delete(attending));
    this.#underWay.add(attending);
  }

  #tell({ from, person }: Asker, message: Message): Promise<void> {
    return this.#deps.privateReply.reply(encodePrivatePlace(from), person, message);
  }
}
