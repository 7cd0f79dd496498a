/** A button of the bot's, which may ask first. */
import { type ReactNode, useId, useRef, useState } from 'react';
import { isJson, type Json, textOf, wordsOf } from './json.ts';
import { Markup } from './markup.tsx';

export interface ActionButtonProps {
  readonly element: Json;
  readonly press: () => Promise<void>;
}

export function ActionButton({ element, press }: ActionButtonProps): ReactNode {
  const [busy, setBusy] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const { confirm } = element;
  const send = async (): Promise<void> => {
    setBusy(true);
    await press();
    setBusy(false);
  };
  const clicked = (): void => {
    if (busy) return;
    if (isJson(confirm)) dialog.current?.showModal();
    else void send();
  };
  return (
    <>
      <button
        type="button"
        className={`button ${styleOf(element)}`}
        aria-disabled={busy}
        aria-busy={busy}
        onClick={clicked}
      >
        {wordsOf(element.text)}
      </button>
      {isJson(confirm) ? (
        <Confirm
          confirm={confirm}
          dialog={dialog}
          answer={(yes) => {
            dialog.current?.close();
            if (yes) void send();
          }}
        />
      ) : null}
    </>
  );
}

interface ConfirmProps {
  readonly confirm: Json;
  readonly dialog: React.RefObject<HTMLDialogElement | null>;
  readonly answer: (yes: boolean) => void;
}

function Confirm({ confirm, dialog, answer }: ConfirmProps): ReactNode {
  const title = useId();
  const { text } = confirm;
  return (
    <dialog ref={dialog} className="dialog confirm" aria-labelledby={title}>
      <h2 id={title}>{wordsOf(confirm.title)}</h2>
      <p>{isJson(text) && text.type === 'mrkdwn' ? <Markup text={textOf(text.text)} /> : wordsOf(text)}</p>
      <div className="dialog-buttons">
        <button type="button" className="button" onClick={() => answer(false)}>
          {wordsOf(confirm.deny)}
        </button>
        <button
          type="button"
          className={`button ${confirm.style === 'danger' ? 'button-danger-filled' : 'button-filled'}`}
          onClick={() => answer(true)}
        >
          {wordsOf(confirm.confirm)}
        </button>
      </div>
    </dialog>
  );
}

function styleOf({ style }: Json): string {
  if (style === 'primary') return 'button-primary';
  return style === 'danger' ? 'button-danger' : '';
}
