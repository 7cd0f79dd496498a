/** A person goes from cluster to namespace to pod to container; each choice decides what the next list holds. */
import type { ListedPod } from '../../worker/lookup-job.ts';
import type { FormChange, FormSearch } from '../chat/chat-platform.ts';
import type { FormChoice, OpenForm } from '../chat/form.ts';
import type { Found, Lookups } from '../lookups.ts';
import type { PersonInGroups, Rule } from '../policy.ts';
import type { Words } from '../words/words.ts';
import { drawForm, KEYS, podNamed, type Remark } from './draw-form.ts';
import { type Memo, readMemo } from './memo.ts';
import {
  choiceValue,
  matching,
  nameChoice,
  namespacesNamed,
  offeredNamespaces,
  offeredPods,
  podChoice,
} from './offers.ts';

export interface ChoosingDeps {
  readonly lookups: Lookups;
  readonly rules: readonly Rule[];
  readonly who: PersonInGroups;
  /** Those that the person may ask in. */
  readonly clusters: readonly string[];
  readonly words: Words;
  readonly now: () => number;
}

export interface Choosing {
  /** Looks up what there is to choose from, and says in the form where that is nothing or does not work. */
  enterCluster(memo: Memo, form: OpenForm): Promise<void>;
  search(search: FormSearch, form: OpenForm): Promise<readonly FormChoice[]>;
  change(change: FormChange, form: OpenForm): Promise<void>;
}

export function createChoosing({ lookups, rules, who, clusters, words, now }: ChoosingDeps): Choosing {
  const show = (form: OpenForm, memo: Memo, more: { remark?: Remark | undefined; pod?: ListedPod } = {}) =>
    form.show(drawForm({ words, memo, clusters, ...more }));

  /** Where lists do not work, the names can be typed in the same form. */
  const showProblem = (form: OpenForm, memo: Memo, found: Extract<Found<unknown>, { ok: false }>) =>
    show(form, { ...memo, typed: true }, { remark: { kind: 'problem', problem: found.problem } });

  const namespacesOf = async (cluster: string): Promise<Found<string> & { namedOnly?: boolean }> => {
    const found = await lookups.namespaces(cluster);
    if (found.ok) return { ...found, found: offeredNamespaces(rules, who, cluster, found.found) };
    if (found.problem !== 'forbidden') return found;
    const named = offeredNamespaces(rules, who, cluster, namespacesNamed(rules));
    return named.length === 0 ? found : { ok: true, found: named, complete: true, namedOnly: true };
  };

  const podsOf = async (cluster: string, namespace: string): Promise<Found<ListedPod>> => {
    const found = await lookups.pods(cluster, namespace);
    return found.ok
      ? { ...found, found: offeredPods(rules, who, { cluster, namespace }, found.found) }
      : found;
  };

  const enterCluster: Choosing['enterCluster'] = async (memo, form) => {
    const { cluster } = memo;
    if (cluster === undefined) return;
    const found = await namespacesOf(cluster);
    if (!found.ok) return showProblem(form, memo, found);
    const [only, ...others] = found.found;
    if (only === undefined) return show(form, memo, { remark: { kind: 'no-namespaces' } });
    if (others.length === 0 && !found.namedOnly)
      return enterNamespace({ cluster, namespace: only, preset: true }, form);
    if (found.namedOnly) return show(form, memo, { remark: { kind: 'named-only' } });
  };

  const enterNamespace = async (memo: Memo, form: OpenForm): Promise<void> => {
    const { cluster, namespace } = memo;
    if (cluster === undefined || namespace === undefined) return;
    // At once, so that the list of pods is that of this namespace whenever it is opened.
    await show(form, memo);
    const found = await podsOf(cluster, namespace);
    if (!found.ok) return showProblem(form, memo, found);
    const remark: Remark | undefined =
      found.found.length === 0
        ? { kind: 'no-pods', namespace }
        : found.complete
          ? undefined
          : { kind: 'incomplete', count: found.found.length };
    if (remark !== undefined) await show(form, memo, { remark });
  };

  const enterPod = async (memo: Memo, value: string, form: OpenForm): Promise<void> => {
    const { cluster, namespace } = memo;
    if (cluster === undefined || namespace === undefined) return;
    const found = await podsOf(cluster, namespace);
    const pod = found.ok ? found.found.find(({ name }) => choiceValue(name) === value) : undefined;
    const name = pod?.name ?? podNamed(value);
    if (name === undefined) return;
    await show(form, { ...memo, pod: name }, pod === undefined ? {} : { pod });
  };

  return {
    enterCluster,

    async search({ key, query, memo: text }, form) {
      const memo = readMemo(text);
      const { cluster, namespace } = memo;
      if (cluster === undefined || !clusters.includes(cluster)) return [];
      if (key === KEYS.namespace) {
        const found = await namespacesOf(cluster);
        if (found.ok) return matching(found.found, query, (name) => name).map(nameChoice);
        void showProblem(form, memo, found);
      } else if (key === KEYS.pod && namespace !== undefined) {
        const found = await podsOf(cluster, namespace);
        const runs = ({ state }: ListedPod) => state === 'running';
        if (found.ok) {
          const choices = matching(found.found, query, ({ name }) => name, runs);
          return choices.map((pod) => podChoice(pod, words, now()));
        }
        void showProblem(form, memo, found);
      }
      return [];
    },

    async change({ key, values, memo: text }, form) {
      const memo = readMemo(text);
      switch (key) {
        case KEYS.cluster: {
          const cluster = clusters.find((name) => name === values[KEYS.cluster]);
          const next: Memo = { ...(cluster === undefined ? {} : { cluster }), ...typedOf(memo) };
          await show(form, next);
          if (memo.typed !== true) await enterCluster(next, form);
          return;
        }
        case KEYS.namespace: {
          const namespace = values[KEYS.namespace] || undefined;
          const { cluster } = memo;
          if (cluster === undefined) return;
          return namespace === undefined
            ? show(form, { cluster })
            : enterNamespace(readMemo(JSON.stringify({ cluster, namespace })), form);
        }
        case KEYS.pod:
          return enterPod(memo, values[KEYS.pod] ?? '', form);
        case KEYS.typed:
          return show(form, { ...memo, typed: true });
        case KEYS.lists: {
          const { cluster } = memo;
          const next: Memo = cluster === undefined ? {} : { cluster };
          await show(form, next);
          return enterCluster(next, form);
        }
      }
    },
  };
}

const typedOf = ({ typed }: Memo): Memo => (typed === true ? { typed } : {});
