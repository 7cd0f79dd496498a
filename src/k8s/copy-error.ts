import { shortText } from './api-status.ts';
import { ExecError } from './exec-error.ts';

export type CopyErrorCode =
  // what the container lacks
  | 'no-shell'
  | 'no-tar'
  | 'no-head'
  // where it was to go
  | 'destination-missing' // the directory above it does not exist
  | 'not-a-directory'
  | 'is-a-directory'
  | 'read-only'
  | 'denied'
  | 'disk-full'
  // what was to go there
  | 'bad-path'
  | 'source-unreadable' // missing, changed while it was read, or neither file, directory nor symlink
  // the copy itself
  | 'mismatch' // what arrived is not what was sent
  | 'failed';

/** A copy into a container that did not work. Errors of the way itself are ExecErrors. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
  readonly code: CopyErrorCode;

  constructor(code: CopyErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const SAID: Readonly<Record<string, { code: CopyErrorCode; text: string }>> = {
  'no-tar': { code: 'no-tar', text: 'The container has no tar' },
  'no-head': { code: 'no-head', text: 'The container has no head' },
  'destination-missing': { code: 'destination-missing', text: 'The directory does not exist' },
  'not-a-directory': { code: 'not-a-directory', text: 'Not a directory' },
  'is-a-directory': { code: 'is-a-directory', text: 'A directory is in the way' },
  mismatch: { code: 'mismatch', text: 'What arrived is not what was sent' },
};

/**
 * Words of the C library for an errno, which musl and glibc share when LC_ALL is C; a shell has no other way to tell.
 * GNU tar says 'Wrote only 512 of 10240 bytes' when the room ends in the middle of a write.
 */
const BY_WORDS: readonly { words: RegExp; code: CopyErrorCode; text: string }[] = [
  {
    words: /no space left|quota exceeded|wrote only \d+ of|short write/i,
    code: 'disk-full',
    text: 'No room is left',
  },
  { words: /read-only file system/i, code: 'read-only', text: 'The file system is read-only' },
  {
    words: /permission denied|operation not permitted/i,
    code: 'denied',
    text: 'The container user may not write there',
  },
];

/** @param line 'error <code> <details>' as our scripts print it */
export const copyErrorOfLine = (line: string, to: string): CopyError => {
  const [, word = '', details = ''] = /^error (\S+) ?(.*)$/s.exec(line) ?? [];
  const known = SAID[word] ?? BY_WORDS.find(({ words }) => words.test(details));
  if (known !== undefined) return new CopyError(known.code, `${known.text}: ${to}`);
  return new CopyError('failed', `Copying to ${to} failed: ${shortText(details || line)}`);
};

/** Our scripts need sh; everything else that went wrong with the exec stays as it is. */
export const orNoShell = (error: unknown): unknown =>
  error instanceof ExecError && error.code === 'cannot-start'
    ? new CopyError('no-shell', 'The container has no shell', error)
    : error;
