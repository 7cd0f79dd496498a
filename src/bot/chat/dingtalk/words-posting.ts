/** Messages where there are no cards, or where a card could not be used: nothing can be edited, so each says its news. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Language } from '../chat-platform.ts';
import type { Button, Message } from '../message.ts';
import { byName, type Callees } from './callees.ts';
import { DingtalkFailure, isPlaceGone, isRefused } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import { isProgress, type Rendered, renderMessage } from './markdown.ts';
import type { MessageBudget, Urgency } from './message-budget.ts';
import { type DingtalkMessage, type DingtalkPlace, staffId } from './places.ts';
import { wordsStage } from './progress-stage.ts';
import type { RobotMessages } from './robot-messages.ts';
import type { Session, Sessions } from './sessions.ts';
import { marksOf, newLines, newsSince, wordsText } from './words-text.ts';

export interface Voice {
  readonly language: Language;
  readonly timeZone: string;
}

export interface WordsPosting {
  /** @param isPaidFor the budget has been asked already. @throws DingtalkFailure; with kind 'unknown' it may have been said */
  post(
    place: DingtalkPlace,
    message: Message,
    callees: Callees,
    options?: { readonly isPaidFor: boolean },
  ): Promise<DingtalkMessage>;
  /** Says what is new since the message. @throws DingtalkFailure */
  update(before: DingtalkMessage, message: Message, callees: Callees): Promise<DingtalkMessage>;
  /** To each in their own chat, with words to tap. Never throws: who has had too much gets it later. */
  copyTo(
    staff: readonly string[],
    message: Message,
    topic: string | undefined,
    callees: Callees,
  ): Promise<void>;
  stop(): void;
}

/** After a refusal for speed the robot may be mute for longer; then it is refused again. */
const TOO_FAST_MS = 30_000;
const COPY_PAUSE_MS = 61_000;
const COPY_TRIES = 4;

export function createWordsPosting(deps: {
  readonly robot: RobotMessages;
  readonly sessions: Sessions;
  readonly budget: MessageBudget;
  readonly voice: Voice;
  readonly log: DingtalkLog;
}): WordsPosting {
  const { robot, sessions, budget, voice, log } = deps;
  const stopping = new AbortController();

  const toPerson = async (
    single: string,
    topic: string | undefined,
    rendered: Rendered,
    buttons: readonly Button[],
  ): Promise<void> => {
    const text = wordsText(rendered, buttons, { ...voice, topic, chat: 'single' });
    try {
      await robot.toPerson(single, text);
    } catch (error) {
      const session = sessions.of({ single });
      if (!isRefused(error) || session === undefined) throw error;
      log.error(
        { err: error, dingtalkCode: error.dingtalkCode },
        'robot may not write of its own accord, answering instead',
      );
      if (!(await sessions.say(session, { ...text, calls: [] }))) throw error;
    }
  };

  const bySession = (session: Session, topic: string | undefined, spoken: Spoken): Promise<boolean> => {
    const text = wordsText(spoken.forSession, spoken.buttons, { ...voice, topic, chat: 'group' });
    const calls = spoken.called.map((staff) => `@${staff}`).filter((mention) => !text.text.includes(mention));
    return sessions.say(session, {
      title: text.title,
      text: calls.length === 0 ? text.text : `${text.text}\n\n${calls.join(' ')}`,
      calls: spoken.called,
    });
  };

  const toGroup = async (group: string, topic: string | undefined, spoken: Spoken): Promise<void> => {
    const session = sessions.of({ group });
    try {
      // The one way on which a robot's markdown pings somebody.
      if (session !== undefined && spoken.called.length > 0 && (await bySession(session, topic, spoken)))
        return;
      await robot.toGroup(
        group,
        wordsText(spoken.rendered, spoken.buttons, { ...voice, topic, chat: 'group' }),
      );
    } catch (error) {
      if (error instanceof DingtalkFailure && error.kind === 'rate-limited') budget.hold(TOO_FAST_MS);
      if (!isRefused(error) || isPlaceGone(error) || session === undefined) throw error;
      log.error(
        { err: error, dingtalkCode: error.dingtalkCode },
        'robot may not write of its own accord, answering instead',
      );
      if (!(await bySession(session, topic, spoken))) throw error;
    }
  };

  const say = async (place: DingtalkPlace, spoken: Spoken): Promise<void> => {
    const { group, single, topic } = place;
    if (group !== undefined) await toGroup(group, topic, spoken);
    else if (single !== undefined) await toPerson(single, topic, spoken.rendered, spoken.buttons);
  };

  const pay = async (place: DingtalkPlace, urgency: Urgency): Promise<void> => {
    if (place.group !== undefined) await budget.take(urgency);
  };

  const spokenOf = (message: Message, callees: Callees): Spoken => {
    const reader = byName(voice, callees);
    return {
      rendered: renderMessage(message, reader),
      forSession: renderMessage(message, {
        ...reader,
        mention(person) {
          const staff = staffId(person);
          return staff !== undefined && callees.called.includes(staff) ? `@${staff}` : reader.mention(person);
        },
      }),
      buttons: message.buttons,
      called: callees.called,
    };
  };

  return {
    async post(place, message, callees, options = { isPaidFor: false }) {
      const topic = place.topic ?? message.buttons[0]?.requestId;
      const { group, single } = place;
      const where: DingtalkPlace = { group, single, topic };
      const spoken = spokenOf(message, callees);
      const said = marksOf(spoken.rendered, message.buttons);
      if (isProgress(message)) {
        const stage = wordsStage(message);
        if (stage === undefined || (group !== undefined && !options.isPaidFor && !budget.takeForProgress()))
          return { ...where };
        await say(where, spoken);
        return { ...where, stage };
      }
      if (!options.isPaidFor) await pay(where, urgencyOf(message));
      await say(where, spoken);
      return { ...where, said };
    },

    async update(before, message, callees) {
      const { group, single, topic } = before;
      const where: DingtalkPlace = { group, single, topic };
      const spoken = spokenOf(message, callees);
      if (isProgress(message)) {
        const stage = wordsStage(message);
        if (stage === undefined || stage === before.stage) return before;
        if (group !== undefined && !budget.takeForProgress()) return before;
        await say(where, spoken);
        return { ...where, stage };
      }
      const said = marksOf(spoken.rendered, message.buttons);
      const news = newsSince(before.said ?? [], spoken.rendered, message.buttons);
      if (news === undefined) return { ...where, said };
      const paragraphs = newLines(
        before.said ?? [],
        spoken.rendered.paragraphs,
        spoken.forSession.paragraphs,
      );
      const forSession = { ...spoken.forSession, paragraphs };
      await pay(where, urgencyOf(message));
      await say(where, { ...spoken, rendered: news.rendered, forSession });
      return { ...where, said };
    },

    async copyTo(staff, message, topic, callees) {
      const rendered = spokenOf(message, callees).rendered;
      const text = wordsText(rendered, message.buttons, { ...voice, topic, chat: 'single' });
      const send = async (to: readonly string[], tries: number): Promise<void> => {
        let missed: readonly string[] = to;
        try {
          const { invalid, tooMuch } = await robot.toPeople(to, text);
          if (invalid.length > 0)
            log.warn({ staff: invalid }, 'reviewers cannot be written to: not in the organisation');
          missed = tooMuch;
        } catch (err) {
          log.error({ err }, 'reviewers could not be told in their own chats');
          if (isRefused(err)) return;
        }
        if (missed.length === 0 || tries >= COPY_TRIES || stopping.signal.aborted) return;
        void sleep(COPY_PAUSE_MS, undefined, { signal: stopping.signal, ref: false })
          .then(() => send(missed, tries + 1))
          .catch(() => undefined);
      };
      if (staff.length > 0) await send(staff, 1);
    },

    stop: () => stopping.abort(),
  };
}

interface Spoken {
  readonly rendered: Rendered;
  /** The same with mentions that ping. */
  readonly forSession: Rendered;
  readonly buttons: readonly Button[];
  readonly called: readonly string[];
}

export function urgencyOf(message: Message): Urgency {
  if (isProgress(message)) return 'progress';
  return message.tone === 'good' || message.tone === 'bad' ? 'result' : 'ordinary';
}

/** Somebody is asked, and may press or type the answer. */
export function asksForDecision(message: Message): boolean {
  return message.buttons.some(({ action }) => action === 'approve');
}
