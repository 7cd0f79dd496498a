/** Texts of people and pods, made fit to be shown: nothing invisible in them, and never longer than a platform takes. */

/** Control characters, and those that turn the direction of what follows: a name must not pose as another. */
const UNSEEN = /(?![\n\t])[\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu;

export function visible(text: string): string {
  return text.replaceAll(UNSEEN, '');
}

/** Line breaks become spaces: a name with a line break in it would look like two lines of ours. */
export function onOneLine(text: string): string {
  return visible(text).replaceAll(/[\n\t\u2028\u2029]+/g, ' ');
}

/**
 * @param max UTF-16 units, which is how the platforms count
 * @returns the text, or its beginning with an ellipsis; never half a character
 */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  if (max < 1) return '';
  const characters = new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text.slice(0, max + 32));
  const end = characters.containing(max - 1)?.index ?? max - 1;
  return `${text.slice(0, end).trimEnd()}…`;
}

/** What is left for texts in one message. Each text takes its part; the last ones are cut. */
export class TextBudget {
  #left: number;
  #used = 0;

  /** @param chars UTF-16 units */
  constructor(chars: number) {
    this.#left = chars;
  }

  /** UTF-16 units. */
  get used(): number {
    return this.#used;
  }

  take(text: string, max: number): string {
    const taken = shorten(text, Math.min(max, this.#left));
    this.#left -= taken.length;
    this.#used += taken.length;
    return taken;
  }
}
