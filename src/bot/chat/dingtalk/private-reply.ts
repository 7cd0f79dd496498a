/** What one person alone reads: in their own chat with the robot, whatever they wrote in. */
import type { PrivatePlace } from '../chat-platform.ts';
import type { Message, PersonRef } from '../message.ts';
import { byName, type Callees, findCallees } from './callees.ts';
import { DingtalkFailure, isPlaceGone } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import type { Groups } from './groups.ts';
import { renderMessage } from './markdown.ts';
import type { People } from './people.ts';
import { type DingtalkPrivatePlace, decodePrivatePlace, staffId } from './places.ts';
import type { Markdown, RobotMessages } from './robot-messages.ts';
import type { Session, Sessions } from './sessions.ts';
import { dingtalkWords } from './words.ts';
import { wordsText } from './words-text.ts';

export interface PrivateReply {
  /** @throws DingtalkFailure, ChatError when there is no way to the person */
  reply(to: PrivatePlace | undefined, person: PersonRef, message: Message): Promise<void>;
}

export function createPrivateReply(deps: {
  readonly robot: RobotMessages;
  readonly sessions: Sessions;
  readonly people: People;
  readonly groups: Groups;
  readonly timeZone: string;
  readonly log: DingtalkLog;
}): PrivateReply {
  const { robot, sessions, people, groups, timeZone, log } = deps;

  const textOf = (message: Message, callees: Callees, staff: string | undefined): Markdown => {
    const language = people.languageOf(staff);
    const rendered = renderMessage(message, byName({ language, timeZone }, callees));
    return wordsText(rendered, message.buttons, { language, topic: undefined, chat: 'single' });
  };

  /** @returns false where the person may not have it: two private answers are better than none */
  const answer = async (session: Session | undefined, text: Markdown): Promise<boolean> => {
    if (session === undefined) return false;
    try {
      return await sessions.say(session, { ...text, calls: [] });
    } catch (err) {
      log.info({ err }, 'session webhook could not be used');
      return false;
    }
  };

  const toGuest = async (place: DingtalkPrivatePlace | undefined, text: Markdown): Promise<void> => {
    const { outsider } = dingtalkWords[people.languageOf(undefined)];
    // In a group everybody would read what is said to them alone.
    const said = place?.group === undefined ? text : { title: outsider, text: outsider };
    if (!(await answer(sessionOf(place), said))) log.info({}, 'somebody from outside could not be answered');
  };

  /** Without what was to be said, which is not for the group. */
  const callFromGroup = async (place: DingtalkPrivatePlace | undefined, staff: string): Promise<void> => {
    const session = sessionOf(place);
    if (place?.group === undefined || session === undefined) return;
    const line = `@${staff} ${dingtalkWords[people.languageOf(staff)].cannotWriteDirectly}`;
    await sessions.say(session, { title: line, text: line, calls: [staff] }).catch((err: unknown) => {
      log.warn({ err }, 'person could not be called from their group');
    });
  };

  return {
    async reply(to, person, message) {
      const staff = staffId(person);
      const place = decodePrivatePlace(to);
      const text = textOf(message, await findCallees(message, { people, groups }), staff);
      if (staff === undefined) return toGuest(place, text);
      if (place?.single === staff && (await answer(sessionOf(place), text))) return;
      try {
        await robot.toPerson(staff, text);
      } catch (error) {
        const dingtalkCode = error instanceof DingtalkFailure ? error.dingtalkCode : undefined;
        if (isPlaceGone(error)) throw error;
        log.error({ err: error, dingtalkCode }, 'robot could not write to a person of its own accord');
        if (await answer(sessions.of({ single: staff }), text)) return;
        await callFromGroup(place, staff);
        throw error;
      }
    },
  };
}

function sessionOf(place: DingtalkPrivatePlace | undefined): Session | undefined {
  const { sessionWebhook, sessionEndsAt } = place ?? {};
  return sessionWebhook === undefined || sessionEndsAt === undefined
    ? undefined
    : { url: sessionWebhook, endsAt: sessionEndsAt };
}
