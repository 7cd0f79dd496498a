/** What a person typed → what stands behind the command's name, or a decision. Pure. */
import type { Action } from '../message.ts';

const COMMAND = '/heapdump';

/**
 * Without the mention of the robot and the command's own name. Spaces, quotes and dashes that keyboards of phones and
 * Chinese input methods put in become those of a plain keyboard.
 */
export function typedText(content: string): string {
  return content
    .replaceAll(/[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g, ' ')
    .replaceAll(/[\u200b-\u200d\u2060\ufeff]/g, '')
    .trim()
    .replace(/^(?:[@＠]\S+\s+)+(?=\S)/u, '')
    .replace(/^\S+/u, (first) => (first.normalize('NFKC').toLowerCase() === COMMAND ? '' : first))
    .replaceAll(/[\u201c\u201d\u201e\u201f]/g, '"')
    .replaceAll(/[\u2018\u2019\u201a\u201b]/g, "'")
    .replaceAll(/(^|\s)[\u2013\u2014]+(?=[a-z])/g, '$1--')
    .trim();
}

export interface Decision {
  readonly action: Action;
  readonly requestId: string;
  /** Why; undefined where nothing stands behind the id. */
  readonly text: string | undefined;
}

/** `取消` and `cancel` are commands for everybody already. */
const DECISIONS: ReadonlyMap<string, Action> = new Map([
  ['approve', 'approve'],
  ['同意', 'approve'],
  ['批准', 'approve'],
  ['deny', 'deny'],
  ['拒绝', 'deny'],
  ['retry', 'retry'],
  ['重试', 'retry'],
  ['new-link', 'new-link'],
  ['链接', 'new-link'],
  ['新链接', 'new-link'],
]);

/** `同意 abcd1234`, `拒绝：ＡＢＣＤ１２３４ 大促期间不行`. @returns undefined for everything else */
export function parseDecision(text: string): Decision | undefined {
  const found =
    /^([\p{L}-]+)[\s:：,，]*([0-9a-zA-Z０-９ａ-ｚＡ-Ｚ]{8})(?:[\s:：,，。.!！]+([\s\S]*))?$/u.exec(
      text.trim(),
    );
  const [, word = '', id = '', words = ''] = found ?? [];
  const action = DECISIONS.get(word.normalize('NFKC').toLowerCase());
  if (action === undefined) return undefined;
  return { action, requestId: id.normalize('NFKC').toLowerCase(), text: words.trim() || undefined };
}
