/** `rich_text` blocks: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
import type { ReactNode } from 'react';
import { Emoji } from './icons.tsx';
import { ChannelName, DateText, Mention, OutLink } from './inline.tsx';
import { isJson, type Json, listOf, textOf } from './json.ts';

export const RichText = ({ elements }: { readonly elements: readonly Json[] }): ReactNode =>
  elements.map((element, at) => <Section key={at} element={element} />);

function Section({ element }: { readonly element: Json }): ReactNode {
  const children = <Inlines elements={listOf(element.elements)} />;
  switch (element.type) {
    case 'rich_text_quote':
      return <blockquote>{children}</blockquote>;
    case 'rich_text_preformatted':
      return <pre>{children}</pre>;
    case 'rich_text_list': {
      const items = listOf(element.elements).map((item, at) => (
        <li key={at}>
          <Inlines elements={listOf(item.elements)} />
        </li>
      ));
      return element.style === 'ordered' ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    default:
      return <p>{children}</p>;
  }
}

/** Lines become elements of their own, so that a long one can hang under its label or glyph. */
function Inlines({ elements }: { readonly elements: readonly Json[] }): ReactNode {
  const lines: Json[][] = [[]];
  for (const element of elements) {
    const [first = '', ...more] = textOf(element.text).split('\n');
    if (element.type !== 'text' || more.length === 0) {
      lines.at(-1)?.push(element);
      continue;
    }
    if (first !== '') lines.at(-1)?.push({ ...element, text: first });
    for (const line of more) lines.push(line === '' ? [] : [{ ...element, text: line }]);
  }
  return lines.map((line, at) => (
    <span className={`line ${kindOf(line)}`} key={at}>
      {line.map((element, place) => (
        <InlineElement key={place} element={element} />
      ))}
    </span>
  ));
}

/** A line that begins with an emoji hangs. */
const kindOf = ([first]: readonly Json[]): string => (first?.type === 'emoji' ? 'line-marked' : '');

function InlineElement({ element }: { readonly element: Json }): ReactNode {
  switch (element.type) {
    case 'text':
      return styled(element, textOf(element.text));
    case 'link': {
      const url = textOf(element.url);
      return styled(element, <OutLink url={url}>{textOf(element.text) || url}</OutLink>);
    }
    case 'emoji':
      return <Emoji name={textOf(element.name)} unicode={textOf(element.unicode)} />;
    case 'user':
      return <Mention id={textOf(element.user_id)} />;
    case 'usergroup':
      return <Mention id={textOf(element.usergroup_id)} />;
    case 'channel':
      return <ChannelName id={textOf(element.channel_id)} />;
    case 'broadcast':
      return <span className="mention">@{textOf(element.range)}</span>;
    case 'date':
      return <DateText seconds={Number(element.timestamp)} format={textOf(element.format)} />;
    default:
      return null;
  }
}

function styled({ style }: Json, content: ReactNode): ReactNode {
  if (!isJson(style)) return content;
  let shown = content;
  if (style.code === true) shown = <code>{shown}</code>;
  if (style.bold === true) shown = <b>{shown}</b>;
  if (style.italic === true) shown = <i>{shown}</i>;
  if (style.strike === true) shown = <s>{shown}</s>;
  return shown;
}
