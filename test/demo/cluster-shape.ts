/** Keys whose values are maps of anything to text. */
const MAPS = new Set(['labels', 'annotations']);
/** Keys that tell the elements of a list apart. */
const NAMES = ['name', 'resource', 'subresource', 'type', 'groupVersion'];
/** Values that are the same in every cluster. */
const CONSTANTS = new Set([
  'kind',
  'apiVersion',
  'phase',
  'reason',
  'restartPolicy',
  'qosClass',
  'scope',
  'singularResource',
  'singularName',
  'namespaced',
  'shortNames',
  'categories',
  'storageVersionHash',
  'allowed',
  'columnDefinitions',
  'resourceRules',
  'nonResourceRules',
  'incomplete',
  'gitVersion',
]);

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Where `ours` differs from `theirs` in keys, their order, types, or constant values. Lists: each of our elements
 * must be like theirs of the same name, or like the best of theirs when there is none.
 */
export const shapeDifferences = (ours: unknown, theirs: unknown, path = '$'): string[] => {
  const key = path.split('.').at(-1)?.replace(/\[.*/, '') ?? '';
  if (MAPS.has(key) && isObject(ours) && isObject(theirs)) return [];
  if (CONSTANTS.has(key) && JSON.stringify(ours) !== JSON.stringify(theirs)) {
    return [`${path}: ${JSON.stringify(ours)} for ${JSON.stringify(theirs)}`];
  }
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    if ((ours.length === 0) !== (theirs.length === 0)) {
      return [`${path}: ${ours.length} elements for ${theirs.length}`];
    }
    return ours.flatMap((element, index) => elementDifferences(element, index, theirs, path));
  }
  if (isObject(ours) && isObject(theirs)) {
    const [ourKeys, theirKeys] = [Object.keys(ours), Object.keys(theirs)];
    if (ourKeys.join() !== theirKeys.join()) {
      return [`${path}: keys ${ourKeys.join()} for ${theirKeys.join()}`];
    }
    return ourKeys.flatMap((name) => shapeDifferences(ours[name], theirs[name], `${path}.${name}`));
  }
  return typeName(ours) === typeName(theirs) ? [] : [`${path}: ${typeName(ours)} for ${typeName(theirs)}`];
};

const elementDifferences = (element: unknown, index: number, theirs: unknown[], path: string): string[] => {
  const name = nameOf(element);
  const candidates = theirs.filter((other) => name !== undefined && nameOf(other) === name);
  const others = candidates.length > 0 ? candidates : theirs;
  const all = others.map((other) => shapeDifferences(element, other, `${path}[${name ?? index}]`));
  return all.reduce((best, differences) => (differences.length < best.length ? differences : best));
};

const nameOf = (element: unknown): string | undefined => {
  if (!isObject(element)) return undefined;
  // A row of a table.
  if (isObject(element.object)) return nameOf(element.object);
  const metadata = isObject(element.metadata) ? element.metadata.name : undefined;
  const name = metadata ?? NAMES.map((key) => element[key]).find((value) => typeof value === 'string');
  return typeof name === 'string' ? name : undefined;
};

/** Times and quantities are strings with a form of their own. */
const typeName = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value !== 'string') return typeof value;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return 'time';
  if (/^containerd:\/\/[0-9a-f]{64}$/.test(value)) return 'container id';
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value)) return 'uid';
  if (/^\d+$/.test(value)) return 'number as text';
  return 'text';
};
