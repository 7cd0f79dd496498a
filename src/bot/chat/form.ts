/** Forms as the product means them: a platform that has them draws them in its own way. */

/** What allows a form to be opened, for a few seconds. Opaque; never stored, never logged. */
export type FormTicket = string & { readonly __formTicket?: never };

export interface FormChoice {
  /** At most 75 characters. */
  readonly value: string;
  readonly label: string;
  /** Small print below the label. */
  readonly note?: string;
}

interface Asking {
  readonly key: string;
  readonly label: string;
  readonly placeholder?: string;
  readonly optional?: boolean;
  /** The person's entry stays as long as this does; with another basis the field begins anew. */
  readonly basis: string;
}

export type FormField =
  /** Choices come from `onSearch`. */
  | (Asking & { readonly kind: 'search'; readonly chosen?: FormChoice })
  /** 100 choices at most; the first ones are kept. `tells`: `onChange` is called for each choice. */
  | (Asking & {
      readonly kind: 'choice';
      readonly choices: readonly FormChoice[];
      readonly chosen?: FormChoice;
      readonly tells: boolean;
    })
  | (Asking & {
      readonly kind: 'text';
      readonly entry?: string;
      readonly hint?: string;
      readonly maxLength: number;
      readonly multiline?: boolean;
    })
  /** A sentence. `warning`: something does not work as it should. */
  | { readonly kind: 'notice'; readonly line: string; readonly tone: 'plain' | 'warning' }
  /** A button; `onChange` is called with its key. */
  | { readonly kind: 'button'; readonly key: string; readonly label: string };

export interface Form {
  readonly title: string;
  /** Absent where there is nothing to submit. */
  readonly submit?: string;
  readonly cancel: string;
  readonly fields: readonly FormField[];
  /** Comes back with everything that is done in the form. 1500 characters at most. */
  readonly memo: string;
}

/** A form that is open before a person. */
export interface OpenForm {
  /** Shows another one in its place; nothing happens where the person has closed it or it has changed since. Never throws. */
  show(form: Form): Promise<void>;
}
