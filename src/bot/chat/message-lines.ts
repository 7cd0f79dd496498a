/** The lines in a message, whatever blocks they stand in. Pure. */
import type { Block, Inline, Line, Message } from './message.ts';

export const inlinesIn = ({ blocks }: Message): readonly Inline[] => blocks.flatMap(linesOf).flat();

function linesOf(block: Block): readonly Line[] {
  switch (block.kind) {
    case 'line':
    case 'note':
      return [block.line];
    case 'fields':
      return block.fields.map(({ value }) => value);
    case 'quote':
    case 'checklist':
    case 'download':
      return [];
  }
}

/** Lines that follow each other are one paragraph; other blocks stand alone. */
export function paragraphsOf(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (block.kind === 'line' && last?.[0]?.kind === 'line') last.push(block);
    else groups.push([block]);
  }
  return groups;
}
