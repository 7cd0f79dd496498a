/** Fields of a view: https://docs.slack.dev/reference/block-kit/blocks/input-block */
import { type ReactNode, useId } from 'react';
import { Combobox } from './combobox.tsx';
import type { FormState } from './form-state.ts';
import { isJson, type Json, textOf, wordsOf } from './json.ts';
import { usePage } from './page-context.ts';

export type { FormState } from './form-state.ts';

export function InputBlock({ block, form }: { readonly block: Json; readonly form: FormState }): ReactNode {
  const { words } = usePage();
  const id = useId();
  const blockId = textOf(block.block_id);
  const error = Object.hasOwn(form.errors, blockId) ? form.errors[blockId] : undefined;
  const hint = wordsOf(block.hint);
  const described = [error === undefined ? '' : `${id}-error`, hint === '' ? '' : `${id}-hint`]
    .join(' ')
    .trim();
  return (
    <div className={`block field ${error === undefined ? '' : 'field-wrong'}`}>
      <label htmlFor={id}>
        {wordsOf(block.label)}{' '}
        {block.optional === true ? <span className="field-optional">{words.optional}</span> : null}
      </label>
      {isJson(block.element) ? (
        <FieldElement
          id={id}
          described={described}
          blockId={blockId}
          element={block.element}
          form={form}
          isTold={block.dispatch_action === true}
        />
      ) : null}
      {error === undefined ? null : (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
      {hint === '' ? null : (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}

interface MenuElementProps {
  readonly blockId: string;
  readonly element: Json;
  readonly form: FormState;
}

/** A menu outside of an input: the app is always told. */
export function MenuElement({ blockId, element, form }: MenuElementProps): ReactNode {
  return <FieldElement id={useId()} described="" blockId={blockId} element={element} form={form} isTold />;
}

interface FieldElementProps extends MenuElementProps {
  readonly id: string;
  readonly described: string;
  readonly isTold: boolean;
}

function FieldElement(props: FieldElementProps): ReactNode {
  const { id, described, blockId, element, form, isTold } = props;
  switch (element.type) {
    case 'static_select':
    case 'external_select':
      return <Combobox {...props} />;
    case 'plain_text_input': {
      const { value } = form.entry(blockId, element);
      const shared = {
        id,
        value,
        'aria-describedby': described || undefined,
        placeholder: wordsOf(element.placeholder),
        autoFocus: element.focus_on_load === true,
        onChange: (event: { target: { value: string } }) =>
          form.enter(blockId, element, { value: event.target.value, label: '' }, false),
        onBlur: () => {
          if (isTold) form.enter(blockId, element, { value, label: '' }, true);
        },
      };
      return element.multiline === true ? (
        <textarea rows={3} {...shared} />
      ) : (
        <input type="text" autoComplete="off" spellCheck={false} {...shared} />
      );
    }
    default:
      return null;
  }
}
