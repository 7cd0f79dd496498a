/** What stands inside a line: people, groups, times, links. */
import type { ReactNode } from 'react';
import { usePage } from './page-context.ts';
import { slackDate } from './show.ts';

export function Mention({ id }: { readonly id: string }): ReactNode {
  const { snapshot, you } = usePage();
  const name = Object.hasOwn(snapshot.names, id) ? snapshot.names[id] : id;
  return <span className={id === you.id ? 'mention mention-you' : 'mention'}>@{name}</span>;
}

export function ChannelName({ id }: { readonly id: string }): ReactNode {
  const { names } = usePage().snapshot;
  return <span className="mention">#{Object.hasOwn(names, id) ? names[id] : id}</span>;
}

export function DateText({
  seconds,
  format,
}: {
  readonly seconds: number;
  readonly format: string;
}): ReactNode {
  const { words, language } = usePage();
  const at = new Date(seconds * 1000);
  return (
    <time dateTime={at.toISOString()} title={at.toLocaleString(language)}>
      {slackDate(seconds, format, { words, language })}
    </time>
  );
}

/** A heap dump's link is a capability: no page learns from where it was opened. */
export function OutLink({
  url,
  children,
}: {
  readonly url: string;
  readonly children: ReactNode;
}): ReactNode {
  if (!/^https?:\/\//.test(url)) return children;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
