/** The topmost view before this person: https://docs.slack.dev/surfaces/modals */
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { PageView } from '../page-state.ts';
import { Blocks } from './blocks.tsx';
import { useForm } from './form-state.ts';
import { BotFace, Icon } from './icons.tsx';
import { usePage } from './page-context.ts';

export function Modal({ view }: { readonly view: PageView }): ReactNode {
  const { act, words } = usePage();
  const form = useForm(view);
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // The first field and not the cross: that is what it was opened for.
    shown?.querySelector<HTMLElement>('input, textarea')?.focus();
    return () => shown?.close();
  }, []);

  const close = (): void => void act({ kind: 'close', view: view.id });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const values = form.check();
    if (values === undefined) return;
    setBusy(true);
    await act({ kind: 'submit', view: view.id, values });
    setBusy(false);
  };

  return (
    <dialog
      ref={dialog}
      className="dialog modal"
      aria-labelledby={`${view.id}-title`}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <form noValidate onSubmit={submit}>
        <header>
          <span className="avatar avatar-bot">
            <BotFace />
          </span>
          <h2 id={`${view.id}-title`}>{view.title}</h2>
          <button type="button" className="icon-button" aria-label={words.close} onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        <div className="modal-body">
          <Blocks
            blocks={view.blocks}
            form={form}
            press={async (blockId, actionId) => {
              await act({ kind: 'press', view: view.id, blockId, actionId });
            }}
          />
        </div>
        <footer className="dialog-buttons">
          <button type="button" className="button" onClick={close}>
            {view.close ?? words.close}
          </button>
          {view.submit === undefined ? null : (
            <button type="submit" className="button button-filled" aria-disabled={busy} aria-busy={busy}>
              {view.submit}
            </button>
          )}
        </footer>
      </form>
    </dialog>
  );
}
