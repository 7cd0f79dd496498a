/** A submitted form → the command that the typed line would be, or what is to be mended and in which field. */
import { dnsLabel, podName } from '../../worker/dump-job.ts';
import type { FormSubmission } from '../chat/chat-platform.ts';
import type { DumpCommand } from '../command.ts';
import type { Lookups } from '../lookups.ts';
import type { Words } from '../words/words.ts';
import { ANY_CONTAINER, KEYS, podNamed } from './draw-form.ts';
import { type Memo, readMemo } from './memo.ts';
import { choiceValue } from './offers.ts';

export type ReadSubmission =
  | { readonly command: DumpCommand }
  /** By key of the field. */
  | { readonly mistakes: Readonly<Record<string, string>> };

export async function readSubmission(
  { values, memo: text }: FormSubmission,
  deps: { readonly clusters: readonly string[]; readonly lookups: Lookups; readonly words: Words },
): Promise<ReadSubmission> {
  const { words, clusters } = deps;
  const memo = readMemo(text);
  const only = clusters.length === 1 ? clusters[0] : undefined;
  const cluster = clusters.find((name) => name === (values[KEYS.cluster] || memo.cluster || only));
  if (cluster === undefined) {
    return { mistakes: { [KEYS.cluster]: words.targetForm.chooseAgain } };
  }
  const named =
    memo.typed === true ? typedNames(values, words) : await chosenNames(values, memo, cluster, deps);
  if ('mistakes' in named) return named;
  return {
    command: {
      kind: 'dump',
      target: { cluster, ...named },
      reason: (values[KEYS.reason] ?? '').trim() || undefined,
      transfer: { via: undefined, compress: undefined, noDisk: false },
    },
  };
}

type Names =
  | { readonly namespace: string; readonly pod: string; readonly container: string | undefined }
  | { readonly mistakes: Readonly<Record<string, string>> };

function typedNames(values: FormSubmission['values'], { usage }: Words): Names {
  const typed = (key: string) => (values[key] ?? '').normalize('NFKC').trim();
  const namespace = typed(KEYS.namespace);
  const pod = typed(KEYS.pod);
  const container = typed(KEYS.container) || undefined;
  const mistakes = {
    ...(dnsLabel.safeParse(namespace).success
      ? {}
      : { [KEYS.namespace]: usage['bad-namespace'](namespace.slice(0, 80)) }),
    ...(podName.safeParse(pod).success ? {} : { [KEYS.pod]: usage['bad-pod'](pod.slice(0, 80)) }),
    ...(container === undefined || dnsLabel.safeParse(container).success
      ? {}
      : { [KEYS.container]: usage['bad-container'](container.slice(0, 80)) }),
  };
  return Object.keys(mistakes).length > 0 ? { mistakes } : { namespace, pod, container };
}

async function chosenNames(
  values: FormSubmission['values'],
  memo: Memo,
  cluster: string | undefined,
  { lookups, words }: { readonly lookups: Lookups; readonly words: Words },
): Promise<Names> {
  const { namespace } = memo;
  const again = (key: string): Names => ({ mistakes: { [key]: words.targetForm.chooseAgain } });
  // What was chosen above has not reached the lists below yet.
  if (cluster === undefined || memo.cluster !== cluster || !values[KEYS.namespace])
    return again(KEYS.namespace);
  if (namespace === undefined || values[KEYS.namespace] !== namespace) return again(KEYS.pod);
  const value = values[KEYS.pod] ?? '';
  const pod = await podOf(value, memo, () => lookups.pods(cluster, namespace));
  if (pod === undefined) return again(KEYS.pod);
  const chosen = values[KEYS.container] ?? ANY_CONTAINER;
  // A container that was offered for another pod is not meant.
  const container = memo.pod === pod && dnsLabel.safeParse(chosen).success ? chosen : undefined;
  return { namespace, pod, container };
}

async function podOf(
  value: string,
  memo: Memo,
  pods: () => ReturnType<Lookups['pods']>,
): Promise<string | undefined> {
  if (memo.pod !== undefined && choiceValue(memo.pod) === value) return memo.pod;
  const named = podNamed(value);
  if (named !== undefined) return named;
  const found = await pods();
  return found.ok ? found.found.find(({ name }) => choiceValue(name) === value)?.name : undefined;
}
