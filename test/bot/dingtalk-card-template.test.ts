import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cardVariables } from '../../src/bot/chat/dingtalk/card-variables.ts';
import { renderMessage } from '../../src/bot/chat/dingtalk/markdown.ts';
import { messages } from './slack-messages.ts';

interface Node {
  readonly componentName: string;
  readonly children?: readonly Node[];
}

const file = JSON.parse(
  readFileSync(new URL('../../deploy/dingtalk-card.json', import.meta.url), 'utf8'),
) as {
  readonly editorData: string;
};
const editor = JSON.parse(file.editorData) as {
  readonly schema: {
    readonly componentsMap: { readonly componentName: string }[];
    readonly componentsTree: Node[];
  };
  readonly variableList: { readonly name: string; readonly private: boolean }[];
  readonly mockData: { readonly cardData: object };
};
const declared = editor.variableList.map(({ name }) => name).sort();

describe('the card template to import', () => {
  it('declares the variables that the bot sends, and no others', () => {
    const sent = Object.values(messages).flatMap((message) =>
      Object.keys(
        cardVariables(
          message,
          renderMessage(message, { language: 'zh-CN', timeZone: 'UTC', mention: () => '@x' }),
        ),
      ),
    );

    expect([...new Set(sent)].sort()).toEqual(declared);
    expect(Object.keys(editor.mockData.cardData).sort()).toEqual(declared);
  });

  it('shows each of them but the tone, which a colour may be made of', () => {
    const shown = JSON.stringify(editor.schema.componentsTree);

    expect(declared.filter((name) => !shown.includes(`"${name}"`) && !shown.includes(`\${${name}}`))).toEqual(
      ['tone'],
    );
  });

  it('brings every component that it is built from', () => {
    const used = (node: Node): string[] => [node.componentName, ...(node.children ?? []).flatMap(used)];
    const brought = editor.schema.componentsMap.map(({ componentName }) => componentName).sort();

    expect([...new Set(editor.schema.componentsTree.flatMap(used))].sort()).toEqual(brought);
  });
});
