/**
 * Changes of messages that stand already. Slack takes about fifty chat.update in a minute from an app in a workspace,
 * so that a state that a newer one has overtaken is never sent, and cards and results go before progress.
 * https://docs.slack.dev/apis/web-api/rate-limits (tier 3)
 */
import { ChatError } from '../chat-platform.ts';
import type { Message } from '../message.ts';
import { renderMessage } from './blocks.ts';
import { encodeRef, type SlackMessage } from './places.ts';
import { SlackFailure } from './slack-failure.ts';
import type { WebCalls } from './web-calls.ts';

/** Of one channel, so that no reader sees messages flicker. */
const CHANNEL_PAUSE_MS = 1000;
/** Together at most 47 within a minute. */
const BURST = 5;
const REFILL_MS = 1430;
const PAUSE_WITHOUT_WORD_MS = 1000;
const PAUSES_MS = [500, 2000, 5000];
/** After that the caller is told, and comes back with what is true by then. */
const PATIENCE_MS = 120_000;

interface Change {
  readonly ref: SlackMessage;
  message: Message;
  readonly since: number;
  tries: number;
  readonly waiting: Waiter[];
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class Updating {
  readonly #web: WebCalls;
  readonly #now: () => number;
  /** By message, oldest first. */
  readonly #changes = new Map<string, Change>();
  readonly #readyAt = new Map<string, number>();
  readonly #underWay = new Set<string>();
  readonly #idle: (() => void)[] = [];
  #tokens = BURST;
  #countedAt: number;
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(web: WebCalls, now: () => number) {
    this.#web = web;
    this.#now = now;
    this.#countedAt = now();
  }

  /**
   * Resolves when this state, or a newer one of the same message, is shown.
   * @param overtaken takes it back if it has not been sent
   * @throws SlackFailure; ChatError 'overtaken'
   */
  show(ref: SlackMessage, message: Message, overtaken?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const key = encodeRef(ref);
      const waiter: Waiter = { resolve, reject };
      const change = this.#changes.get(key) ?? { ref, message, since: this.#now(), tries: 0, waiting: [] };
      change.message = message;
      change.waiting.push(waiter);
      this.#changes.set(key, change);
      if (overtaken?.aborted) this.#takeBack(key, waiter);
      overtaken?.addEventListener('abort', () => this.#takeBack(key, waiter), { once: true });
      this.#pump();
    });
  }

  /** Resolves when everything is shown, or has failed. */
  idle(): Promise<void> {
    if (this.#changes.size === 0 && this.#underWay.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** What is on its way already is not taken back. */
  #takeBack(key: string, waiter: Waiter): void {
    const change = this.#changes.get(key);
    const at = change?.waiting.indexOf(waiter) ?? -1;
    if (change === undefined || at === -1) return;
    change.waiting.splice(at, 1);
    if (change.waiting.length === 0) this.#changes.delete(key);
    waiter.reject(new ChatError('overtaken', 'Something newer is to be said'));
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#changes.size === 0 && this.#underWay.size === 0)
      for (const done of this.#idle.splice(0)) done();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#now();
    this.#refill(now);
    const queue = [...this.#changes.entries()]
      .filter(([, { ref }]) => !this.#underWay.has(ref.channel))
      .sort(
        ([, a], [, b]) => Number(isProgress(a.message)) - Number(isProgress(b.message)) || a.since - b.since,
      );
    let soonest = Number.POSITIVE_INFINITY;
    const taken = new Set<string>();
    for (const [key, change] of queue) {
      const { channel } = change.ref;
      if (taken.has(channel)) continue;
      // The first of a channel is the next of it, even if it has to wait.
      taken.add(channel);
      const readyAt = this.#whenReady(channel, now);
      if (readyAt > now) {
        soonest = Math.min(soonest, readyAt);
        continue;
      }
      this.#tokens -= 1;
      this.#changes.delete(key);
      this.#underWay.add(channel);
      void this.#send(key, change);
    }
    if (Number.isFinite(soonest)) this.#timer = setTimeout(() => this.#pump(), Math.max(10, soonest - now));
  }

  async #send(key: string, change: Change): Promise<void> {
    const { ref, message, waiting } = change;
    try {
      // No unfurl flags exist for this method: a message with a link in it never comes here.
      await this.#web.call(
        'chat.update',
        { channel: ref.channel, ts: ref.ts, ...renderMessage(message) },
        { again: 'once' },
      );
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      if (this.#mayTryAgain(error, change)) this.#putBack(key, change);
      else for (const { reject } of waiting) reject(error);
    } finally {
      this.#underWay.delete(ref.channel);
      this.#readyAt.set(
        ref.channel,
        Math.max(this.#readyAt.get(ref.channel) ?? 0, this.#now() + CHANNEL_PAUSE_MS),
      );
      this.#forgetOld();
      this.#tellIdle();
      this.#pump();
    }
  }

  /** The same update twice is the same as once, so that it may be sent again after any trouble. */
  #mayTryAgain(error: unknown, change: Change): boolean {
    if (!(error instanceof SlackFailure) || error.kind === 'refused') return false;
    const now = this.#now();
    if (now - change.since > PATIENCE_MS) return false;
    if (error.kind === 'rate-limited') {
      this.#heldUntil = Math.max(this.#heldUntil, now + (error.retryAfterMs ?? PAUSE_WITHOUT_WORD_MS));
      return this.#heldUntil - change.since <= PATIENCE_MS;
    }
    const pauseMs = PAUSES_MS[change.tries];
    change.tries += 1;
    if (pauseMs === undefined) return false;
    this.#readyAt.set(change.ref.channel, now + pauseMs);
    return true;
  }

  #putBack(key: string, change: Change): void {
    const newer = this.#changes.get(key);
    if (newer === undefined) this.#changes.set(key, change);
    else newer.waiting.push(...change.waiting);
  }

  #whenReady(channel: string, now: number): number {
    const tokenAt = this.#tokens >= 1 ? now : this.#countedAt + REFILL_MS;
    return Math.max(this.#heldUntil, this.#readyAt.get(channel) ?? 0, tokenAt);
  }

  #refill(now: number): void {
    const refills = Math.floor((now - this.#countedAt) / REFILL_MS);
    if (refills <= 0) return;
    this.#tokens = Math.min(BURST, this.#tokens + refills);
    this.#countedAt += refills * REFILL_MS;
  }

  #forgetOld(): void {
    const now = this.#now();
    for (const [channel, at] of this.#readyAt) if (at < now) this.#readyAt.delete(channel);
  }
}

/** A checklist that changes every second may wait; what nobody can act on is the least urgent. */
function isProgress(message: Message): boolean {
  return (
    message.tone === 'neutral' &&
    message.buttons.length === 0 &&
    message.blocks.some(({ kind }) => kind === 'checklist')
  );
}
