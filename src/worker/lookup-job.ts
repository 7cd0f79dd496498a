/**
 * The contract between bot and worker for looking names up: which namespaces, pods and containers there are. Read-only,
 * on the queue of looks, since a person waits. Validated on both sides, as dump-job.ts is.
 */
import { z } from 'zod';
import { CONTRACT_VERSION, clusterName, dnsLabel, failure, podName } from './dump-job.ts';

/** A worker that does not know it yet answers with the failure `bad-job`. */
export const LOOKUP_JOB = 'lookup';

const lookupQuestion = z.discriminatedUnion('of', [
  z.strictObject({ of: z.literal('namespaces') }),
  z.strictObject({ of: z.literal('pods'), namespace: dnsLabel }),
]);
export type LookupQuestion = z.infer<typeof lookupQuestion>;

export const lookupData = z.strictObject({
  version: z.literal(CONTRACT_VERSION),
  kind: z.literal('lookup'),
  cluster: clusterName,
  question: lookupQuestion,
});
export type LookupData = z.infer<typeof lookupData>;

export const MOST_NAMESPACES = 2000;
export const MOST_PODS = 1000;
export const MOST_CONTAINERS = 50;

export const POD_STATES = ['running', 'pending', 'ending', 'succeeded', 'failed', 'unknown'] as const;

const listedPod = z.strictObject({
  name: podName,
  state: z.enum(POD_STATES),
  /** Milliseconds since the epoch; absent until a node took it. */
  startedAt: z.number().int().optional(),
  containers: z.array(dnsLabel).max(MOST_CONTAINERS),
});
export type ListedPod = z.infer<typeof listedPod>;

/** `complete`: false where there are more than these. */
export const lookupOutcome = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('namespaces'),
    version: z.literal(CONTRACT_VERSION),
    namespaces: z.array(dnsLabel).max(MOST_NAMESPACES),
    complete: z.boolean(),
  }),
  z.strictObject({
    outcome: z.literal('pods'),
    version: z.literal(CONTRACT_VERSION),
    pods: z.array(listedPod).max(MOST_PODS),
    complete: z.boolean(),
  }),
  failure,
]);
export type LookupOutcome = z.infer<typeof lookupOutcome>;
