/**
 * Messages as the product means them. A platform renders them in its own way; whatever stands in `text`, `code`
 * or a field came from people or pods and is shown as text: it never becomes markup, a mention or a link.
 */

/** `slack:U012ABC`. The platform's name, then the id that the platform's signed payload gave. */
export type PersonRef = `${string}:${string}`;

export type Inline =
  | { readonly kind: 'text'; readonly text: string; readonly bold?: boolean }
  | { readonly kind: 'code'; readonly text: string }
  /** Shown as the platform's mention; pings that person where the platform does. */
  | { readonly kind: 'person'; readonly person: PersonRef }
  /** `slack:group:S012ABC`: shown as the platform's mention of a group. */
  | { readonly kind: 'group'; readonly group: string }
  /** Milliseconds since the epoch; shown in the reader's zone where the platform can. */
  | { readonly kind: 'time'; readonly at: number };

export type Line = readonly Inline[];

/** cancelled: it was stopped here, and nothing went wrong. */
export type CheckState = 'waiting' | 'running' | 'finished' | 'failed' | 'cancelled' | 'skipped';

export type Block =
  | { readonly kind: 'line'; readonly line: Line }
  | { readonly kind: 'quote'; readonly text: string }
  | { readonly kind: 'fields'; readonly fields: readonly { readonly label: string; readonly value: Line }[] }
  | {
      readonly kind: 'checklist';
      readonly items: readonly {
        readonly state: CheckState;
        readonly label: string;
        readonly note?: string;
        /** Of one that runs: how much of it is done, from 0 to 1. */
        readonly fraction?: number;
        /** Its end is worth a message of its own where messages cannot be edited. */
        readonly milestone?: boolean;
      }[];
    }
  /** Small print. */
  | { readonly kind: 'note'; readonly line: Line }
  /** A link that neither the platform nor a client may fetch for a preview. */
  | { readonly kind: 'download'; readonly url: string; readonly label: string };

export const ACTIONS = ['approve', 'deny', 'cancel', 'retry', 'new-link'] as const;
export type Action = (typeof ACTIONS)[number];

export interface Button {
  readonly action: Action;
  readonly requestId: string;
  readonly label: string;
  readonly style?: 'primary' | 'danger';
  /** Asked for by the platform before the click is sent, where it can. */
  readonly confirm?: {
    readonly title: string;
    readonly text: string;
    readonly yes: string;
    readonly no: string;
  };
}

export interface Message {
  readonly tone: 'neutral' | 'waiting' | 'good' | 'bad';
  /** One plain line: the title, and what notifications and screen readers say. */
  readonly title: string;
  readonly blocks: readonly Block[];
  readonly buttons: readonly Button[];
}
