/** The channel: what everybody reads, and what only this person does. */
import { type ReactNode, useMemo } from 'react';
import type { PageMessage } from '../page-state.ts';
import { Composer } from './composer.tsx';
import { Icon } from './icons.tsx';
import { Message } from './message.tsx';
import { MessageList } from './message-list.tsx';
import { usePage } from './page-context.ts';

export interface ChannelProps {
  readonly line: string;
  readonly setLine: (line: string) => void;
  readonly composed: number;
}

export function Channel({ line, setLine, composed }: ChannelProps): ReactNode {
  const { snapshot } = usePage();
  const { channel, direct, messages } = snapshot;
  const shown = useMemo(
    () =>
      messages.filter((message) => isInChannel(message) && [channel.id, direct].includes(message.channel)),
    [messages, channel.id, direct],
  );
  const replies = useMemo(() => repliesOf(messages), [messages]);
  return (
    <section className="pane channel" aria-label={`#${channel.name}`}>
      <header className="pane-header">
        <Icon name="hash" />
        <h2>{channel.name}</h2>
      </header>
      <MessageList label={`#${channel.name}`}>
        {shown.length === 0 ? <Beginning /> : null}
        {shown.map((message) => (
          <Message key={message.ts} message={message} replies={replies.get(message.ts)} />
        ))}
      </MessageList>
      <Composer line={line} setLine={setLine} composed={composed} />
    </section>
  );
}

/** What to try first. */
function Beginning(): ReactNode {
  const { snapshot, words, compose } = usePage();
  return (
    <div className="beginning">
      <h3>{words.emptyTitle}</h3>
      <p>{words.emptyText}</p>
      <ul>
        {(snapshot.behind?.pods ?? []).map(({ namespace, name, shows }) => (
          <li key={`${namespace}/${name}`}>
            <button type="button" onClick={() => compose(`${snapshot.command} ${namespace}/${name} `)}>
              <code>
                {namespace}/{name}
              </code>
              <span>{words.podShows[shows]}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const isInChannel = ({ threadTs, ts }: PageMessage): boolean => threadTs === undefined || threadTs === ts;

function repliesOf(messages: readonly PageMessage[]): Map<string, { count: number; lastTs: string }> {
  const replies = new Map<string, { count: number; lastTs: string }>();
  for (const { threadTs, ts } of messages) {
    if (threadTs === undefined || threadTs === ts) continue;
    replies.set(threadTs, { count: (replies.get(threadTs)?.count ?? 0) + 1, lastTs: ts });
  }
  return replies;
}
