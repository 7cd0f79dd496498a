/** A menu that can be searched: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ . Its options are in the view, or the app's. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { entryOf, type FormState, optionsOf } from './form-state.ts';
import { Icon } from './icons.tsx';
import { type Json, textOf, wordsOf } from './json.ts';
import { usePage } from './page-context.ts';
import { type Found, useSuggestions } from './suggestions.ts';

export interface ComboboxProps {
  readonly id: string;
  readonly described: string;
  readonly blockId: string;
  readonly element: Json;
  readonly form: FormState;
  /** The app hears of each choice. */
  readonly isTold: boolean;
}

export function Combobox({ id, described, blockId, element, form, isTold }: ComboboxProps): ReactNode {
  const { words } = usePage();
  const [isOpen, setOpen] = useState(false);
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const chosen = form.entry(blockId, element);
  const external = useSuggestions({ form, blockId, element, isOpen, query });
  const found: Found = element.type === 'external_select' ? external : listed(element, query);
  const options = found.kind === 'options' ? found.options : [];

  // biome-ignore lint/correctness/useExhaustiveDependencies: other options, another beginning
  useEffect(() => setActive(0), [query, found.kind]);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const close = (): void => {
    setOpen(false);
    setQuery('');
  };
  const choose = (option: Json): void => {
    form.enter(blockId, element, entryOf(option), isTold);
    close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault();
        if (!isOpen) setOpen(true);
        else if (options.length > 0) {
          const step = event.key === 'ArrowDown' ? 1 : -1;
          setActive((at) => (at + step + options.length) % options.length);
        }
        return;
      }
      case 'Enter': {
        const option = options[active];
        event.preventDefault();
        if (!isOpen) setOpen(true);
        else if (option !== undefined) choose(option);
        return;
      }
      case 'Escape':
        if (!isOpen) return;
        // The form stays: this closes the menu alone.
        event.preventDefault();
        event.stopPropagation();
        close();
        return;
      case 'Backspace':
        if (query === '' && chosen.value !== '')
          form.enter(blockId, element, { value: '', label: '' }, isTold);
    }
  };

  return (
    <div className="combobox">
      <input
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && options.length > 0 ? `${id}-${active}` : undefined}
        aria-describedby={described || undefined}
        placeholder={chosen.label || wordsOf(element.placeholder) || words.choose}
        className={chosen.value === '' ? '' : 'combobox-chosen'}
        value={isOpen ? query : chosen.label}
        onClick={() => setOpen(true)}
        onBlur={close}
        onChange={(event) => {
          setOpen(true);
          setQuery(event.target.value);
        }}
        onKeyDown={onKeyDown}
      />
      <Icon name="chevron" size={16} />
      {isOpen ? (
        // A press must not take the focus from the field, which would close the menu first.
        // biome-ignore lint/a11y/noStaticElementInteractions: the keys are the input's
        <div className="combobox-menu" onMouseDown={(event) => event.preventDefault()}>
          {found.kind === 'options' && options.length > 0 ? null : (
            <p className="combobox-note">{noteOf()}</p>
          )}
          <div id={`${id}-list`} ref={list} className="combobox-list" role="listbox">
            {options.map((option, at) => (
              <div
                key={textOf(option.value)}
                id={`${id}-${at}`}
                role="option"
                aria-selected={at === active}
                onMouseEnter={() => setActive(at)}
                onClick={() => choose(option)}
              >
                <span>{wordsOf(option.text)}</span>
                {option.description === undefined ? null : <small>{wordsOf(option.description)}</small>}
              </div>
            ))}
          </div>
        </div>
      ) : null}
    </div>
  );

  function noteOf(): string {
    switch (found.kind) {
      case 'options':
        return words.nothingFound;
      case 'searching':
        return words.searching;
      case 'failed':
        return words.searchFailed;
      case 'too-short':
        return words.typeMore(found.missing);
    }
  }
}

function listed(element: Json, query: string): Found {
  const wanted = query.trim().toLowerCase();
  const options = optionsOf(element).filter((option) => wordsOf(option.text).toLowerCase().includes(wanted));
  return { kind: 'options', options };
}
