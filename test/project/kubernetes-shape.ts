/** Checks an object against the API’s own shapes, as the client package was generated from them. */
import * as models from '@kubernetes/client-node';

interface Attribute {
  readonly name: string;
  readonly baseName: string;
  readonly type: string;
}

/** @returns each field that the API does not know or that has another type, by its path */
export function shapeMistakes(kind: string, apiVersion: string, value: unknown): string[] {
  const version = (apiVersion.split('/').at(-1) ?? '').replace(/^v/, 'V');
  const type = `${version}${kind}`;
  return attributesOf(type) === undefined
    ? [`no such kind: ${apiVersion} ${kind}`]
    : mistakes(type, value, kind);
}

function mistakes(type: string, value: unknown, path: string): string[] {
  const [, item] = /^Array<(.+)>$/.exec(type) ?? [];
  if (item !== undefined)
    return Array.isArray(value)
      ? value.flatMap((each, index) => mistakes(item, each, `${path}[${index}]`))
      : [`${path} is no list`];
  const [, entry] = /^\{ \[key: string\]: (.+?);? \}$/.exec(type) ?? [];
  if (entry !== undefined)
    return isObject(value)
      ? Object.entries(value).flatMap(([key, each]) => mistakes(entry, each, `${path}.${key}`))
      : [`${path} is no mapping`];
  if (type === 'string' || type === 'number' || type === 'boolean')
    return typeof value === type ? [] : [`${path} is no ${type}`];
  if (type === 'IntOrString')
    return typeof value === 'string' || Number.isInteger(value) ? [] : [`${path} is neither number nor text`];
  const attributes = attributesOf(type);
  if (attributes === undefined) return [`${path}: this test does not know ${type}`];
  if (!isObject(value)) return [`${path} is no object`];
  return Object.entries(value).flatMap(([key, each]) => {
    const attribute = attributes.find(({ baseName }) => baseName === key);
    return attribute === undefined
      ? [`${path}.${key}: no such field`]
      : mistakes(attribute.type, each, `${path}.${key}`);
  });
}

function attributesOf(type: string): readonly Attribute[] | undefined {
  const model: unknown = Object.entries(models).find(([name]) => name === type)?.[1];
  if (typeof model !== 'function' || !('getAttributeTypeMap' in model)) return undefined;
  const { getAttributeTypeMap } = model;
  return typeof getAttributeTypeMap === 'function' ? getAttributeTypeMap.call(model) : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
