/** Payloads on their way to the bot, and what became of each. */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from './block.ts';

export type DeliveryKind =
  | 'slash_commands'
  | 'block_actions'
  | 'block_suggestion'
  | 'view_submission'
  | 'view_closed'
  | 'event';

/** Live: a late acknowledgement changes it still. */
export interface Delivery {
  readonly kind: DeliveryKind;
  readonly payload: JsonObject;
  /** Milliseconds since the epoch, real time. */
  readonly sentAt: number;
  /** How often the payload was sent beyond the first time. */
  retries: number;
  ackedAt: number | undefined;
  ackMs: number | undefined;
  /** What came with the acknowledgement. */
  ack: unknown;
  /** Not acknowledged within three seconds. */
  late: boolean;
  /** Slack's word for what went wrong, as the person sees it after a command: `operation_timeout`, `dispatch_failed`. */
  personSaw: string | undefined;
}

/** One try at getting a payload across. */
export interface Envelope {
  readonly id: string;
  readonly kind: DeliveryKind;
  readonly payload: JsonObject;
  /** 1 and up for what was sent before. */
  readonly retryNum: number | undefined;
  readonly retryReason: string | undefined;
}

export type Receipt =
  | { readonly acked: true; readonly body: unknown }
  /** `reason` in Slack's words for `x-slack-retry-reason`. */
  | { readonly acked: false; readonly reason: string };

export interface Transport {
  /** Resolves when the bot has answered, however late, or cannot any more. Never rejects. */
  send(envelope: Envelope): Promise<Receipt>;
}

export class Deliveries {
  readonly list: Delivery[] = [];
  readonly #transport: () => Transport;
  readonly #ackMs: number;
  readonly #retryDelaysMs: readonly number[];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  constructor(transport: () => Transport, ackMs: number, retryDelaysMs: readonly number[]) {
    this.#transport = transport;
    this.#ackMs = ackMs;
    this.#retryDelaysMs = retryDelaysMs;
  }

  /**
   * Sends once, and events again until they are acknowledged.
   * @param onAck does what the acknowledgement asks for, if it came in time
   * @returns when the first try was acknowledged, refused, or ran out of time
   */
  async send(kind: DeliveryKind, payload: JsonObject, onAck?: (body: unknown) => void): Promise<Delivery> {
    const delivery: Delivery = {
      kind,
      payload,
      sentAt: Date.now(),
      retries: 0,
      ackedAt: undefined,
      ackMs: undefined,
      ack: undefined,
      late: false,
      personSaw: undefined,
    };
    this.list.push(delivery);
    const trouble = await this.#try(delivery, undefined, undefined, onAck);
    if (trouble !== undefined && kind === 'event') this.#retryLater(delivery, trouble, 0);
    return delivery;
  }

  /** The same payload once more, as Slack does when it did not see the first acknowledgement. */
  async again(original: Delivery): Promise<Delivery> {
    const delivery: Delivery = {
      ...original,
      sentAt: Date.now(),
      retries: original.retries + 1,
      ackedAt: undefined,
      ackMs: undefined,
      ack: undefined,
      late: false,
      personSaw: undefined,
    };
    this.list.push(delivery);
    await this.#try(delivery, delivery.retries, 'timeout', undefined);
    return delivery;
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const release of this.#waiting) release();
  }

  /** @returns undefined when acknowledged in time, else the reason */
  async #try(
    delivery: Delivery,
    retryNum: number | undefined,
    retryReason: string | undefined,
    onAck: ((body: unknown) => void) | undefined,
  ): Promise<string | undefined> {
    const started = performance.now();
    let inTime = true;
    const { kind, payload } = delivery;
    const outcome = this.#transport()
      .send({ id: randomUUID(), kind, payload, retryNum, retryReason })
      .then((receipt) => {
        if (!receipt.acked) {
          if (kind === 'slash_commands') delivery.personSaw ??= 'dispatch_failed';
          return receipt.reason;
        }
        delivery.ackedAt ??= Date.now();
        delivery.ackMs ??= performance.now() - started;
        delivery.ack = receipt.body;
        // What comes with a late acknowledgement is thrown away.
        if (inTime) onAck?.(receipt.body);
        return undefined;
      });
    const deadline = this.#pause(this.#ackMs).then(() => {
      inTime = false;
      return 'timeout';
    });
    const trouble = await Promise.race([outcome, deadline]);
    if (trouble === 'timeout' && !this.#stopped) {
      delivery.late = true;
      if (kind === 'slash_commands') delivery.personSaw = 'operation_timeout';
    }
    return trouble;
  }

  #retryLater(delivery: Delivery, reason: string, index: number): void {
    const delayMs = this.#retryDelaysMs[index];
    if (delayMs === undefined || this.#stopped) return;
    void this.#pause(delayMs).then(async () => {
      if (this.#stopped) return;
      delivery.retries += 1;
      const trouble = await this.#try(delivery, delivery.retries, reason, undefined);
      if (trouble !== undefined) this.#retryLater(delivery, trouble, index + 1);
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#timers.delete(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#timers.add(timer);
      this.#waiting.add(done);
    });
  }
}
