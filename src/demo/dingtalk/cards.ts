/** Interactive cards: instances of templates, each with data for all and data for single people. */
import type { Card, Params } from './card.ts';
import type { ChatLog, Content } from './chat-log.ts';
import { type JsonObject, listOf, objectOf, parseJson, textOf } from './json.ts';

export interface CardButton {
  /** What the callback names in `actionIds`; undefined for a button that opens a link or does nothing. */
  readonly actionId: string | undefined;
  readonly label: string;
  readonly style: string | undefined;
  readonly disabled: boolean;
  readonly url: string | undefined;
  /** Parameters of the callback, as the template or the variable has them. */
  readonly params: JsonObject;
}

/** What a template makes of its variables. */
export interface CardFace {
  readonly title: string;
  readonly markdown: string;
  readonly buttons: readonly CardButton[];
}

export interface CardTemplate {
  /** Such as `3f1c….schema`. */
  readonly id: string;
  /** Default true. */
  readonly isPublished?: boolean;
  show(variables: Params): CardFace;
}

export interface CardChange {
  /** Undefined changes nothing. */
  readonly params: Params | undefined;
  readonly privateParams: Readonly<Record<string, Params>>;
  /** Keep the variables that the change does not name. */
  readonly byKey: boolean;
  readonly privateByKey: boolean;
}

export class Cards {
  readonly #log: ChatLog;
  readonly #templates = new Map<string, CardTemplate>();
  readonly #cards = new Map<string, Card>();

  constructor(log: ChatLog) {
    this.#log = log;
  }

  addTemplate(template: CardTemplate): void {
    this.#templates.set(template.id, template);
  }

  template(id: string): CardTemplate | undefined {
    return this.#templates.get(id);
  }

  add(card: Card): void {
    this.#cards.set(card.outTrackId, card);
  }

  remove(outTrackId: string): void {
    this.#cards.delete(outTrackId);
  }

  find(outTrackId: string | undefined): Card | undefined {
    return this.#cards.get(outTrackId ?? '');
  }

  all(): Card[] {
    return [...this.#cards.values()];
  }

  change(before: Card, change: CardChange): Card {
    const privateParams = { ...before.privateParams };
    for (const [person, params] of Object.entries(change.privateParams)) {
      privateParams[person] = change.privateByKey ? { ...privateParams[person], ...params } : params;
    }
    const params =
      change.params === undefined
        ? before.params
        : change.byKey
          ? { ...before.params, ...change.params }
          : change.params;
    const card: Card = { ...before, params, privateParams, updates: before.updates + 1 };
    this.#cards.set(card.outTrackId, card);
    this.#log.showCard(card, this.contentOf(card));
    return card;
  }

  /** @param personId whose private data count; undefined for what everybody sees */
  faceOf(card: Card, personId?: string): CardFace {
    const template = this.#templates.get(card.templateId);
    if (template === undefined) throw new Error(`no template ${card.templateId}`);
    const own = personId === undefined ? undefined : card.privateParams[personId];
    return template.show({ ...card.params, ...own });
  }

  contentOf(card: Card): Content {
    const face = this.faceOf(card);
    return { kind: 'markdown', title: face.title, text: face.markdown };
  }
}

/**
 * Buttons as the card builder's button group takes them from a variable:
 * `[{ text, color, status, event: { type: 'sendCardRequest', params: { actionId, params } } }]`; `openLink` has `params.url`.
 * @param variable JSON; anything else makes no button
 */
function buttonsOf(variable: string | undefined): CardButton[] {
  return listOf(parseJson(variable ?? '')).map((each) => {
    const button = objectOf(each);
    const event = objectOf(button.event);
    const params = objectOf(event.params);
    const sends = event.type === 'sendCardRequest';
    return {
      actionId: sends ? textOf(params.actionId) : undefined,
      label: textOf(button.text) ?? '',
      style: textOf(button.color),
      disabled: button.status === 'disabled',
      url: sends ? undefined : textOf(params.url),
      params: sends ? objectOf(params.params) : {},
    };
  });
}

/** Which variable a part of a card shows. */
export interface CardLayout {
  readonly title: string;
  /** Markdown components, one below the other; empty ones take no room. */
  readonly markdown: readonly string[];
  /** Of a button group, see `buttonsOf`. */
  readonly buttons: string;
}

const PLAIN_LAYOUT: CardLayout = { title: 'title', markdown: ['markdown', 'progress'], buttons: 'buttons' };

/** A template of a title, markdown components and a button group. */
export function plainTemplate(id: string, layout: Partial<CardLayout> = {}): CardTemplate {
  const { title, markdown, buttons } = { ...PLAIN_LAYOUT, ...layout };
  return {
    id,
    show: (variables) => ({
      title: variables[title] ?? '',
      markdown: markdown
        .map((name) => variables[name] ?? '')
        .filter((part) => part !== '')
        .join('\n\n'),
      buttons: buttonsOf(variables[buttons]),
    }),
  };
}
