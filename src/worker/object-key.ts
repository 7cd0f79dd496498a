/** Where a dump is kept: `project/app/env/pod-20261124T151500Z-id.hprof.gz`. Pure. */
import type { ClusterConfig } from '../config-schema.ts';
import type { ObjectForm } from './dump-job.ts';

type Words = Pick<ClusterConfig, 'project' | 'app' | 'env'>;

/** Label values hold [A-Za-z0-9._-] by Kubernetes' rules; what does not is not used. */
const WORD = /^[A-Za-z0-9._-]{1,63}$/;

/** @returns the three words that the dump tool is called with, from the pod's labels or the cluster's config */
export function prefixWords(
  labels: Readonly<Record<string, string>>,
  config: Words,
): readonly [string, string, string] {
  const pick = ({
    labels: keys,
    value,
  }: {
    readonly labels: readonly string[];
    readonly value: string;
  }): string => {
    for (const key of keys) {
      const found = labels[key];
      if (found !== undefined && WORD.test(found) && found !== '.' && found !== '..') return found;
    }
    return value;
  };
  return [pick(config.project), pick(config.app), pick(config.env)];
}

/** @param takenAt milliseconds since the epoch */
export function objectKeyOf(
  prefix: string,
  pod: string,
  requestId: string,
  takenAt: number,
  form: ObjectForm,
): string {
  const stamp = new Date(takenAt).toISOString().replace(/[-:]|\.\d+/g, '');
  // A pod's name may have 253 characters, a key 1023 bytes: the words are the shorter part.
  return `${prefix}/${pod}-${stamp}-${requestId}.${form}`;
}
