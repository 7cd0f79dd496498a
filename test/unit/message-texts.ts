/** A message taken apart, to say where in it a text stands. */
import type { Block, Inline, Message } from '../../src/bot/chat/message.ts';

export interface TextAt {
  /** 'title', 'line/text', 'field label', 'quote', 'button label', … */
  readonly place: string;
  readonly text: string;
}

const inline = (where: string, node: Inline): TextAt => {
  switch (node.kind) {
    case 'text':
    case 'code':
      return { place: `${where}/${node.kind}`, text: node.text };
    case 'person':
      return { place: `${where}/person`, text: node.person };
    case 'group':
      return { place: `${where}/group`, text: node.group };
    case 'time':
      return { place: `${where}/time`, text: String(node.at) };
  }
};

function block(node: Block): TextAt[] {
  switch (node.kind) {
    case 'line':
    case 'note':
      return node.line.map((part) => inline(node.kind, part));
    case 'quote':
      return [{ place: 'quote', text: node.text }];
    case 'fields':
      return node.fields.flatMap(({ label, value }) => [
        { place: 'field label', text: label },
        ...value.map((part) => inline('field', part)),
      ]);
    case 'checklist':
      return node.items.flatMap(({ label, note }) => [
        { place: 'check label', text: label },
        ...(note === undefined ? [] : [{ place: 'check note', text: note }]),
      ]);
    case 'download':
      return [
        { place: 'download url', text: node.url },
        { place: 'download label', text: node.label },
      ];
  }
}

export const textsOf = (message: Message): TextAt[] => [
  { place: 'title', text: message.title },
  ...message.blocks.flatMap(block),
  ...message.buttons.flatMap(({ label, confirm }) => [
    { place: 'button label', text: label },
    ...(confirm === undefined ? [] : Object.values(confirm).map((text) => ({ place: 'confirm', text }))),
  ]),
];

/** Everything that is to be read, one after the other. */
export const readAloud = (message: Message): string =>
  textsOf(message)
    .map(({ text }) => text)
    .join(' | ');

/** In which kinds of places a text stands. */
export const placesOf = (message: Message, text: string): string[] => [
  ...new Set(
    textsOf(message)
      .filter((part) => part.text.includes(text))
      .map(({ place }) => place),
  ),
];

export const actionsOf = (message: Message): string[] => message.buttons.map(({ action }) => action);

/** What markup, mentions, links and controls of the platforms look like. */
export const HOSTILE =
  '<!channel> <@U0BOB> *bold* `code` [x](https://evil.example) <https://evil.example|Approve> @所有人 \u202e\0 $(id)';
