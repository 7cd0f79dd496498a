/** What can follow what stands in the composer. Pure. */
import type { Snapshot } from '../page-state.ts';
import type { Words } from './words.ts';

export interface Completion {
  /** The whole line with it. */
  readonly line: string;
  readonly label: string;
  readonly hint: string;
  readonly tag?: string | undefined;
  /** Enter sends it: nothing has to follow. */
  readonly isWhole: boolean;
}

/** @param line the composer's, up to the cursor */
export function completionsFor(line: string, { command, behind }: Snapshot, words: Words): Completion[] {
  if (line.startsWith('/') && !line.includes(' ') && command.startsWith(line))
    return commands(command, words);
  if (!line.startsWith(`${command} `)) return [];
  const typed = line.slice(command.length + 1);
  const parts = typed.split(' ');
  const last = parts.at(-1) ?? '';
  const before = line.slice(0, line.length - last.length);
  if (parts.length === 1) {
    const pods = (behind?.pods ?? [])
      .map(({ namespace, name, shows }) => ({ label: `${namespace}/${name}`, shows }))
      .filter(({ label }) => label.includes(last) && label !== last)
      .map(({ label, shows }) => ({
        line: `${before}${label} `,
        label,
        hint: words.podShows[shows],
        tag: words.podTags[shows],
        isWhole: false,
      }));
    const verbs = (['list', 'status', 'cancel', 'help'] as const)
      .filter((verb) => verb.startsWith(last) && verb !== last)
      .map((verb) => {
        const takesId = verb === 'status' || verb === 'cancel';
        return {
          line: `${before}${verb}${takesId ? ' ' : ''}`,
          label: verb,
          hint: words.commandHints[verb],
          isWhole: !takesId,
        };
      });
    return last === '' ? [...pods, ...verbs] : [...verbs, ...pods];
  }
  // Inside a quoted reason nothing is completed, and behind a whole target options come by their dashes alone.
  if ((typed.match(/"/g)?.length ?? 0) % 2 === 1 || !last.startsWith('-')) return [];
  return options(words)
    .filter(({ text }) => text.startsWith(last) && !typed.includes(text.split(' ')[0] ?? text))
    .map(({ text, hint }) => ({ line: `${before}${text}`, label: text, hint, isWhole: false }));
}

function commands(command: string, words: Words): Completion[] {
  const { commandHints: hints } = words;
  return [
    { line: `${command} `, label: `${command} namespace/pod`, hint: hints.ask, isWhole: false },
    { line: command, label: command, hint: hints.modal, isWhole: true },
    { line: `${command} list`, label: `${command} list`, hint: hints.list, isWhole: true },
    { line: `${command} help`, label: `${command} help`, hint: hints.help, isWhole: true },
  ];
}

const options = ({ optionHints: hints, reasonExample }: Words): { text: string; hint: string }[] => [
  { text: `--reason "${reasonExample}"`, hint: hints.reason },
  { text: '--via relay', hint: hints.relay },
  { text: '--via direct', hint: hints.direct },
  { text: '--compress none', hint: hints.compress },
  { text: '--no-disk', hint: hints.noDisk },
];
