/**
 * Twenty messages a minute may a robot say in groups; one more, and it is mute for ten minutes. All requests share them.
 * https://open.dingtalk.com/document/orgapp/custom-robot-access
 */
import { ChatError } from '../chat-platform.ts';

/** result: somebody waits for it. ordinary: a request that waits for its review. progress: the next one replaces it. */
export type Urgency = 'result' | 'ordinary' | 'progress';

const RANK: Readonly<Record<Urgency, number>> = { result: 0, ordinary: 1, progress: 2 };
const WINDOW_MS = 60_000;
/** A clock of DingTalk's that runs a little apart. */
const SLACK_MS = 500;
/** After that the caller is told, and comes back with what is true by then. */
const PATIENCE_MS = 30_000;
/** Of the messages of a minute, this part is not for progress. */
const KEPT_FOR_OTHERS = 0.5;

interface Waiting {
  readonly urgency: Urgency;
  readonly since: number;
  readonly go: () => void;
  readonly giveUp: (error: ChatError) => void;
}

export class MessageBudget {
  readonly #perMinute: number;
  readonly #now: () => number;
  #sent: number[] = [];
  #heldUntil = 0;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Resolves when the message may be said. @throws ChatError 'rate-limited' where that would take too long */
  take(urgency: Urgency): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ urgency, since: this.#now(), go: resolve, giveUp: reject });
      this.#pump();
    });
  }

  /** @returns false where there is no room for progress now */
  takeForProgress(): boolean {
    this.#forgetOld();
    const room = this.#perMinute * (1 - KEPT_FOR_OTHERS);
    if (this.#waiting.length > 0 || this.#now() < this.#heldUntil || this.#sent.length >= room) return false;
    this.#sent.push(this.#now());
    return true;
  }

  /** DingTalk wants a pause: another process of the bot speaks as well. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#now() + ms);
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#now();
    this.#forgetOld();
    this.#waiting.sort((a, b) => RANK[a.urgency] - RANK[b.urgency] || a.since - b.since);
    while (this.#waiting.length > 0 && now >= this.#heldUntil && this.#sent.length < this.#perMinute) {
      this.#sent.push(now);
      this.#waiting.shift()?.go();
    }
    const roomAt = this.#sent.length < this.#perMinute ? now : (this.#sent[0] ?? now) + WINDOW_MS + SLACK_MS;
    const readyAt = Math.max(this.#heldUntil, roomAt);
    const late = this.#waiting.filter(({ since }) => now - since >= PATIENCE_MS);
    this.#waiting = this.#waiting.filter((each) => !late.includes(each));
    for (const { giveUp } of late) {
      giveUp(
        new ChatError('rate-limited', 'The robot has said all that it may say for now', {
          retryAfterMs: Math.max(0, readyAt - now),
        }),
      );
    }
    if (this.#waiting.length === 0) return;
    const nextEnd = Math.min(...this.#waiting.map(({ since }) => since + PATIENCE_MS));
    this.#timer = setTimeout(() => this.#pump(), Math.max(10, Math.min(readyAt, nextEnd) - now));
  }

  #forgetOld(): void {
    const oldest = this.#now() - WINDOW_MS - SLACK_MS;
    this.#sent = this.#sent.filter((at) => at > oldest);
  }
}
