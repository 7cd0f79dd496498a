/** What a person typed → a command, or a usage error that shows a line that would work. Pure. */
import { dnsLabel, podName } from '../worker/dump-job.ts';

export const MAX_REASON_LENGTH = 1000;

export type Command =
  | { readonly kind: 'dump'; readonly target: TypedTarget; readonly reason: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'list'; readonly namespace: string | undefined }
  | { readonly kind: 'status'; readonly requestId: string }
  | { readonly kind: 'cancel'; readonly requestId: string };

/** As typed: the cluster may be left out where there is only one. */
export interface TypedTarget {
  readonly cluster: string | undefined;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | undefined;
}

export type UsageProblem =
  | 'empty-target'
  | 'bad-namespace'
  | 'bad-pod'
  | 'bad-container'
  | 'bad-cluster'
  | 'too-many-words'
  | 'unknown-option'
  | 'option-without-value'
  | 'open-quote'
  | 'reason-too-long'
  | 'id-missing'
  | 'bad-id';

export type ParsedCommand =
  | { readonly ok: true; readonly command: Command }
  | { readonly ok: false; readonly problem: UsageProblem; readonly what: string };

const usage = (problem: UsageProblem, what: string): ParsedCommand => ({
  ok: false,
  problem,
  what: what.slice(0, 80),
});

const WORDS: Readonly<Record<string, 'help' | 'list' | 'status' | 'cancel'>> = {
  help: 'help',
  帮助: 'help',
  list: 'list',
  列表: 'list',
  status: 'status',
  状态: 'status',
  cancel: 'cancel',
  取消: 'cancel',
};

/** @param text what stands behind the command's name */
export function parseCommand(text: string): ParsedCommand {
  const split = splitWords(text);
  if (split === undefined) return usage('open-quote', text);
  const [first, ...rest] = split;
  if (first === undefined) return { ok: true, command: { kind: 'help' } };
  // hasOwn: 'constructor' is what people type to see what happens.
  const name = plain(first).toLowerCase();
  const word = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
  switch (word) {
    case 'help':
      return { ok: true, command: { kind: 'help' } };
    case 'list':
      return parseList(rest.map(plain));
    case 'status':
    case 'cancel':
      return parseWithId(word, rest.map(plain));
    case undefined:
      return parseDump(split);
  }
}

/**
 * Full-width letters, digits and slashes, as Chinese keyboards type them, become plain ones; so do the dashes that
 * phones make of hyphens before an option. A reason stays as written.
 */
const plain = (word: string): string => word.normalize('NFKC').replace(/^—/, '--').replace(/^–/, '-');

function parseList(words: readonly string[]): ParsedCommand {
  const [namespace, extra] = words;
  if (extra !== undefined) return usage('too-many-words', extra);
  if (namespace !== undefined && !dnsLabel.safeParse(namespace).success)
    return usage('bad-namespace', namespace);
  return { ok: true, command: { kind: 'list', namespace } };
}

function parseWithId(kind: 'status' | 'cancel', words: readonly string[]): ParsedCommand {
  const [id, extra] = words;
  if (id === undefined) return usage('id-missing', kind);
  if (extra !== undefined) return usage('too-many-words', extra);
  const requestId = id.toLowerCase();
  if (!/^[a-z0-9]{8}$/.test(requestId)) return usage('bad-id', id);
  return { ok: true, command: { kind, requestId } };
}

function parseDump(words: readonly string[]): ParsedCommand {
  let typed: string | undefined;
  let container: string | undefined;
  let reason: string | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const raw = words[at] ?? '';
    const word = plain(raw);
    if (word === '-c' || word === '--container' || word === '--reason' || word === '-r') {
      const value = words[++at];
      if (value === undefined) return usage('option-without-value', word);
      if (word === '-c' || word === '--container') container = plain(value);
      else reason = value;
    } else if (word.startsWith('--reason=')) {
      reason = raw.replace(/^[^=＝]*[=＝]/, '');
    } else if (word.startsWith('--container=')) {
      container = word.slice('--container='.length);
    } else if (word.startsWith('-')) {
      return usage('unknown-option', word);
    } else if (typed === undefined) {
      typed = word;
    } else {
      return usage('too-many-words', word);
    }
  }
  if (typed === undefined) return usage('empty-target', '');
  return checkTarget(typed, container, reason?.trim() || undefined);
}

function checkTarget(
  typed: string,
  container: string | undefined,
  reason: string | undefined,
): ParsedCommand {
  const names = typed.split('/');
  if (names.length < 2 || names.length > 3) return usage('empty-target', typed);
  const [pod = '', namespace = '', cluster] = names.reverse();
  if (cluster !== undefined && !dnsLabel.safeParse(cluster).success) return usage('bad-cluster', cluster);
  if (!dnsLabel.safeParse(namespace).success) return usage('bad-namespace', namespace);
  if (!podName.safeParse(pod).success) return usage('bad-pod', pod);
  if (container !== undefined && !dnsLabel.safeParse(container).success)
    return usage('bad-container', container);
  if (reason !== undefined && reason.length > MAX_REASON_LENGTH)
    return usage('reason-too-long', String(reason.length));
  return { ok: true, command: { kind: 'dump', target: { cluster, namespace, pod, container }, reason } };
}

const CLOSING: Readonly<Record<string, string>> = { '"': '"', "'": "'", '“': '”', '‘': '’', '「': '」' };

/** Words as a shell would split them, with the quotes that phones type. @returns undefined if a quote stays open */
function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let closing: string | undefined;
  for (const char of text) {
    if (closing !== undefined) {
      if (char === closing || (closing === '”' && char === '"')) closing = undefined;
      else word += char;
    } else if (Object.hasOwn(CLOSING, char) && (word === undefined || /[=＝]$/.test(word))) {
      // A quote in the middle of a word is an apostrophe.
      closing = CLOSING[char];
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (closing !== undefined) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
