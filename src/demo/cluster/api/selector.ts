import type { LivePod } from '../pod.ts';
import { NODE_NAME, phaseOf } from './pod-object.ts';
import { type Answer, badRequest } from './status-object.ts';

export type PodFilter = (pod: LivePod) => boolean;

/** The filter of labelSelector and fieldSelector, or the API server's 400. */
export const podFilter = (query: URLSearchParams): PodFilter | Answer => {
  const filters: PodFilter[] = [];
  for (const part of splitTopLevel(query.get('labelSelector') ?? '')) {
    const filter = labelFilter(part);
    if (!filter) return badRequest(`unable to parse requirement: ${part}`);
    filters.push(filter);
  }
  for (const part of splitTopLevel(query.get('fieldSelector') ?? '')) {
    const [, field = '', operator = '', value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
    const read = FIELDS[field];
    if (!read) return badRequest(`field label not supported: ${field || part}`);
    filters.push((pod) => (read(pod) === value) === (operator !== '!='));
  }
  return (pod) => filters.every((filter) => filter(pod));
};

const FIELDS: Record<string, (pod: LivePod) => string> = {
  'metadata.name': (pod) => pod.name,
  'metadata.namespace': (pod) => pod.namespace,
  'spec.nodeName': () => NODE_NAME,
  'spec.restartPolicy': (pod) => pod.spec.restartPolicy ?? 'Always',
  'status.phase': phaseOf,
  'status.podIP': (pod) => pod.ip,
};

/** Commas inside the parentheses of `in (a,b)` do not separate. */
const splitTopLevel = (selector: string): string[] =>
  selector
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

const labelFilter = (part: string): PodFilter | undefined => {
  const label = (pod: LivePod, key: string) => pod.spec.labels?.[key];
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (pod) => values.includes(label(pod, key) ?? '\0') === (operator === 'in');
  }
  const equal = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/.exec(part);
  if (equal) {
    const [, key = '', operator, value] = equal;
    return (pod) => (label(pod, key) === value) === (operator !== '!=');
  }
  const exists = /^(!?)([^\s=!]+)$/.exec(part);
  if (exists) {
    const [, not, key = ''] = exists;
    return (pod) => (label(pod, key) === undefined) === (not === '!');
  }
  return undefined;
};
