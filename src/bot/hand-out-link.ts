/** A download link for a person or a thread: allowed by the rule, put on record, then made. In that order. */
import type { Logger } from '../log.ts';
import type { AuditEntry } from './audit.ts';
import type { LinkSigner } from './download-link.ts';
import { type DumpRequest, lookedFor, requesterOf } from './dump-request.ts';
import { targetText } from './messages/replies.ts';
import type { DownloadLink } from './messages/result-message.ts';
import type { LookForObject } from './object-presence.ts';
import { mayDownload, type PersonInGroups, type Rule } from './policy.ts';
import type { RequestStore } from './request-store.ts';

export type HandedOut =
  | ({ readonly kind: 'link' } & DownloadLink)
  | { readonly kind: 'not-allowed' }
  /** The object is not in the bucket any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-possible' };
export type HandOutLink = (request: DumpRequest, rule: Rule, who: PersonInGroups) => Promise<HandedOut>;

export interface LinkDeps {
  readonly store: Pick<RequestStore, 'record' | 'change'>;
  readonly lookForObject: LookForObject;
  readonly signer: LinkSigner;
  readonly lifetimeMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

export function createHandOutLink(deps: LinkDeps): HandOutLink {
  return async (request, rule, who) => {
    if (!mayDownload(rule, requesterOf(request), who)) {
      await deps.store.record(entry(deps, 'link-refused', request, who.person, {}));
      return { kind: 'not-allowed' };
    }
    if (await isGone(deps, request)) {
      await deps.store.record(entry(deps, 'link-refused', request, who.person, { why: 'gone' }));
      return { kind: 'gone' };
    }
    const link = await signOnRecord(deps, request, who.person, 'private');
    return link === undefined ? { kind: 'not-possible' } : { kind: 'link', ...link };
  };
}

/** Notes what was found, so that nobody is offered what is not there. */
async function isGone(deps: LinkDeps, request: DumpRequest): Promise<boolean> {
  if (request.outcome?.outcome !== 'completed') return false;
  const presence = await deps.lookForObject(request.outcome.objectKey);
  if (presence === 'unknown') return false;
  await deps.store.change(request.id, (before) => lookedFor(before, presence === 'there', deps.now()));
  return presence === 'gone';
}

/** For the thread: whoever reads it can use it, so the record names the thread. */
export function createThreadLink(
  deps: LinkDeps,
): (request: DumpRequest) => Promise<DownloadLink | undefined> {
  return (request) => signOnRecord(deps, request, 'bot', 'thread');
}

async function signOnRecord(
  deps: LinkDeps,
  request: DumpRequest,
  by: AuditEntry['by'],
  shownIn: 'thread' | 'private',
): Promise<DownloadLink | undefined> {
  const { outcome } = request;
  if (outcome?.outcome !== 'completed') return undefined;
  try {
    const link = await deps.signer.sign(outcome.objectKey, {
      fileName: outcome.fileName,
      lifetimeMs: deps.lifetimeMs,
    });
    // On record before anybody has it; a link that is not on record is not handed out.
    await deps.store.record(
      entry(deps, 'link-handed-out', request, by, {
        objectKey: outcome.objectKey,
        shownIn,
        endsAt: new Date(link.expiresAt).toISOString(),
      }),
    );
    return link;
  } catch (err) {
    deps.log.error({ err, requestId: request.id }, 'download link could not be made');
    return undefined;
  }
}

const entry = (
  deps: LinkDeps,
  event: AuditEntry['event'],
  request: DumpRequest,
  by: AuditEntry['by'],
  facts: AuditEntry['facts'],
): AuditEntry => ({
  at: deps.now(),
  event,
  requestId: request.id,
  by,
  target: targetText(request.target),
  facts,
});
