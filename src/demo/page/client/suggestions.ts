/** What the app offers for the letters typed into a menu: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select */
import { useEffect, useState } from 'react';
import type { FormState } from './form-state.ts';
import { type Json, listOf } from './json.ts';
import { usePage } from './page-context.ts';

export type Found =
  | { readonly kind: 'options'; readonly options: readonly Json[] }
  | { readonly kind: 'searching' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'too-short'; readonly missing: number };

export interface Search {
  readonly form: FormState;
  readonly blockId: string;
  readonly element: Json;
  readonly isOpen: boolean;
  readonly query: string;
}

const DEFAULT_LEAST = 3;
const PAUSE_MS = 120;

export function useSuggestions({ form, blockId, element, isOpen, query }: Search): Found {
  const { store } = usePage();
  const [found, setFound] = useState<Found>({ kind: 'searching' });
  const isExternal = element.type === 'external_select';
  const least = typeof element.min_query_length === 'number' ? element.min_query_length : DEFAULT_LEAST;
  const { viewId } = form;
  useEffect(() => {
    if (!isExternal || !isOpen) return;
    if (query.length < least) return setFound({ kind: 'too-short', missing: least - query.length });
    setFound({ kind: 'searching' });
    let isStale = false;
    const timer = setTimeout(
      async () => {
        const acted = await store.act({ kind: 'suggest', view: viewId, field: blockId, query });
        if (isStale) return;
        setFound(acted.ok ? { kind: 'options', options: listOf(acted.options) } : { kind: 'failed' });
      },
      query === '' ? 0 : PAUSE_MS,
    );
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [isExternal, isOpen, query, least, viewId, blockId, store]);
  return found;
}
