/** What a form remembers of what was chosen in it. It travels in the form itself, so it is checked when it comes back. */
import { z } from 'zod';
import { clusterName, dnsLabel, podName } from '../../worker/dump-job.ts';

const memoShape = z.strictObject({
  cluster: clusterName.optional(),
  namespace: dnsLabel.optional(),
  /** There was no other namespace, so nobody chose it. */
  preset: z.boolean().optional(),
  pod: podName.optional(),
  /** Names are typed rather than chosen. */
  typed: z.boolean().optional(),
});
export type Memo = z.infer<typeof memoShape>;

export const writeMemo = (memo: Memo): string => JSON.stringify(memo);

/** @returns an empty one for what is none */
export function readMemo(text: string): Memo {
  try {
    return memoShape.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
