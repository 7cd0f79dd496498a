/**
 * Block Kit as a client shows it: https://docs.slack.dev/reference/block-kit/blocks
 * What is `plain_text` stays text, to the letter: pods and people write it.
 */
import { Fragment, type ReactNode } from 'react';
import { ActionButton } from './action-button.tsx';
import { type FormState, InputBlock, MenuElement } from './form.tsx';
import { isJson, type Json, listOf, textOf, wordsOf } from './json.ts';
import { Markup } from './markup.tsx';
import { RichText } from './rich-text.tsx';

export interface BlocksProps {
  readonly blocks: readonly Json[];
  /** Where a button is pressed; answers when the app has. */
  readonly press: (blockId: string, actionId: string) => Promise<void>;
  /** In views, where fields are. */
  readonly form?: FormState | undefined;
}

export const Blocks = ({ blocks, press, form }: BlocksProps): ReactNode =>
  blocks.map((block) => <BlockShown key={textOf(block.block_id)} block={block} press={press} form={form} />);

interface BlockProps extends Omit<BlocksProps, 'blocks'> {
  readonly block: Json;
}

function BlockShown({ block, press, form }: BlockProps): ReactNode {
  switch (block.type) {
    case 'rich_text':
      return (
        <div className="block rich">
          <RichText elements={listOf(block.elements)} />
        </div>
      );
    case 'section':
      return (
        <div className="block section">
          <div className="section-text">
            {isJson(block.text) ? (
              <p>
                <Text text={block.text} />
              </p>
            ) : null}
            {Array.isArray(block.fields) ? (
              <div className="section-fields">
                {listOf(block.fields).map((field, at) => (
                  <p key={at}>
                    <Text text={field} />
                  </p>
                ))}
              </div>
            ) : null}
          </div>
          {isJson(block.accessory) ? (
            <ElementShown block={block} element={block.accessory} press={press} form={form} />
          ) : null}
        </div>
      );
    case 'header':
      return <h3 className="block header">{wordsOf(block.text)}</h3>;
    case 'divider':
      return <hr className="block" />;
    case 'context':
      return (
        <div className="block context">
          {listOf(block.elements).map((element, at) => (
            <Fragment key={at}>
              <Text text={element} />{' '}
            </Fragment>
          ))}
        </div>
      );
    case 'actions':
      return (
        <div className="block actions">
          {listOf(block.elements).map((element) => (
            <ElementShown
              key={textOf(element.action_id)}
              block={block}
              element={element}
              press={press}
              form={form}
            />
          ))}
        </div>
      );
    case 'input':
      return form === undefined ? null : <InputBlock block={block} form={form} />;
    default:
      return null;
  }
}

function ElementShown({ block, element, press, form }: BlockProps & { readonly element: Json }): ReactNode {
  const blockId = textOf(block.block_id);
  if (element.type === 'button') {
    return <ActionButton element={element} press={() => press(blockId, textOf(element.action_id))} />;
  }
  return form === undefined ? null : <MenuElement blockId={blockId} element={element} form={form} />;
}

const Text = ({ text }: { readonly text: Json }): ReactNode =>
  text.type === 'mrkdwn' ? <Markup text={textOf(text.text)} /> : textOf(text.text);
