/** Where people type: messages, mentions of the bot, and slash commands with completion. */
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { type Completion, completionsFor } from './completion.ts';
import { Icon } from './icons.tsx';
import { usePage } from './page-context.ts';

export interface ComposerProps {
  /** In a thread there are no slash commands. */
  readonly threadTs?: string | undefined;
  readonly line: string;
  readonly setLine: (line: string) => void;
  /** Changes when the line was put there from elsewhere: the cursor goes there too. */
  readonly composed?: number;
}

export function Composer({ threadTs, line, setLine, composed = 0 }: ComposerProps): ReactNode {
  const { snapshot, words, act, language } = usePage();
  const id = useId();
  const input = useRef<HTMLTextAreaElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const [isShut, setShut] = useState(true);
  const isThread = threadTs !== undefined;
  const found = isThread || isShut ? [] : completionsFor(line, snapshot, words);
  const label = isThread ? words.threadComposer : words.composer(snapshot.channel.name);

  useEffect(() => {
    if (composed === 0) return;
    setShut(false);
    setActive(-1);
    const end = input.current?.value.length ?? 0;
    input.current?.focus();
    input.current?.setSelectionRange(end, end);
  }, [composed]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: its height follows its text
  useEffect(() => {
    if (input.current === null) return;
    input.current.style.height = '0';
    input.current.style.height = `${Math.min(input.current.scrollHeight, 140)}px`;
  }, [line]);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const typed = (text: string): void => {
    setLine(text);
    setShut(false);
    setActive(-1);
  };
  const send = async (text: string): Promise<void> => {
    const said = text.trim();
    if (said === '') return;
    typed('');
    setShut(true);
    const acted = await act(actionFor(said));
    // What could not be sent is not lost.
    if (!acted.ok) setLine(text);
  };
  const take = (completion: Completion, isSent: boolean): void => {
    if (isSent && completion.isWhole) void send(completion.line);
    else {
      typed(completion.line);
      input.current?.focus();
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const chosen = found[active];
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        if (found.length === 0) return;
        event.preventDefault();
        const step = event.key === 'ArrowDown' ? 1 : -1;
        const from = active === -1 && step === -1 ? 0 : active;
        setActive((from + step + found.length) % found.length);
        return;
      }
      case 'Tab': {
        const best = chosen ?? found[0];
        if (best === undefined || event.shiftKey) return;
        event.preventDefault();
        take(best, false);
        return;
      }
      case 'Enter':
        if (event.shiftKey) return;
        event.preventDefault();
        if (chosen === undefined) void send(line);
        else take(chosen, true);
        return;
      case 'Escape':
        setActive(-1);
        setShut(true);
    }
  };

  function actionFor(said: string): { readonly kind: string; readonly [key: string]: unknown } {
    const { command } = snapshot;
    const behind = said.slice(command.length);
    const isCommand = said.startsWith(command) && (behind === '' || /^\s/.test(behind));
    if (isCommand && !isThread) return { kind: 'slash', text: behind.trim() };
    const where = isThread ? { threadTs } : {};
    const [mention] = /^@heapdump(?=\s|$)/i.exec(said) ?? [];
    if (mention !== undefined) return { kind: 'mention', text: said.slice(mention.length).trim(), ...where };
    return { kind: 'say', text: said, ...where };
  }

  return (
    <div className="composer">
      {found.length === 0 ? null : (
        <div
          className="completions"
          id={`${id}-list`}
          ref={list}
          role="listbox"
          aria-label={words.completions}
        >
          {found.map((completion, at) => (
            <div
              key={completion.label}
              id={`${id}-${at}`}
              role="option"
              aria-selected={at === active}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(completion, true)}
            >
              <b>{completion.label}</b>
              <span>{completion.hint}</span>
            </div>
          ))}
        </div>
      )}
      {isThread && line.startsWith('/') ? <p className="composer-hint">{words.threadHint}</p> : null}
      <div className="composer-box">
        <textarea
          ref={input}
          rows={1}
          lang={language}
          role="combobox"
          aria-label={label}
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 && found.length > 0 ? `${id}-${active}` : undefined}
          placeholder={label}
          spellCheck={false}
          autoComplete="off"
          value={line}
          onChange={(event) => typed(event.target.value)}
          onKeyDown={onKeyDown}
          onBlur={() => setShut(true)}
          onFocus={() => setShut(false)}
        />
        <button
          type="button"
          className="send"
          aria-label={words.send}
          aria-disabled={line.trim() === ''}
          onClick={() => void send(line)}
        >
          <Icon name="send" />
        </button>
      </div>
    </div>
  );
}
