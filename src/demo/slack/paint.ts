/** How emphasis looks in a text. */

export interface Paint {
  bold(text: string): string;
  code(text: string): string;
  dim(text: string): string;
  button(label: string, style: string | undefined): string;
}

/** For files and assertions. */
export const PLAIN: Paint = {
  bold: (text) => text,
  code: (text) => `\`${text}\``,
  dim: (text) => text,
  button: (label) => `[${label}]`,
};

const sgr = (code: string, text: string) => `\u001b[${code}m${text}\u001b[0m`;

/** For terminals with colours. */
export const ANSI: Paint = {
  bold: (text) => sgr('1', text),
  code: (text) => sgr('36', text),
  dim: (text) => sgr('2', text),
  button: (label, style) => sgr(BUTTON_COLOURS[style ?? ''] ?? '7', ` ${label} `),
};

// White on green, white on red; other buttons are inverted.
const BUTTON_COLOURS: Record<string, string> = { primary: '1;97;42', danger: '1;97;41' };
