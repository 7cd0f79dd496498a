/**
 * The variables of the card template deploy/dingtalk-card.json. DingTalk takes strings alone:
 * https://open.dingtalk.com/document/orgapp/create-and-deliver-cards . Pure.
 */
import type { Message } from '../message.ts';
import { onOneLine, shorten } from '../shown-text.ts';
import type { Rendered } from './markdown.ts';

/** Variables of the template by name. A name that is left out keeps its value when a card is changed. */
export type CardVariables = Readonly<Record<string, string>>;

const BUTTON_CHARS = 40;

/** Everything but the progress, which another message brings; empty strings take away what stood there. */
export function cardVariables(message: Message, rendered: Rendered): CardVariables {
  return {
    title: rendered.title,
    tone: message.tone,
    markdown: rendered.paragraphs.join('\n\n'),
    buttons: JSON.stringify(message.buttons.map(cardButton)),
    ...(rendered.progress === '' ? {} : { progress: rendered.progress }),
  };
}

/** A button of the template's button list: https://open.dingtalk.com/document/orgapp/button-group */
function cardButton({ action, label, style }: Message['buttons'][number]): object {
  return {
    text: shorten(onOneLine(label), BUTTON_CHARS),
    color: style === 'primary' ? 'blue' : style === 'danger' ? 'red' : 'gray',
    status: 'normal',
    // Which request it is follows from the card; parameters would come back from the client of whoever presses.
    event: { type: 'sendCardRequest', params: { actionId: action, params: {} } },
  };
}
