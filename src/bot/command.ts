/** What a person typed → a command, or a usage error that shows a line that would work. Pure. */
import { dnsLabel, podName } from '../worker/dump-job.ts';
import { COMPRESSIONS, type TransferWish, VIAS } from './transfer-terms.ts';

export const MAX_REASON_LENGTH = 1000;

export type Command =
  | {
      readonly kind: 'dump';
      readonly target: TypedTarget;
      readonly reason: string | undefined;
      readonly transfer: TransferWish;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'list'; readonly namespace: string | undefined }
  | { readonly kind: 'status'; readonly requestId: string }
  | { readonly kind: 'cancel'; readonly requestId: string };

export type DumpCommand = Extract<Command, { kind: 'dump' }>;

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
  | 'option-with-value'
  | 'bad-via'
  | 'bad-compress'
  | 'not-with-no-disk'
  | 'not-with-direct'
  | 'open-quote'
  | 'reason-too-long'
  | 'id-missing'
  | 'bad-id';

export type ParsedCommand = { readonly ok: true; readonly command: Command } | UsageMistake;

/** The command that was meant: help takes anything. */
type MeantCommand = Exclude<Command['kind'], 'help'>;

export interface UsageMistake {
  readonly ok: false;
  readonly of: MeantCommand;
  readonly problem: UsageProblem;
  /** What it is about, as typed. */
  readonly what: string;
}

const usage = (of: MeantCommand, problem: UsageProblem, what: string): UsageMistake => ({
  ok: false,
  of,
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
  if (split === undefined) return usage('dump', 'open-quote', text);
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
  if (extra !== undefined) return usage('list', 'too-many-words', extra);
  if (namespace !== undefined && !dnsLabel.safeParse(namespace).success)
    return usage('list', 'bad-namespace', namespace);
  return { ok: true, command: { kind: 'list', namespace } };
}

function parseWithId(kind: 'status' | 'cancel', words: readonly string[]): ParsedCommand {
  const [id, extra] = words;
  if (id === undefined) return usage(kind, 'id-missing', kind);
  if (extra !== undefined) return usage(kind, 'too-many-words', extra);
  const requestId = id.toLowerCase();
  if (!/^[a-z0-9]{8}$/.test(requestId)) return usage(kind, 'bad-id', id);
  return { ok: true, command: { kind, requestId } };
}

/** What may stand behind a target; each but the last takes a value, behind it or behind `=`. */
const OPTIONS: Readonly<Record<string, keyof Options>> = {
  '-c': 'container',
  '--container': 'container',
  '-r': 'reason',
  '--reason': 'reason',
  '--via': 'via',
  '--compress': 'compress',
  '--no-disk': 'noDisk',
};

interface Options {
  container?: string;
  reason?: string;
  via?: string;
  compress?: string;
  noDisk?: true;
}

function parseDump(words: readonly string[]): ParsedCommand {
  let typed: string | undefined;
  const options: Options = {};
  for (let at = 0; at < words.length; at += 1) {
    const raw = words[at] ?? '';
    const word = plain(raw);
    if (!word.startsWith('-')) {
      if (typed !== undefined) return usage('dump', 'too-many-words', word);
      typed = word;
      continue;
    }
    const [name = ''] = word.split('=');
    const key = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    // A short option takes its value from the next word alone.
    if (key === undefined || (word !== name && !name.startsWith('--')))
      return usage('dump', 'unknown-option', word);
    if (key === 'noDisk') {
      if (word !== name) return usage('dump', 'option-with-value', word);
      options.noDisk = true;
      continue;
    }
    const value = word === name ? words[++at] : raw.replace(/^[^=＝]*[=＝]/, '');
    if (value === undefined) return usage('dump', 'option-without-value', word);
    if (key === 'reason') options.reason = value;
    else options[key] = word === name ? plain(value) : word.slice(name.length + 1);
  }
  if (typed === undefined) return usage('dump', 'empty-target', '');
  return checkDump(typed, options);
}

function checkDump(typed: string, options: Options): ParsedCommand {
  const names = typed.split('/');
  if (names.length < 2 || names.length > 3) return usage('dump', 'empty-target', typed);
  const [pod = '', namespace = '', cluster] = names.reverse();
  const { container } = options;
  const reason = options.reason?.trim() || undefined;
  if (cluster !== undefined && !dnsLabel.safeParse(cluster).success)
    return usage('dump', 'bad-cluster', cluster);
  if (!dnsLabel.safeParse(namespace).success) return usage('dump', 'bad-namespace', namespace);
  if (!podName.safeParse(pod).success) return usage('dump', 'bad-pod', pod);
  if (container !== undefined && !dnsLabel.safeParse(container).success)
    return usage('dump', 'bad-container', container);
  if (reason !== undefined && reason.length > MAX_REASON_LENGTH)
    return usage('dump', 'reason-too-long', String(reason.length));
  const transfer = checkTransfer(options);
  if ('problem' in transfer) return transfer;
  return {
    ok: true,
    command: { kind: 'dump', target: { cluster, namespace, pod, container }, reason, transfer },
  };
}

function checkTransfer(options: Options): TransferWish | UsageMistake {
  const noDisk = options.noDisk ?? false;
  const via = VIAS.find((known) => known === options.via?.toLowerCase());
  if (options.via !== undefined && via === undefined) return usage('dump', 'bad-via', options.via);
  const compress = COMPRESSIONS.find((known) => known === options.compress?.toLowerCase());
  if (options.compress !== undefined && compress === undefined)
    return usage('dump', 'bad-compress', options.compress);
  // What comes out of a pipe can be read once: it goes through the worker, which compresses it if anybody does.
  // What the worker compresses has to pass it.
  if (via === 'direct' && compress === 'worker') return usage('dump', 'not-with-direct', '--compress worker');
  if (noDisk && via === 'direct') return usage('dump', 'not-with-no-disk', '--via direct');
  if (noDisk && compress === 'pod') return usage('dump', 'not-with-no-disk', '--compress pod');
  return { via, compress, noDisk };
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
