/** Where a message goes: into a card of its own, into a part of the card that it belongs to, or into words. */
import type { Message } from '../message.ts';
import type { Announcements } from './announcements.ts';
import { byName, type Callees, findCallees } from './callees.ts';
import { type CardVariables, cardVariables } from './card-variables.ts';
import type { Cards } from './cards.ts';
import { isCardGone, isPlaceGone, isQuotaSpent, isRefused, isTemplateTrouble } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import type { Groups } from './groups.ts';
import { isProgress, renderMessage } from './markdown.ts';
import type { MessageBudget } from './message-budget.ts';
import type { People } from './people.ts';
import { cardIdOf, type DingtalkMessage, type DingtalkPlace, personRef } from './places.ts';
import { cardStage, type Detail } from './progress-stage.ts';
import { asksForDecision, urgencyOf, type Voice, type WordsPosting } from './words-posting.ts';
import { wordsText } from './words-text.ts';

export interface PostingDeps {
  /** Undefined where the config names no template. */
  readonly cards: Cards | undefined;
  readonly words: WordsPosting;
  readonly announcements: Announcements | undefined;
  readonly people: People;
  readonly groups: Groups;
  readonly budget: MessageBudget;
  readonly voice: Voice;
  readonly detail: Detail;
  readonly now: () => number;
  readonly log: DingtalkLog;
}

/** A template that is put right in the console is used again without a restart. */
const UNUSABLE_MS = 10 * 60_000;

export class Posting {
  readonly #deps: PostingDeps;
  #cardsUnusableUntil = 0;

  constructor(deps: PostingDeps) {
    this.#deps = deps;
  }

  /** @throws DingtalkFailure; with kind 'unknown' it may have been posted */
  async post(place: DingtalkPlace, message: Message, key: string): Promise<DingtalkMessage> {
    const { people, groups } = this.#deps;
    const callees = await findCallees(message, { people, groups });
    const inCard = await this.#showAsPart(place, message, callees);
    if (inCard !== undefined) return inCard;
    const { group, single } = place;
    const topic = place.topic ?? message.buttons[0]?.requestId;
    const where: DingtalkPlace = { group, single, topic };
    const card = await this.#postCard(where, message, key, callees);
    const posted =
      card.ref ?? (await this.#deps.words.post(where, message, callees, { isPaidFor: card.isPaidFor }));
    if (asksForDecision(message)) await this.#callReviewers(posted, message, key, callees);
    return posted;
  }

  /** @throws DingtalkFailure; ChatError 'message-gone' for a card that is not there any more */
  async update(before: DingtalkMessage, message: Message): Promise<DingtalkMessage> {
    const { cards, detail, people, groups } = this.#deps;
    const { card, part } = before;
    const callees = await findCallees(message, { people, groups });
    if (card === undefined || cards === undefined) return this.#deps.words.update(before, message, callees);
    const stage = isProgress(message) ? cardStage(message, detail) : undefined;
    if (stage !== undefined && stage === before.stage) return before;
    const variables = this.#variables(message, callees);
    try {
      await cards.change(card, part === undefined ? variables : { progress: variables.progress ?? '' });
    } catch (error) {
      if (!isRefused(error) || isCardGone(error)) throw error;
      this.#complain(error);
      // The next stage tries again; what ends it is said by the result.
      if (isProgress(message)) return before;
      return this.#deps.words.update(before, message, callees);
    }
    return stage === undefined ? before : { ...before, stage };
  }

  /** Progress is shown in the card of its request, which is what a thread is elsewhere. */
  async #showAsPart(
    place: DingtalkPlace,
    message: Message,
    callees: Callees,
  ): Promise<DingtalkMessage | undefined> {
    const { cards, detail } = this.#deps;
    const { card } = place;
    if (cards === undefined || card === undefined || !isProgress(message)) return undefined;
    const ref: DingtalkMessage = { ...place, part: 'progress' };
    try {
      await cards.change(card, { progress: this.#variables(message, callees).progress ?? '' });
    } catch (error) {
      if (isCardGone(error)) return undefined;
      if (!isRefused(error)) throw error;
      this.#complain(error);
      return ref;
    }
    const stage = cardStage(message, detail);
    return stage === undefined ? ref : { ...ref, stage };
  }

  async #postCard(
    place: DingtalkPlace,
    message: Message,
    key: string,
    callees: Callees,
  ): Promise<{ readonly ref?: DingtalkMessage; readonly isPaidFor: boolean }> {
    const { cards, budget, detail, now } = this.#deps;
    const requests = new Set(message.buttons.map(({ requestId }) => requestId));
    // A click says the card and not the button's request.
    if (cards === undefined || requests.size > 1 || now() < this.#cardsUnusableUntil)
      return { isPaidFor: false };
    const outTrackId = cardIdOf(key, message.buttons[0]?.requestId ?? place.topic);
    const pings = new Map(
      callees.called.map((staff) => [staff, callees.names.get(personRef(staff)) ?? staff] as const),
    );
    if (place.group !== undefined) await budget.take(urgencyOf(message));
    try {
      await cards.create(outTrackId, place, this.#variables(message, callees), pings);
    } catch (error) {
      if (!isRefused(error) || isPlaceGone(error)) throw error;
      if (isTemplateTrouble(error)) this.#cardsUnusableUntil = now() + UNUSABLE_MS;
      this.#complain(error);
      return { isPaidFor: true };
    }
    const stage = isProgress(message) ? cardStage(message, detail) : undefined;
    return {
      ref: { ...place, card: outTrackId, ...(stage === undefined ? {} : { stage }) },
      isPaidFor: true,
    };
  }

  async #callReviewers(
    posted: DingtalkMessage,
    message: Message,
    key: string,
    callees: Callees,
  ): Promise<void> {
    const { words, announcements, voice } = this.#deps;
    const { single, topic, card } = posted;
    const others = callees.called.filter((staff) => staff !== single);
    // A card in a group pings them; whoever is not in a chat of two would never know.
    if (card === undefined || single !== undefined) await words.copyTo(others, message, topic, callees);
    if (announcements === undefined) return;
    const rendered = renderMessage(message, byName(voice, callees));
    const text = wordsText(rendered, message.buttons, { ...voice, topic, chat: 'group' });
    const calls = others.map((staff) => `@${staff}`).join(' ');
    // Not waited for: the group of the announcements has a budget of its own.
    void announcements.announce(key, { title: text.title, text: `${text.text}\n\n${calls}`.trim() }, others);
  }

  #variables(message: Message, callees: Callees): CardVariables {
    return cardVariables(message, renderMessage(message, byName(this.#deps.voice, callees)));
  }

  /** For the operator, by name; people get the words by another way. */
  #complain(err: unknown): void {
    const { log } = this.#deps;
    const fields = { err, dingtalkCode: isRefused(err) ? err.dingtalkCode : undefined };
    if (isTemplateTrouble(err)) {
      log.error(
        fields,
        'card template cannot be used: look at chat.dingtalk.cardTemplateId and at its publication',
      );
    } else if (isQuotaSpent(err)) {
      log.error(fields, 'calls of the month are used up: cards cannot be changed before the next');
    } else {
      log.error(fields, 'card was refused');
    }
  }
}
