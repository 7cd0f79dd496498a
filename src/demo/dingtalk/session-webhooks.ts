/** Answers to one message, without a token and for a while: `sessionWebhook` in what a person said. */
import { randomBytes } from 'node:crypto';
import type { Desk } from './desk.ts';
import { ROBOT_NAME } from './directory.ts';
import type { JsonObject } from './json.ts';
import { ErrcodeRefusal } from './refusal.ts';
import { pingsOf, webhookContent } from './webhook-content.ts';

export class SessionWebhooks {
  readonly #desk: Desk;
  readonly #sessions = new Map<string, { readonly conversation: string; readonly until: number }>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** @returns the path with its query, and when it ends in milliseconds since the epoch */
  issue(conversation: string): { readonly path: string; readonly until: number } {
    const session = randomBytes(16).toString('hex');
    const until = this.#desk.now() + this.#desk.limits.sessionWebhookMs;
    this.#sessions.set(session, { conversation, until });
    return { path: `/robot/sendBySession?session=${session}`, until };
  }

  /** Ends all that were given out so far. */
  endAll(): void {
    this.#sessions.clear();
  }

  /** POST /robot/sendBySession */
  send(query: URLSearchParams, body: JsonObject): JsonObject {
    const { now, directory, log, budget } = this.#desk;
    const session = this.#sessions.get(query.get('session') ?? '');
    if (session === undefined || session.until <= now()) throw new ErrcodeRefusal(300001, 'session 不存在');
    const content = webhookContent(body);
    const group = directory.groups.get(session.conversation);
    if (group !== undefined && directory.groupOfRobot(group.id) === undefined) {
      throw new ErrcodeRefusal(400105, '机器人不在群内');
    }
    const who = group === undefined ? `${directory.clientId}/${session.conversation}` : directory.clientId;
    if (!budget.take(who)) {
      throw new ErrcodeRefusal(130101, 'send too fast, exceed 20 times per minute');
    }
    const pings = pingsOf(body, content, directory, group);
    log.post({
      conversation: session.conversation,
      author: ROBOT_NAME,
      via: 'session-webhook',
      content,
      pings,
    });
    return { errcode: 0, errmsg: 'ok' };
  }
}
