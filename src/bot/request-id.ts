import { randomInt } from 'node:crypto';

/** Without letters that read like digits or like each other. */
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz';

/** Eight letters and digits, some 8.5 × 10^11 of them: short enough to type, and nothing follows from knowing one. */
export const newRequestId = (): string =>
  Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
