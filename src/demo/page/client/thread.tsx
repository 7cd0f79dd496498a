/** One message with its answers, beside the channel. */
import { type ReactNode, useState } from 'react';
import { Composer } from './composer.tsx';
import { Icon } from './icons.tsx';
import { Message } from './message.tsx';
import { MessageList } from './message-list.tsx';
import { usePage } from './page-context.ts';

export function Thread({ ts }: { readonly ts: string }): ReactNode {
  const { snapshot, words, openThread } = usePage();
  const [line, setLine] = useState('');
  const shown = snapshot.messages.filter((message) => message.ts === ts || message.threadTs === ts);
  const [root, ...replies] = shown;
  return (
    <section className="pane thread" aria-label={words.thread}>
      <header className="pane-header">
        <h2>{words.thread}</h2>
        <span className="pane-subtitle">#{snapshot.channel.name}</span>
        <button
          type="button"
          className="icon-button"
          aria-label={words.close}
          onClick={() => openThread(undefined)}
        >
          <Icon name="close" />
        </button>
      </header>
      <MessageList label={words.thread}>
        {root === undefined ? null : <Message message={root} />}
        {replies.length === 0 ? null : (
          <p className="thread-rule">
            <span>{words.replies(replies.length)}</span>
          </p>
        )}
        {replies.map((message) => (
          <Message key={message.ts} message={message} />
        ))}
      </MessageList>
      <Composer threadTs={ts} line={line} setLine={setLine} />
    </section>
  );
}
