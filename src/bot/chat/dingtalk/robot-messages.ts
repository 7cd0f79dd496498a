/** Messages that the robot sends of its own accord: https://open.dingtalk.com/document/orgapp/robot-overview */
import { z } from 'zod';
import { ChatError } from '../chat-platform.ts';
import { DingtalkFailure } from './dingtalk-failure.ts';
import type { OpenApi } from './open-api.ts';

export const GROUP_CALL = '/v1.0/robot/groupMessages/send';
export const PEOPLE_CALL = '/v1.0/robot/oToMessages/batchSend';
/** https://open.dingtalk.com/document/orgapp/chatbots-send-one-on-one-chat-messages-in-batches */
const PEOPLE_AT_ONCE = 20;
const MARKDOWN = 'sampleMarkdown';

const peopleAnswerShape = z.object({
  invalidStaffIdList: z.array(z.string()).optional(),
  flowControlledStaffIdList: z.array(z.string()).optional(),
});

export interface Markdown {
  readonly title: string;
  readonly text: string;
}

/** Staff ids of those who did not get a message. */
export interface Missed {
  readonly invalid: readonly string[];
  /** Got too many lately. */
  readonly tooMuch: readonly string[];
}

export interface RobotMessages {
  /** @throws DingtalkFailure; with kind 'unknown' it may have been sent */
  toGroup(conversation: string, message: Markdown): Promise<void>;
  /** To each in their own chat. @throws DingtalkFailure */
  toPeople(staff: readonly string[], message: Markdown): Promise<Missed>;
  /** @throws DingtalkFailure, ChatError 'place-gone' for somebody whom the robot cannot reach */
  toPerson(staff: string, message: Markdown): Promise<void>;
}

export function createRobotMessages(deps: {
  readonly api: OpenApi;
  readonly robotCode: string;
}): RobotMessages {
  const { api, robotCode } = deps;

  const send = async (userIds: readonly string[], message: Markdown): Promise<Missed> => {
    const body = { robotCode, userIds, msgKey: MARKDOWN, msgParam: JSON.stringify(message) };
    const answer = await api.call('POST', PEOPLE_CALL, body, { again: 'writing' });
    const { invalidStaffIdList = [], flowControlledStaffIdList = [] } = peopleAnswerShape.parse(answer);
    return { invalid: invalidStaffIdList, tooMuch: flowControlledStaffIdList };
  };

  return {
    async toGroup(conversation, message) {
      const body = {
        robotCode,
        openConversationId: conversation,
        msgKey: MARKDOWN,
        msgParam: JSON.stringify(message),
      };
      await api.call('POST', GROUP_CALL, body, { again: 'writing' });
    },

    async toPeople(staff, message) {
      const missed: Missed[] = [];
      for (let at = 0; at < staff.length; at += PEOPLE_AT_ONCE)
        missed.push(await send(staff.slice(at, at + PEOPLE_AT_ONCE), message));
      return {
        invalid: missed.flatMap(({ invalid }) => invalid),
        tooMuch: missed.flatMap(({ tooMuch }) => tooMuch),
      };
    },

    async toPerson(staff, message) {
      const { invalid, tooMuch } = await send([staff], message);
      if (invalid.length > 0) throw new ChatError('place-gone', `Not somebody of the organisation: ${staff}`);
      if (tooMuch.length > 0) throw new DingtalkFailure('rate-limited', PEOPLE_CALL);
    },
  };
}
