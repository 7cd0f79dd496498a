/** Slack's markup in `mrkdwn` and message texts: https://docs.slack.dev/messaging/formatting-message-text */
import { Fragment, type ReactNode } from 'react';
import { ChannelName, DateText, Mention, OutLink } from './inline.tsx';

const PIECE =
  /<([^<>\n]+)>|```([\s\S]+?)```|`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<![\w_])_([^_\n]+)_(?![\w_])/g;

export function Markup({ text }: { readonly text: string }): ReactNode {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const found of text.matchAll(PIECE)) {
    parts.push(unescaped(text.slice(end, found.index)), piece(found));
    end = found.index + found[0].length;
  }
  parts.push(unescaped(text.slice(end)));
  return parts.map((part, at) => <Fragment key={at}>{part}</Fragment>);
}

function piece([, tag, block, code, bold, italic]: RegExpMatchArray): ReactNode {
  if (tag !== undefined) return tagged(tag);
  if (block !== undefined) return <pre>{unescaped(block)}</pre>;
  if (code !== undefined) return <code>{unescaped(code)}</code>;
  if (bold !== undefined) return <b>{unescaped(bold)}</b>;
  return <i>{unescaped(italic ?? '')}</i>;
}

function tagged(tag: string): ReactNode {
  const [what = '', label] = tag.split('|');
  const [, seconds, format = ''] = /^!date\^(\d+)\^([^^]*)/.exec(what) ?? [];
  if (seconds !== undefined) return <DateText seconds={Number(seconds)} format={format} />;
  const [, group] = /^!subteam\^(\w+)/.exec(what) ?? [];
  if (group !== undefined) return <Mention id={group} />;
  if (what.startsWith('@')) return <Mention id={what.slice(1)} />;
  if (what.startsWith('#')) return <ChannelName id={what.slice(1)} />;
  if (what.startsWith('!')) return <span className="mention">@{label ?? what.slice(1)}</span>;
  return <OutLink url={unescaped(what)}>{unescaped(label ?? what)}</OutLink>;
}

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
