/** A trigger id opens one view for one person, within three seconds. */
import { randomBytes } from 'node:crypto';
import { Refusal } from './refusal.ts';

export class TriggerIds {
  readonly #now: () => number;
  readonly #lifetimeMs: number;
  readonly #issued = new Map<string, { personId: string; at: number; used: boolean }>();

  constructor(now: () => number, lifetimeMs: number) {
    this.#now = now;
    this.#lifetimeMs = lifetimeMs;
  }

  issue(personId: string): string {
    const at = this.#now();
    const id = `${Math.floor(at)}.${randomBytes(4).readUInt32BE()}.${randomBytes(16).toString('hex')}`;
    this.#issued.set(id, { personId, at, used: false });
    return id;
  }

  /**
   * Uses it up.
   * @returns the id of the person before whom the view opens
   * @throws Refusal `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`
   */
  exchange(id: string | undefined): string {
    const trigger = this.#issued.get(id ?? '');
    if (trigger === undefined) throw new Refusal('invalid_trigger_id');
    if (trigger.used) throw new Refusal('exchanged_trigger_id');
    if (this.#now() - trigger.at > this.#lifetimeMs) throw new Refusal('expired_trigger_id');
    trigger.used = true;
    return trigger.personId;
  }
}
