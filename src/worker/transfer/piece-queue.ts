/** The pieces that are still to be stored. Several lanes take from it; the lowest goes first. */
import type { Piece } from './pieces.ts';

export class PieceQueue {
  readonly #waiting: Piece[];
  readonly #askers: (() => void)[] = [];
  #underway = 0;

  constructor(pieces: readonly Piece[]) {
    this.#waiting = [...pieces].sort((a, b) => a.number - b.number);
  }

  /** Not stored yet: waiting, or under way. */
  get left(): number {
    return this.#waiting.length + this.#underway;
  }

  /**
   * Waits while others are at work on the last pieces, as one of those may come back.
   * @returns undefined when every piece is done @throws the signal's reason
   */
  async take(signal: AbortSignal): Promise<Piece | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const piece = this.#waiting.shift();
      if (piece !== undefined) {
        this.#underway += 1;
        return piece;
      }
      if (this.#underway === 0) return undefined;
      await this.#change(signal);
    }
  }

  /** Taken and not stored: somebody takes it again. */
  putBack(piece: Piece): void {
    this.#underway -= 1;
    const at = this.#waiting.findIndex(({ number }) => number > piece.number);
    this.#waiting.splice(at === -1 ? this.#waiting.length : at, 0, piece);
    this.#wake();
  }

  done(): void {
    this.#underway -= 1;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#askers.splice(0)) wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#askers.push(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
