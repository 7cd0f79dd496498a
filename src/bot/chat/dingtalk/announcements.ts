/**
 * What waits for a decision, said in one more group by the webhook of a group robot. These robots cannot hear, so that
 * it says where to answer. https://open.dingtalk.com/document/orgapp/custom-robot-access
 */
import ChatBot from 'dingtalk-robot-sender';
import { DingtalkFailure } from './dingtalk-failure.ts';
import type { DingtalkLog } from './dingtalk-log.ts';
import { fetchJson } from './fetch-json.ts';
import { MessageBudget } from './message-budget.ts';
import { mark } from './places.ts';
import type { Markdown } from './robot-messages.ts';

const CALL = '/robot/send';
const TRIES = 3;
/** A robot that spoke too fast is mute for ten minutes; who calls comes back in one. */
const MUTE_MS = 60_000;

export interface Announcements {
  /**
   * Never throws, and says the same key once.
   * @param calls staff ids whose `@id` stands in the text
   */
  announce(key: string, message: Markdown, calls: readonly string[]): Promise<void>;
}

export function createAnnouncements(deps: {
  /** With its `access_token`. */
  readonly webhookUrl: string;
  /** `SEC…` */
  readonly secret: string | undefined;
  readonly perMinute: number;
  readonly now: () => number;
  readonly log: DingtalkLog;
}): Announcements {
  const { webhookUrl, secret, log } = deps;
  const budget = new MessageBudget(deps.perMinute, deps.now);
  // The package's own client is given no deadline, and takes an `errcode` for a success.
  const robot = new ChatBot({
    webhook: webhookUrl,
    ...(secret === undefined ? {} : { secret }),
    httpclient: {
      request: (url, { data }) => fetchJson(url, CALL, { method: 'POST', body: JSON.parse(data) }),
    },
  });

  return {
    async announce(key, { title, text }, calls) {
      for (let tries = 1; ; tries += 1) {
        try {
          await budget.take('ordinary');
          await robot.send({
            msgtype: 'markdown',
            markdown: { title, text },
            at: { atUserIds: calls, isAtAll: false },
            msgUuid: mark(key, 32),
          });
          return;
        } catch (err) {
          const failure = err instanceof DingtalkFailure ? err : undefined;
          if (failure?.kind === 'rate-limited') budget.hold(MUTE_MS);
          if (tries < TRIES && failure !== undefined && failure.kind !== 'refused') continue;
          log.error(
            { err, dingtalkCode: failure?.dingtalkCode },
            'announcement was not made: look at the webhook and secret of chat.dingtalk.announce',
          );
          return;
        }
      }
    },
  };
}
