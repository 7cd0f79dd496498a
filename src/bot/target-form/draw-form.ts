/** The form that asks which pod is meant, from what was chosen so far. Pure. */
import { podName } from '../../worker/dump-job.ts';
import type { ListedPod } from '../../worker/lookup-job.ts';
import type { Form, FormField } from '../chat/form.ts';
import { MAX_REASON_LENGTH } from '../command.ts';
import type { LookupProblem } from '../lookups.ts';
import type { Words } from '../words/words.ts';
import { type Memo, writeMemo } from './memo.ts';
import { MOST_CHOICES, nameChoice } from './offers.ts';

export const KEYS = {
  cluster: 'cluster',
  namespace: 'namespace',
  pod: 'pod',
  container: 'container',
  reason: 'reason',
  typed: 'typed',
  lists: 'lists',
} as const;

/** No container's name. */
export const ANY_CONTAINER = '-';

const LABEL_CHARS = 63;
const POD_CHARS = 253;

export type Remark =
  | { readonly kind: 'problem'; readonly problem: LookupProblem }
  | { readonly kind: 'no-namespaces' }
  | { readonly kind: 'no-pods'; readonly namespace: string }
  | { readonly kind: 'incomplete'; readonly count: number }
  | { readonly kind: 'named-only' };

export interface Drawing {
  readonly words: Words;
  readonly memo: Memo;
  /** Those that the person may ask in; a single one is not asked for. */
  readonly clusters: readonly string[];
  /** Of the chosen pod, where it is known. */
  readonly pod?: ListedPod | undefined;
  readonly remark?: Remark | undefined;
}

export function drawForm(drawing: Drawing): Form {
  const { words, memo } = drawing;
  const { title, submit, cancel } = words.targetForm;
  const names = memo.typed === true ? typedFields(drawing) : listFields(drawing);
  return {
    title,
    submit,
    cancel,
    memo: writeMemo(memo),
    fields: [...remarkFields(drawing), ...clusterFields(drawing), ...names, ...reasonFields(words)],
  };
}

/** In place of a form, once one is open already. */
export function sayInForm(words: Words, lines: readonly string[]): Form {
  const { title, cancel } = words.targetForm;
  return {
    title,
    cancel,
    memo: writeMemo({}),
    fields: lines.map((line) => ({ kind: 'notice', line, tone: 'plain' })),
  };
}

function listFields({ words, memo, pod }: Drawing): FormField[] {
  const { targetForm: form } = words;
  const { cluster = '', namespace } = memo;
  return [
    {
      kind: 'search',
      key: KEYS.namespace,
      label: form.namespace,
      placeholder: memo.cluster === undefined ? form.clusterFirst : form.chooseNamespace,
      // What is shown as chosen in a field that was there before would not count as chosen.
      basis: memo.preset === true ? `${cluster} preset` : cluster,
      ...(namespace === undefined ? {} : { chosen: nameChoice(namespace) }),
    },
    {
      kind: 'search',
      key: KEYS.pod,
      label: form.pod,
      placeholder: namespace === undefined ? form.namespaceFirst : form.choosePod,
      basis: `${cluster}/${namespace ?? ''}`,
      ...(memo.pod === undefined ? {} : { chosen: nameChoice(memo.pod) }),
    },
    containerChoice(words, memo, pod),
    { kind: 'button', key: KEYS.typed, label: form.typeNames },
  ];
}

function containerChoice({ targetForm: form }: Words, memo: Memo, pod: ListedPod | undefined): FormField {
  const unsaid = { value: ANY_CONTAINER, label: form.anyContainer };
  const named = (pod?.containers ?? []).slice(0, MOST_CHOICES - 1).map(nameChoice);
  const [first] = named;
  return {
    kind: 'choice',
    key: KEYS.container,
    label: form.container,
    basis: `${memo.cluster ?? ''}/${memo.namespace ?? ''}/${memo.pod ?? ''} ${named.length}`,
    choices: [unsaid, ...named],
    chosen: named.length === 1 && first !== undefined ? first : unsaid,
    tells: false,
  };
}

function typedFields({ words, memo }: Drawing): FormField[] {
  const { targetForm: form } = words;
  // Typed words stay whatever is chosen beside them.
  const text = { kind: 'text', basis: 'typed' } as const;
  return [
    {
      ...text,
      key: KEYS.namespace,
      label: form.namespace,
      placeholder: 'prod',
      maxLength: LABEL_CHARS,
      ...(memo.namespace === undefined ? {} : { entry: memo.namespace }),
    },
    {
      ...text,
      key: KEYS.pod,
      label: form.pod,
      placeholder: 'order-service-7d9f8-x2x4k',
      maxLength: POD_CHARS,
      ...(memo.pod === undefined ? {} : { entry: memo.pod }),
    },
    {
      ...text,
      key: KEYS.container,
      label: form.container,
      placeholder: form.anyContainer,
      maxLength: LABEL_CHARS,
      optional: true,
    },
    { kind: 'button', key: KEYS.lists, label: form.chooseFromLists },
  ];
}

function clusterFields({ words, memo, clusters }: Drawing): FormField[] {
  if (clusters.length < 2) return [];
  const chosen = clusters.find((cluster) => cluster === memo.cluster);
  return [
    {
      kind: 'choice',
      key: KEYS.cluster,
      label: words.targetForm.cluster,
      placeholder: words.targetForm.chooseCluster,
      basis: 'clusters',
      choices: clusters.slice(0, MOST_CHOICES).map(nameChoice),
      tells: true,
      ...(chosen === undefined ? {} : { chosen: nameChoice(chosen) }),
    },
  ];
}

const reasonFields = ({ targetForm: form }: Words): FormField[] => [
  {
    kind: 'text',
    key: KEYS.reason,
    label: form.reason,
    hint: form.reasonHint,
    basis: 'reason',
    maxLength: MAX_REASON_LENGTH,
    multiline: true,
    optional: true,
  },
];

function remarkFields({ words, remark }: Drawing): FormField[] {
  if (remark === undefined) return [];
  const { targetForm: form } = words;
  const warning = (line: string): FormField[] => [{ kind: 'notice', line, tone: 'warning' }];
  switch (remark.kind) {
    case 'problem':
      return warning(`${form.problems[remark.problem]} ${form.typeInstead}`);
    case 'no-namespaces':
      return warning(form.noNamespaces);
    case 'no-pods':
      return warning(form.noPods(remark.namespace));
    case 'incomplete':
      return warning(form.incomplete(String(remark.count)));
    case 'named-only':
      return [{ kind: 'notice', line: form.namedOnly, tone: 'plain' }];
  }
}

/** The pod that a choice or a typed word may mean by itself. */
export const podNamed = (value: string): string | undefined =>
  podName.safeParse(value).success ? value : undefined;
