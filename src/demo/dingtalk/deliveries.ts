/** What was pushed to the bot, and what became of it. */
import { performance } from 'node:perf_hooks';
import type { JsonObject } from './json.ts';
import {
  type Acknowledgement,
  type FrameType,
  newMessageId,
  type Stream,
  type StreamConnection,
} from './stream.ts';

export const ROBOT_TOPIC = '/v1.0/im/bot/messages/get';
export const CARD_TOPIC = '/v1.0/card/instances/callback';

/** Live: a late acknowledgement changes it still. */
export interface Delivery {
  readonly type: FrameType;
  readonly topic: string;
  readonly messageId: string;
  readonly payload: JsonObject;
  readonly headers: JsonObject;
  /** Undefined when nobody was subscribed: the message is lost. */
  readonly connection: StreamConnection | undefined;
  ack: Acknowledgement | undefined;
  ackMs: number | undefined;
  /** What the person reads who clicked: nothing, or that it failed. */
  personSaw: 'timeout' | 'not-connected' | 'failed' | undefined;
}

export class Deliveries {
  readonly list: Delivery[] = [];
  readonly #stream: Stream;
  readonly #now: () => number;
  readonly #timers = new Map<NodeJS.Timeout, () => void>();
  readonly #listeners = new Set<() => void>();

  constructor(stream: Stream, now: () => number) {
    this.#stream = stream;
    this.#now = now;
  }

  /** Pushes once and waits for nothing, as robot messages and events go out. */
  push(type: FrameType, topic: string, payload: JsonObject, headers: JsonObject = {}): Delivery {
    return this.#send({ type, topic, payload, headers, messageId: newMessageId(this.#now()) });
  }

  /** The same once more: same frame id, same payload. */
  again(original: Delivery): Delivery {
    return this.#send(original);
  }

  /**
   * Pushes and waits for the answer.
   * @param onAnswer does what an answer in time asks for; @returns false where it makes no sense
   */
  async ask(
    topic: string,
    payload: JsonObject,
    waitMs: number,
    onAnswer: (data: unknown) => boolean,
  ): Promise<Delivery> {
    let inTime = true;
    let settle = (): void => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const delivery = this.#send(
      { type: 'CALLBACK', topic, payload, headers: {}, messageId: newMessageId(this.#now()) },
      (ack) => {
        if (inTime && (ack.code !== 200 || !onAnswer(ack.data))) delivery.personSaw = 'failed';
        settle();
      },
    );
    if (delivery.connection === undefined) {
      delivery.personSaw = 'not-connected';
      return delivery;
    }
    await Promise.race([settled, this.#pause(waitMs)]);
    inTime = false;
    if (delivery.ack === undefined) delivery.personSaw = 'timeout';
    return delivery;
  }

  /** @returns how to end it */
  onAck(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    for (const [timer, done] of this.#timers) {
      clearTimeout(timer);
      done();
    }
  }

  #send(
    what: Pick<Delivery, 'type' | 'topic' | 'payload' | 'headers' | 'messageId'>,
    onAck?: (ack: Acknowledgement) => void,
  ): Delivery {
    const { type, topic, payload, headers, messageId } = what;
    const started = performance.now();
    const connection = this.#stream.push({ type, topic, messageId, data: payload, headers }, (ack) => {
      delivery.ack = ack;
      delivery.ackMs = performance.now() - started;
      onAck?.(ack);
      for (const listener of [...this.#listeners]) listener();
    });
    const delivery: Delivery = {
      type,
      topic,
      messageId,
      payload,
      headers,
      connection,
      ack: undefined,
      ackMs: undefined,
      personSaw: undefined,
    };
    this.list.push(delivery);
    return delivery;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.set(timer, resolve);
    });
  }
}
