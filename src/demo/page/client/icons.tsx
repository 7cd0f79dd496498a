/** Drawn here: no font of emoji is needed, and they look alike everywhere. */
import type { ReactNode } from 'react';

interface IconProps {
  readonly name: IconName;
  readonly size?: number;
}

export type IconName =
  | 'hash'
  | 'home'
  | 'thread'
  | 'gauge'
  | 'close'
  | 'send'
  | 'eye'
  | 'chevron'
  | 'back'
  | 'file'
  | 'lock';

const PATHS: Readonly<Record<IconName, string>> = {
  hash: 'M9 4 7 20M17 4l-2 16M4 9h17M3 15h17',
  home: 'M4 11.5 12 5l8 6.5V20h-5.5v-5h-5v5H4z',
  thread: 'M4 5h16v11H10l-4.5 4v-4H4zM8 9h8M8 12.5h5',
  gauge: 'M4 18a9 9 0 1 1 16 0M12 15l4-5.5',
  close: 'M6 6l12 12M18 6 6 18',
  send: 'M4 12 20 4l-4.5 16-4-6.5zM11.5 13.5 20 4',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  chevron: 'M6 9.5l6 6 6-6',
  back: 'M15 5l-7 7 7 7',
  file: 'M7 3.5h7l4 4V20.5H7zM14 3.5v4h4',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
};

export const Icon = ({ name, size = 18 }: IconProps): ReactNode => (
  <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);

/** The bot's picture: a heap, being taken down. */
export const BotFace = (): ReactNode => (
  <svg viewBox="0 0 32 32" aria-hidden="true">
    <path d="M8 23h16M10.5 18.5h11M13 14h6" />
    <path d="M16 5.5v4.5m-2.2-2 2.2 2.2L18.2 8" />
  </svg>
);

interface Glyph {
  readonly tone: 'good' | 'bad' | 'waiting' | 'running' | 'quiet';
  readonly path: string;
  readonly filled: boolean;
}

/** The emoji that tell a state. */
const GLYPHS: Readonly<Record<string, Glyph>> = {
  white_check_mark: { tone: 'good', path: 'M4.5 8.3 7 10.8l4.6-5.3', filled: true },
  x: { tone: 'bad', path: 'M5.5 5.5l5 5m0-5-5 5', filled: true },
  warning: { tone: 'bad', path: 'M8 4.5v4.2M8 11.2v.3', filled: true },
  hourglass_flowing_sand: { tone: 'waiting', path: 'M8 4.8V8l2.3 1.5', filled: true },
  arrow_forward: { tone: 'running', path: '', filled: false },
  white_circle: { tone: 'quiet', path: '', filled: false },
  no_entry_sign: { tone: 'quiet', path: 'M4.7 11.3l6.6-6.6', filled: false },
  heavy_minus_sign: { tone: 'quiet', path: 'M5 8h6', filled: false },
};

export function Emoji({ name, unicode }: { readonly name: string; readonly unicode: string }): ReactNode {
  const glyph = Object.hasOwn(GLYPHS, name) ? GLYPHS[name] : undefined;
  const label = name.replaceAll('_', ' ');
  if (glyph === undefined) {
    return (
      <span role="img" aria-label={label}>
        {characters(unicode) ?? `:${name}:`}
      </span>
    );
  }
  return (
    <svg
      className={`glyph glyph-${glyph.tone}${glyph.filled ? ' glyph-filled' : ''}`}
      viewBox="0 0 16 16"
      role="img"
      aria-label={label}
    >
      <circle cx="8" cy="8" r="6.5" />
      {glyph.path === '' ? null : <path d={glyph.path} />}
    </svg>
  );
}

/** `26a0-fe0f` */
function characters(unicode: string): string | undefined {
  const points = unicode.split('-').map((hex) => Number.parseInt(hex, 16));
  return points.every((point) => point > 0 && point <= 0x10ffff)
    ? String.fromCodePoint(...points)
    : undefined;
}
