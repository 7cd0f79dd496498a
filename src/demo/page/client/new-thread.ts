/** A thread that begins while one looks on opens by itself, where there is room for it beside the channel. */
import { useEffect, useRef } from 'react';
import type { Snapshot } from '../page-state.ts';

const ROOM = '(min-width: 1000px)';

export function useNewThread({ messages, channel, demo }: Snapshot, open: (ts: string) => void): void {
  const known = useRef<{ readonly demo: string; readonly threads: Set<string> }>(undefined);
  useEffect(() => {
    const threads = messages.flatMap(({ threadTs, ts, channel: place }) =>
      threadTs !== undefined && threadTs !== ts && place === channel.id ? [threadTs] : [],
    );
    const fresh = known.current === undefined ? [] : threads.filter((ts) => !known.current?.threads.has(ts));
    known.current = { demo, threads: new Set(threads) };
    const newest = fresh.at(-1);
    if (newest !== undefined && window.matchMedia(ROOM).matches) open(newest);
  }, [messages, channel.id, demo, open]);
}
