/** Looks behind the scenes once for all pages that are open, and not at all while none is. */
import type { Behind } from './page-state.ts';

export type LookBehind = () => Promise<Behind>;

const EVERY_MS = 700;

export class BehindWatch {
  readonly #look: LookBehind;
  readonly #watchers = new Set<(behind: Behind) => void>();
  #timer: NodeJS.Timeout | undefined;
  #last: { readonly json: string; readonly behind: Behind } | undefined;
  #looking = false;

  constructor(look: LookBehind) {
    this.#look = look;
  }

  /** As it was at the last look; undefined before the first. */
  get last(): Behind | undefined {
    return this.#last?.behind;
  }

  /** @returns how to end it */
  watch(watcher: (behind: Behind) => void): () => void {
    this.#watchers.add(watcher);
    this.#timer ??= setInterval(() => void this.#tick(), EVERY_MS);
    void this.#tick();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.stop();
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const behind = await this.#look();
      const json = JSON.stringify(behind);
      if (json === this.#last?.json) return;
      this.#last = { json, behind };
      for (const watcher of [...this.#watchers]) watcher(behind);
    } catch {
      // Redis goes down before the page does: what was seen last stays on it.
    } finally {
      this.#looking = false;
    }
  }
}
