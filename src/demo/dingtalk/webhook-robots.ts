/** Group robots that can only speak, by a signed URL: https://open.dingtalk.com/document/orgapp/custom-robot-access */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ChatMessage } from './chat-log.ts';
import type { Desk } from './desk.ts';
import type { Group } from './directory.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import { ErrcodeRefusal } from './refusal.ts';
import { pingsOf, webhookContent } from './webhook-content.ts';

const HOUR_MS = 3_600_000;

export interface WebhookRobot {
  readonly name: string;
  readonly group: Group;
  readonly accessToken: string;
  /** `SEC…`: calls must be signed. */
  readonly secret: string | undefined;
  /** One of them must be in each message. */
  readonly keywords: readonly string[];
}

export interface NewWebhookRobot {
  readonly name?: string;
  /** Default true: with a secret. */
  readonly isSigned?: boolean;
  readonly keywords?: readonly string[];
}

export class WebhookRobots {
  readonly #desk: Desk;
  readonly #robots = new Map<string, WebhookRobot>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  add(group: Group, robot: NewWebhookRobot = {}): WebhookRobot {
    const added: WebhookRobot = {
      name: robot.name ?? '通知',
      group,
      accessToken: randomBytes(32).toString('hex'),
      secret: robot.isSigned === false ? undefined : `SEC${randomBytes(32).toString('hex')}`,
      keywords: robot.keywords ?? [],
    };
    this.#robots.set(added.accessToken, added);
    return added;
  }

  messages(): ChatMessage[] {
    return this.#desk.log.all().filter(({ via }) => via === 'group-webhook');
  }

  /** POST /robot/send */
  send(query: URLSearchParams, text: string): JsonObject {
    const { directory, limits, log, budget } = this.#desk;
    const token = query.get('access_token');
    if (token === null) throw new ErrcodeRefusal(40035, '缺少参数 access_token');
    const robot = this.#robots.get(token);
    if (robot === undefined || robot.group.dissolved) throw new ErrcodeRefusal(300005, 'token is not exist');
    if (robot.secret !== undefined) this.#checkSignature(robot.secret, query);
    if (Buffer.byteLength(text) > limits.webhookBytes) {
      throw new ErrcodeRefusal(460101, 'message too long, exceed 20000 bytes');
    }
    const body = parseJson(text);
    if (!isObject(body)) throw new ErrcodeRefusal(40035, '缺少参数 json');
    const content = webhookContent(body);
    const said = content.kind === 'markdown' ? `${content.title}\n${content.text}` : content.text;
    if (robot.keywords.length > 0 && !robot.keywords.some((word) => said.includes(word))) {
      throw new ErrcodeRefusal(310000, 'keywords not in content');
    }
    if (!budget.take(robot.accessToken)) {
      throw new ErrcodeRefusal(130101, 'send too fast, exceed 20 times per minute');
    }
    const pings = pingsOf(body, content, directory, robot.group);
    log.post({ conversation: robot.group.id, author: robot.name, via: 'group-webhook', content, pings });
    return { errcode: 0, errmsg: 'ok' };
  }

  /** base64(hmac-sha256(secret, timestamp + "\n" + secret)), good for an hour. */
  #checkSignature(secret: string, query: URLSearchParams): void {
    const timestamp = query.get('timestamp') ?? '';
    if (!(Math.abs(Number(timestamp || Number.NaN) - this.#desk.now()) <= HOUR_MS)) {
      throw new ErrcodeRefusal(310000, 'invalid timestamp');
    }
    const right = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest();
    const given = Buffer.from(query.get('sign') ?? '', 'base64');
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      throw new ErrcodeRefusal(310000, 'sign not match');
    }
  }
}
