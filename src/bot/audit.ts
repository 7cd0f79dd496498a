/** Who did what, when: what must be answered a year later. Written in the same Redis step as the change itself. */
import type { PersonRef } from './chat/message.ts';

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
  | 'link-refused';

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
