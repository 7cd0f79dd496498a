/** What every part of the page may want to know or to do. */
import { createContext, use } from 'react';
import type { Acted, Language, PagePerson, Snapshot } from '../page-state.ts';
import type { PageStore } from './page-store.ts';
import type { Words } from './words.ts';

export type Pane = 'channel' | 'thread' | 'home' | 'behind';

export interface Page {
  readonly store: PageStore;
  readonly snapshot: Snapshot;
  readonly you: PagePerson;
  readonly words: Words;
  readonly language: Language;
  readonly threadTs: string | undefined;
  openThread(ts: string | undefined): void;
  show(pane: Pane): void;
  /** Puts a line into the channel's composer. */
  compose(line: string): void;
  /** Says so where it does not work. */
  act(action: { readonly kind: string; readonly [key: string]: unknown }): Promise<Acted>;
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = use(PageContext);
  if (page === undefined) throw new Error('outside of the page');
  return page;
}
