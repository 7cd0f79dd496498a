/** One message, as the bot or a person wrote it. */
import { memo, type ReactNode } from 'react';
import type { PageMessage } from '../page-state.ts';
import { Avatar } from './avatar.tsx';
import { Blocks } from './blocks.tsx';
import { Icon } from './icons.tsx';
import { Markup } from './markup.tsx';
import { usePage } from './page-context.ts';
import { clock, millisOf } from './show.ts';

export interface MessageProps {
  readonly message: PageMessage;
  /** In the channel: how many answers it has in its thread, and when the last one came. */
  readonly replies?: { readonly count: number; readonly lastTs: string } | undefined;
}

export const Message = memo(function Message({ message, replies }: MessageProps): ReactNode {
  const { snapshot, words, language, act, openThread, threadTs } = usePage();
  const { author, fromBot, ts, channel, isPrivate, blocks, text, edits } = message;
  const at = millisOf(ts);
  return (
    <article
      className={`message${isPrivate || channel === snapshot.direct ? ' message-private' : ''}`}
      data-ts={ts}
    >
      {isPrivate ? (
        <p className="message-only-you">
          <Icon name="eye" size={14} /> {words.onlyYou}
        </p>
      ) : null}
      {channel === snapshot.direct ? (
        <p className="message-only-you">
          <Icon name="lock" size={14} /> {words.direct}
        </p>
      ) : null}
      <Avatar id={author} isBot={fromBot} />
      <header>
        <b>{fromBot ? words.app : (snapshot.names[author] ?? author)}</b>
        {fromBot ? <span className="app-tag">APP</span> : null}
        <time dateTime={new Date(at).toISOString()}>{clock(at, language)}</time>
      </header>
      <div className="message-body">
        {blocks.length === 0 ? (
          <p className="block">
            <Markup text={text} />
            {edits > 0 ? <small> ({words.edited})</small> : null}
          </p>
        ) : (
          <Blocks
            blocks={blocks}
            press={async (blockId, actionId) => {
              await act({ kind: 'click', channel, ts, blockId, actionId });
            }}
          />
        )}
        {replies === undefined ? null : (
          <button
            type="button"
            className="replies"
            aria-expanded={threadTs === ts}
            onClick={() => openThread(ts)}
          >
            <Icon name="thread" size={16} />
            <b>{words.replies(replies.count)}</b>
            <span>{clock(millisOf(replies.lastTs), language)}</span>
          </button>
        )}
      </div>
    </article>
  );
});
