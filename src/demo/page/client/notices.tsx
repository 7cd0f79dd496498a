/** What the page itself has to say: that the demo is gone, that something did not work. */
import { type ReactNode, useEffect } from 'react';
import { Icon } from './icons.tsx';
import type { Words } from './words.ts';

export const Stopped = ({ words }: { readonly words: Words }): ReactNode => (
  <div className="stopped" role="alert">
    <b>{words.stoppedTitle}</b> {words.stoppedText}
  </div>
);

export interface NoticeProps {
  readonly text: string;
  readonly words: Words;
  readonly close: () => void;
}

const SHOWN_MS = 8000;

export function Notice({ text, words, close }: NoticeProps): ReactNode {
  useEffect(() => {
    const timer = setTimeout(close, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [close]);
  return (
    <div className="notice" role="alert">
      <span>{text}</span>
      <button type="button" className="icon-button" aria-label={words.close} onClick={close}>
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
