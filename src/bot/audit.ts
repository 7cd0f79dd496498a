/** Who did what, when: what must be answered a year later. Written in the same Redis step as the change itself. */
import type { Preflight, TransferTerms } from '../worker/dump-job.ts';
import type { PersonRef } from './chat/message.ts';
import type { DumpRequest } from './dump-request.ts';

export type AuditEvent =
  | 'requested'
  | 'refused-by-policy'
  | 'inspected'
  | 'approved'
  | 'denied'
  | 'expired'
  | 'cancelled'
  | 'cancel-requested'
  | 'queued'
  | 'retried'
  | 'completed'
  | 'failed'
  | 'decision-refused'
  | 'link-handed-out'
  | 'link-refused'
  /** From the manifest in the bucket, into a Redis that had lost it. */
  | 'restored';

export interface AuditEntry {
  readonly at: number;
  readonly event: AuditEvent;
  readonly requestId: string;
  /** The person who acted; 'bot' for what happens by itself. */
  readonly by: PersonRef | 'bot';
  /** `cluster/namespace/pod`. */
  readonly target: string;
  /** Facts beside: a rule, a reason, an object key, a link's end. Never a link. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** As fields of a Redis stream entry. */
export function auditFields(entry: AuditEntry): string[] {
  return [
    'at',
    new Date(entry.at).toISOString(),
    'event',
    entry.event,
    'requestId',
    entry.requestId,
    'by',
    entry.by,
    'target',
    entry.target,
    'facts',
    JSON.stringify(entry.facts),
  ];
}

type Facts = AuditEntry['facts'];

/** Of a new request: the rule it was asked for under, and how its dump is to travel. */
export const requestFacts = (request: DumpRequest): Facts => ({
  rule: request.rule,
  ...askedFacts(request.transfer),
  ...(request.reason === undefined ? {} : { reason: request.reason }),
  ...(request.repeats === undefined ? {} : { repeats: request.repeats }),
});

/** From here on the reviewers decide on this. */
export const inspectionFacts = ({ noDisk }: Preflight): Facts => ({ noDisk: yesOrNo(noDisk) });

/** How it ended: for a dump the terms that were asked for, the way that was taken, and what can prove the file. */
export function outcomeFacts({ outcome, transfer }: DumpRequest): Facts {
  switch (outcome?.outcome) {
    case 'completed':
      return {
        objectKey: outcome.objectKey,
        form: outcome.form,
        sizeBytes: outcome.sizeBytes,
        sha256: outcome.sha256,
        crc64: outcome.crc64,
        dumpSizeBytes: outcome.dumpSizeBytes,
        dumpSha256: outcome.dumpSha256,
        ...askedFacts(transfer),
        via: outcome.via,
        noDisk: yesOrNo(outcome.noDisk),
        podChecksum: outcome.podChecksum,
        proofs: outcome.proofs.join(' '),
      };
    case 'failed':
      return { code: outcome.code, ...(outcome.step === undefined ? {} : { step: outcome.step }) };
    case 'cancelled':
    case undefined:
      return {};
  }
}

const askedFacts = ({ via, compress, noDisk, podCpu }: TransferTerms): Facts => ({
  askedVia: via,
  askedCompress: compress,
  askedNoDisk: noDisk,
  podCpu: yesOrNo(podCpu),
});

const yesOrNo = (is: boolean): string => (is ? 'yes' : 'no');
