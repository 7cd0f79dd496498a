/** Messages from top to bottom. New ones come into view, unless the reader has scrolled up to older ones. */
import { type ReactNode, useEffect, useRef } from 'react';

export interface MessageListProps {
  readonly label: string;
  readonly children: ReactNode;
}

const NEAR_PX = 80;

export function MessageList({ label, children }: MessageListProps): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const size = useRef('');
  // Whatever the reason: a new message, an edited one, a thread that opens beside and leaves less room.
  useEffect(() => {
    const { current } = list;
    if (current === null) return;
    const observer = new ResizeObserver(() => {
      size.current = sizeOf(current);
      if (isAtEnd.current) current.scrollTo({ top: current.scrollHeight });
    });
    observer.observe(current);
    if (current.firstElementChild !== null) observer.observe(current.firstElementChild);
    return () => observer.disconnect();
  }, []);
  return (
    <div
      ref={list}
      className="pane-scroll messages"
      role="log"
      aria-live="polite"
      aria-relevant="additions"
      aria-label={label}
      // Whoever reads by keyboard scrolls here.
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls
      tabIndex={0}
      onScroll={({ currentTarget }) => {
        // The browser moves it as well, when its size changes: that is not the reader's wish.
        if (sizeOf(currentTarget) !== size.current) return;
        const { scrollHeight, scrollTop, clientHeight } = currentTarget;
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      }}
    >
      <div>{children}</div>
    </div>
  );
}

const sizeOf = ({ scrollHeight, clientHeight, clientWidth }: Element): string =>
  `${scrollHeight} ${clientHeight} ${clientWidth}`;
