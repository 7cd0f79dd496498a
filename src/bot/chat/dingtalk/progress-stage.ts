/** How far a checklist has come, in steps that are worth being shown. Pure. */
import type { Block, Message } from '../message.ts';
import { mark } from './places.ts';

type Item = Extract<Block, { kind: 'checklist' }>['items'][number];

/** coarse: each step, and each quarter of one that can be measured. fine: whatever changes. */
export type Detail = 'coarse' | 'fine';

/**
 * Two checklists of one stage need not both be shown: calls that change cards count against a monthly quota.
 * https://open.dingtalk.com/document/orgapp/api-call-quota
 */
export function cardStage(message: Message, detail: Detail): string | undefined {
  if (detail === 'fine') return undefined;
  const states = items(message)
    .map(({ state, fraction }) =>
      fraction === undefined ? state.charAt(0) : `${state.charAt(0)}${quarters(fraction)}`,
    )
    .join('');
  // Small print says that something waits or is tried again.
  const notes = JSON.stringify(message.blocks.filter(({ kind }) => kind === 'note'));
  return `${message.tone.charAt(0)}:${states}:${mark(notes, 6)}`;
}

/**
 * The stages of a message that cannot be edited: begun, a milestone reached, half of the running step done.
 * What is over is said by the result, which follows at once.
 */
export function wordsStage(message: Message): string | undefined {
  if (message.tone === 'good' || message.tone === 'bad') return undefined;
  const all = items(message);
  const reached = all.filter(({ state, milestone }) => milestone === true && state === 'finished').length;
  const running = all.find(({ state }) => state === 'running');
  const isHalf = (running?.fraction ?? 0) >= 0.5;
  return `${reached}${isHalf ? 'h' : ''}`;
}

function items(message: Message): readonly Item[] {
  return message.blocks.flatMap((block) => (block.kind === 'checklist' ? block.items : []));
}

const quarters = (fraction: number): number => Math.min(4, Math.max(0, Math.floor(fraction * 4)));
