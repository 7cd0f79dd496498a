/** What people do with the form that `/heapdump` alone opens. */
import type { JsonObject } from '../../src/demo/slack/block.ts';
import type { OpenView, Person } from '../../src/demo/slack/slack-workspace.ts';
import type { World } from '../world.ts';

const PATIENCE_MS = 60_000;

export const shows =
  (...texts: readonly string[]) =>
  (view: OpenView): boolean =>
    texts.every((text) => JSON.stringify(view.given).includes(text));

/** Types the command alone, and waits for a form that shows this. */
export async function openForm(world: World, person: Person, text = 'Namespace'): Promise<OpenView> {
  await world.type('', person);
  return formWith(world, person, text);
}

export const formWith = (world: World, person: Person, ...texts: readonly string[]): Promise<OpenView> =>
  world.slack.waitForView(person, (view) => view.kind === 'modal' && shows(...texts)(view), PATIENCE_MS);

/** The options of a search, each as `label (note)`. */
export async function searched(
  world: World,
  person: Person,
  view: OpenView,
  key: string,
  query = '',
): Promise<string[]> {
  const { options } = await world.slack.suggest(person, view, `form-${key}`, query);
  if (options === undefined) throw new Error('the search was not answered in time');
  return options.map(({ text, description }) => {
    const note = textOf(description);
    return note === '' ? textOf(text) : `${textOf(text)} (${note})`;
  });
}

/** Searches, and chooses what has this name. */
export async function choose(
  world: World,
  person: Person,
  view: OpenView,
  key: string,
  value: string,
): Promise<void> {
  await world.slack.suggest(person, view, `form-${key}`, value.slice(0, 20));
  await world.slack.choose(person, view, `form-${key}`, value);
}

/** Namespace and pod, as a person goes from one to the other. @returns the form with the containers of the pod */
export async function choosePod(
  world: World,
  person: Person,
  view: OpenView,
  names: { readonly namespace: string; readonly pod: string },
  searchPods = 'search a pod',
): Promise<OpenView> {
  await choose(world, person, view, 'namespace', names.namespace);
  const withPods = await formWith(world, person, searchPods);
  await choose(world, person, withPods, 'pod', names.pod);
  return formWith(world, person, `\\\\\\"pod\\\\\\":\\\\\\"${names.pod}`);
}

export const textOf = (text: unknown): string =>
  typeof text === 'object' && text !== null && 'text' in text ? String((text as JsonObject).text) : '';

/** Of the element with this key in the view. */
export function elementOf(view: OpenView, key: string): JsonObject {
  for (const { element } of view.blocks) {
    if (typeof element !== 'object' || element === null || !('action_id' in element)) continue;
    if (element.action_id === `form-${key}`) return element as JsonObject;
  }
  throw new Error(`the form has no field ${key}`);
}
