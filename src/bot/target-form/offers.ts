/** Which of the names that there are a person is offered: those that they may ask for. Pure. */
import { createHash } from 'node:crypto';
import picomatch from 'picomatch';
import { dnsLabel } from '../../worker/dump-job.ts';
import type { ListedPod } from '../../worker/lookup-job.ts';
import type { FormChoice } from '../chat/form.ts';
import { decide, type PersonInGroups, type Rule } from '../policy.ts';
import type { Words } from '../words/words.ts';

/** https://docs.slack.dev/reference/interaction-payloads/block-suggestion ; no platform shows more in a list. */
export const MOST_CHOICES = 100;
const MOST_CHARS = 75;

/** For questions that come before there is a pod, or a namespace: what a rule says of those is left out. */
const ANY = ['*'];
const SOME = 'some';

export const offeredClusters = (
  rules: readonly Rule[],
  who: PersonInGroups,
  clusters: readonly string[],
): string[] => {
  const wide = rules.map((rule) => ({ ...rule, namespaces: ANY, pods: ANY }));
  return clusters.filter((cluster) => mayAsk(wide, who, { cluster, namespace: SOME, pod: SOME }));
};

export const offeredNamespaces = (
  rules: readonly Rule[],
  who: PersonInGroups,
  cluster: string,
  namespaces: readonly string[],
): string[] => {
  const wide = rules.map((rule) => ({ ...rule, pods: ANY }));
  return namespaces.filter((namespace) => mayAsk(wide, who, { cluster, namespace, pod: SOME }));
};

/** Those that rules name as they are, for a worker that may not list them. */
export const namespacesNamed = (rules: readonly Rule[]): string[] => {
  const named = rules.flatMap((rule) => rule.namespaces).filter((glob) => dnsLabel.safeParse(glob).success);
  return [...new Set(named)].filter((glob) => !picomatch.scan(glob).isGlob).sort();
};

export const offeredPods = (
  rules: readonly Rule[],
  who: PersonInGroups,
  place: { readonly cluster: string; readonly namespace: string },
  pods: readonly ListedPod[],
): ListedPod[] => pods.filter(({ name }) => mayAsk(rules, who, { ...place, pod: name }));

const mayAsk = (
  rules: readonly Rule[],
  who: PersonInGroups,
  target: { readonly cluster: string; readonly namespace: string; readonly pod: string },
): boolean => decide(rules, who, target).kind !== 'deny';

/** Those in which each word of the query is found; what begins with the query comes first. */
export function matching<Thing>(
  things: readonly Thing[],
  query: string,
  nameOf: (thing: Thing) => string,
  goesBefore: (thing: Thing) => boolean = () => false,
): Thing[] {
  const typed = query.normalize('NFKC').trim().toLowerCase();
  const words = typed.split(/\s+/);
  const rank = (thing: Thing): number =>
    (goesBefore(thing) ? 0 : 2) + (nameOf(thing).startsWith(typed) ? 0 : 1);
  return things
    .filter((thing) => words.every((word) => nameOf(thing).includes(word)))
    .sort((one, other) => rank(one) - rank(other) || (nameOf(one) < nameOf(other) ? -1 : 1))
    .slice(0, MOST_CHOICES);
}

export const nameChoice = (name: string): FormChoice => ({
  value: choiceValue(name),
  label: cutInside(name),
});

export function podChoice(pod: ListedPod, words: Words, now: number): FormChoice {
  const { state, startedAt } = pod;
  const since = startedAt === undefined ? undefined : words.duration(Math.max(1000, now - startedAt));
  return {
    ...nameChoice(pod.name),
    note: words.targetForm.podNote(words.targetForm.podStates[state], since),
  };
}

/** A pod's name may be longer than a choice's value. */
export const choiceValue = (name: string): string =>
  name.length <= MOST_CHARS ? name : `~${createHash('sha256').update(name).digest('base64url').slice(0, 32)}`;

/** The end of a pod's name tells it from its replicas. */
function cutInside(name: string): string {
  if (name.length <= MOST_CHARS) return name;
  const tail = 30;
  return `${name.slice(0, MOST_CHARS - tail - 1)}…${name.slice(-tail)}`;
}
